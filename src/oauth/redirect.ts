import type { OAuthError } from './errors.ts';

/** Where a client's answer goes: a redirect URI that is known to be the client's, and its `state`. */
export interface Destination {
  readonly redirectUri: string;
  readonly state: string | null;
}

/**
 * The one builder of redirects to clients. Keeps the redirect URI as it is, its query included, and names the issuer
 * (RFC 9207 §2).
 * @param answer a code, or an error (RFC 6749 §4.1.2)
 */
export function clientRedirect(
  issuer: string,
  { redirectUri, state }: Destination,
  answer: { readonly code: string } | OAuthError,
): string {
  const parameters = new URLSearchParams(
    'description' in answer ? { error: answer.code, error_description: answer.description } : answer,
  );
  if (state !== null) parameters.set('state', state);
  parameters.set('iss', issuer);
  // Some clients read the query with decodeURIComponent, which leaves a plus as it is.
  const query = parameters.toString().replaceAll('+', '%20');
  return `${redirectUri}${separator(redirectUri)}${query}`;
}

function separator(redirectUri: string): string {
  if (!redirectUri.includes('?')) return '?';
  return /[?&]$/.test(redirectUri) ? '' : '&';
}
