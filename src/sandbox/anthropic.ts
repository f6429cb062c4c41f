import { anthropicAccount, anthropicErrors } from './anthropic_errors.ts';
import { type Api, bearerKey } from './api.ts';
import { listClaudeModels, retrieveClaudeModel } from './endpoints/claude_models.ts';
import { countMessageTokens, createMessage } from './endpoints/messages.ts';
import type { Route } from './route.ts';
import { derivedId } from './seed.ts';

const routes: readonly Route[] = [
  { method: 'GET', path: '/v1/models', paid: false, body: 'none', answer: listClaudeModels },
  { method: 'GET', path: '/v1/models/{model}', paid: false, body: 'none', answer: retrieveClaudeModel },
  { method: 'POST', path: '/v1/messages', paid: true, body: 'json', answer: createMessage },
  {
    method: 'POST',
    path: '/v1/messages/count_tokens',
    paid: false,
    body: 'json',
    answer: countMessageTokens,
  },
];

/** A simulated Anthropic. */
export const anthropic: Api = {
  name: 'anthropic',
  path: '/anthropic',
  routes,
  prices: 'anthropic',
  keyPrefix: 'sk-ant-sandbox-',
  keyIn: (headers) => {
    const key = headers['x-api-key'];
    return typeof key === 'string' ? key : bearerKey(headers);
  },
  errors: anthropicErrors,
  errorBody: ({ body: { type, message } }, seed) => error(type, message, seed),

  errorEvent: (_last, seed) => ({
    event: 'error',
    data: error('api_error', `The model crashed. Organization ${anthropicAccount.organization}.`, seed),
  }),

  headers: (seed) => ({
    'anthropic-organization-id': anthropicAccount.organization,
    'anthropic-workspace-id': anthropicAccount.workspace,
    'anthropic-ratelimit-requests-limit': '4000',
    'anthropic-ratelimit-requests-remaining': '3999',
    'anthropic-ratelimit-requests-reset': '2026-01-01T00:00:00Z',
    'anthropic-ratelimit-tokens-limit': '480000',
    'anthropic-ratelimit-tokens-remaining': '480000',
    'anthropic-ratelimit-tokens-reset': '2026-01-01T00:00:00Z',
    'request-id': requestId(seed),
    'set-cookie': '_cfuvid=sandbox-cookie; path=/; domain=.anthropic.com; HttpOnly; Secure; SameSite=None',
    'strict-transport-security': 'max-age=31536000; includeSubDomains; preload',
    via: '1.1 google',
    'cf-cache-status': 'DYNAMIC',
    'cf-ray': '8f0000000000sand-BOX',
    server: 'cloudflare',
  }),
};

function error(type: string, message: string, seed: string) {
  return { type: 'error', error: { type, message }, request_id: requestId(seed) };
}

const requestId = (seed: string) => derivedId('req_', seed);
