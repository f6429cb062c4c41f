import { newToken } from '../lib/ids.ts';

/** What every reference to a pushed request begins with (RFC 9126 §2.2). */
const prefix = 'urn:ietf:params:oauth:request_uri:';

/** A reference to a pushed request, and the token in it that cannot be guessed. */
export function newRequestUri(): { readonly requestUri: string; readonly token: string } {
  const token = newToken('ccpr');
  return { requestUri: prefix + token, token };
}

/** The token of a reference of ours; null when it is another URI, which is never fetched (RFC 9101 §10.4). */
export function tokenOfRequestUri(requestUri: string): string | null {
  return requestUri.startsWith(prefix) ? requestUri.slice(prefix.length) : null;
}
