import { request } from 'undici';
import { featureHeaders, type Provider } from '../catalog/provider.ts';
import type { Secret } from '../lib/secret.ts';

/** What a provider says of a key. */
export type KeyCheck =
  | { readonly kind: 'verified' }
  /** The provider knows no such key, or has revoked it. */
  | { readonly kind: 'invalid' }
  /** The provider could not be asked, or its answer tells nothing about the key. `reason` is for people. */
  | { readonly kind: 'unknown'; readonly reason: string };

const timeout = 10_000;

/**
 * Asks the provider whether a key is good, with a request that costs nothing.
 * @param baseUrl the provider's, or the sandbox's for a sandbox key
 */
export async function checkKey(
  provider: Provider,
  baseUrl: string,
  key: { readonly key: Secret; readonly organization: string | null; readonly project: string | null },
): Promise<KeyCheck> {
  let status: number;
  try {
    const answer = await request(baseUrl + provider.verifyPath, {
      headers: Object.fromEntries([
        ...featureHeaders(provider, {}),
        ...provider.authorize({ ...key, key: key.key.unwrap() }),
      ]),
      headersTimeout: timeout,
      bodyTimeout: timeout,
      signal: AbortSignal.timeout(timeout),
    });
    status = answer.statusCode;
    await answer.body.dump();
  } catch {
    return { kind: 'unknown', reason: `${provider.title} could not be reached` };
  }
  // 403, and 429 for that matter, come after the key was recognised; a restricted key may not list models.
  if (status < 300 || status === 403 || status === 429) return { kind: 'verified' };
  if (status === 401) return { kind: 'invalid' };
  return { kind: 'unknown', reason: `${provider.title} answered with status ${status}` };
}
