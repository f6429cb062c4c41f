import { isCutOff, readBounded } from '../lib/bounded_body.ts';
import { OAuthError } from './errors.ts';
import { type Parameters, parseParameters } from './parameters.ts';

/** Many times what any token or code needs. */
const largestForm = 32 * 1024;

/**
 * Reads a form (RFC 6749 §3.2), and nothing that is larger or of another kind.
 * @throws OAuthError `invalid_request`
 */
export async function readForm(
  contentType: string | undefined,
  body: AsyncIterable<Uint8Array>,
): Promise<Parameters> {
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType ?? '')) {
    throw new OAuthError('invalid_request', 'Send a form: Content-Type application/x-www-form-urlencoded.');
  }
  const bytes = await readBounded(whole(body), largestForm);
  if (!bytes) {
    throw new OAuthError('invalid_request', `The form is larger than ${largestForm} bytes.`, { status: 413 });
  }
  const text = decodeUtf8(bytes);
  const parameters = text === null ? null : parseParameters(text);
  if (!parameters) throw new OAuthError('invalid_request', 'The form is not properly encoded.');
  if (parameters.repeated.length > 0) {
    throw new OAuthError('invalid_request', 'A parameter is sent more than once.');
  }
  return parameters;
}

/** The same bytes. @throws OAuthError when the client goes away before the last of them */
async function* whole(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    if (isCutOff(cause)) throw new OAuthError('invalid_request', 'The form did not come in whole.');
    throw cause;
  }
}

/** @returns null when it is no UTF-8 */
function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
