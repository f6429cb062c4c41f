import { isCutOff, readBounded } from '../lib/bounded_body.ts';
import { OAuthError } from './errors.ts';

/** In bytes. Many times what any token, code or registration needs. */
const largestBody = 32 * 1024;

/**
 * Reads what a client sends as text.
 * @throws OAuthError `invalid_request` when it is too large, does not come in whole or is no UTF-8
 */
export async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const bytes = await readBounded(whole(body), largestBody);
  if (!bytes) {
    throw new OAuthError('invalid_request', `The body is larger than ${largestBody} bytes.`, { status: 413 });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new OAuthError('invalid_request', 'The body is not properly encoded: it is no UTF-8.');
  }
}

/** The same bytes. @throws OAuthError when the client goes away before the last of them */
async function* whole(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    if (isCutOff(cause)) throw new OAuthError('invalid_request', 'The body did not come in whole.');
    throw cause;
  }
}
