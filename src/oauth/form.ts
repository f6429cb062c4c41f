import { readText } from './body.ts';
import { OAuthError } from './errors.ts';
import { type Parameters, parseParameters } from './parameters.ts';

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
  const parameters = parseParameters(await readText(body));
  if (!parameters) throw new OAuthError('invalid_request', 'The form is not properly encoded.');
  if (parameters.repeated.length > 0) {
    throw new OAuthError('invalid_request', 'A parameter is sent more than once.');
  }
  return parameters;
}
