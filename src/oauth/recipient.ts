import type { Client } from '../store/records.ts';
import { OAuthError } from './errors.ts';
import type { Parameters } from './parameters.ts';
import type { Destination } from './redirect.ts';
import { isRegisteredRedirectUri } from './redirect_uri.ts';

/** Whose request it is and where the answer goes. */
export type Recipient =
  | { readonly kind: 'known'; readonly client: Client; readonly destination: Destination }
  /** Nobody it would be safe to redirect to (OAuth 2.1 §4.1.2.1): the error is for the person's eyes. */
  | { readonly kind: 'unknown'; readonly error: OAuthError };

/**
 * Tells whether an answer may be sent by redirect, before anything else of the request is looked at.
 * @param client the registered client that `client_id` names
 */
export function recipientOf(client: Client | null, parameters: Parameters): Recipient {
  if (!client) return unknown('client_id is missing or names no app that is registered here.');
  if (client.status === 'suspended') return unknown('This app has been suspended here.');
  const redirectUri = parameters.one('redirect_uri');
  if (redirectUri === undefined) return unknown('redirect_uri is missing or sent more than once.');
  if (!isRegisteredRedirectUri(client, redirectUri)) {
    return unknown(
      'redirect_uri is none that the app has registered. It has to be the same, character for character.',
    );
  }
  return { kind: 'known', client, destination: { redirectUri, state: parameters.one('state') ?? null } };
}

function unknown(description: string): Recipient {
  return { kind: 'unknown', error: new OAuthError('invalid_request', description) };
}
