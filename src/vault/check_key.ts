import { request } from 'undici';
import { errorIn, failureMeaning } from '../catalog/failure.ts';
import { featureHeaders, type Provider } from '../catalog/provider.ts';
import { parseJson } from '../lib/json.ts';
import type { Secret } from '../lib/secret.ts';
import { readUpTo } from './read_up_to.ts';

/** What a provider says of a key. */
export type KeyCheck =
  | { readonly kind: 'verified' }
  /** The provider knows no such key, or has revoked it. */
  | { readonly kind: 'invalid' }
  /** The key is good for more than is lent. `advice` says what to paste instead. */
  | { readonly kind: 'refused'; readonly advice: string }
  /** The provider could not be asked, or its answer tells nothing about the key. `reason` is for people. */
  | { readonly kind: 'unknown'; readonly reason: string };

/** A key as requests are made with it. */
export interface UsableKey {
  readonly key: Secret;
  readonly organization: string | null;
  readonly project: string | null;
}

const timeout = 10_000;
/** Lists of models come to this much. */
const largestAnswer = 16 * 1024 ** 2;

/**
 * Asks the provider whether a key is good, with a request that costs nothing.
 * @param baseUrl the provider's, or the sandbox's for a sandbox key
 */
export async function checkKey(provider: Provider, baseUrl: string, key: UsableKey): Promise<KeyCheck> {
  let status: number;
  let body: Buffer;
  try {
    const answer = await request(baseUrl + (provider.verifyPath ?? provider.modelsPath), {
      headers: Object.fromEntries([
        ...featureHeaders(provider, {}),
        ...provider.authorize({ ...key, key: key.key.unwrap() }),
      ]),
      headersTimeout: timeout,
      bodyTimeout: timeout,
      signal: AbortSignal.timeout(timeout),
    });
    status = answer.statusCode;
    body = await readUpTo(largestAnswer, answer.body);
  } catch {
    return { kind: 'unknown', reason: `${provider.title} could not be reached` };
  }
  const advice = provider.keyRefusal?.(parseJson(body.toString('utf8')));
  if (advice) return { kind: 'refused', advice };
  if (status < 300) return { kind: 'verified' };
  const means = failureMeaning(provider.errors, status, errorIn(provider.errors, body));
  if (means?.keyIsBad) return { kind: 'invalid' };
  // These come after the key was recognised; a restricted key may not list models.
  if (status === 403 || status === 429) return { kind: 'verified' };
  return { kind: 'unknown', reason: `${provider.title} answered with status ${status}` };
}
