import { account } from './errors.ts';
import { derivedId } from './seed.ts';

/** The headers that come with every answer of the real OpenAI and say things about the account and the way there. */
export function accountHeaders(seed: string): Readonly<Record<string, string>> {
  return {
    'openai-organization': account.organization,
    'openai-project': account.project,
    'openai-processing-ms': '12',
    'openai-version': '2020-10-01',
    'x-request-id': derivedId('req_', seed),
    'x-ratelimit-limit-requests': '10000',
    'x-ratelimit-limit-tokens': '30000000',
    'x-ratelimit-remaining-requests': '9999',
    'x-ratelimit-remaining-tokens': '29999985',
    'x-ratelimit-reset-requests': '6ms',
    'x-ratelimit-reset-tokens': '0s',
    'set-cookie': '__cf_bm=sandbox-cookie; path=/; domain=.api.openai.com; HttpOnly; Secure; SameSite=None',
    'alt-svc': 'h3=":443"; ma=86400',
    'cf-cache-status': 'DYNAMIC',
    'cf-ray': '8f0000000000sand-BOX',
    server: 'cloudflare',
  };
}
