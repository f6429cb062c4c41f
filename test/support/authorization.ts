import { createHash } from 'node:crypto';
import { sha256 } from '../../src/lib/hash.ts';
import { newId } from '../../src/lib/ids.ts';
import type { Client, ProviderAccess } from '../../src/store/records.ts';
import type { Broker } from './broker.ts';
import type { Person } from './person.ts';

export const verifier = 'a-verifier-of-at-least-forty-three-characters';

/** Parameters of a query or a form; undefined leaves one out. */
export type Fields = Readonly<Record<string, string | undefined>>;

export function encode(fields: Fields): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) query.set(name, value);
  }
  return query;
}

/** The S256 challenge of a verifier (RFC 7636 §4.2). */
export function challengeOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** Path of a good authorization request, but for what `changes` says. */
export function authorizePath(
  { id, redirectUris }: Pick<Client, 'id' | 'redirectUris'>,
  changes: Fields = {},
): string {
  return `/oauth/authorize?${encode({
    response_type: 'code',
    client_id: id,
    redirect_uri: redirectUris[0],
    scope: 'openai:text openai:embeddings',
    state: 'a state',
    code_challenge: challengeOf(verifier),
    code_challenge_method: 'S256',
    ...changes,
  })}`;
}

/** Sends a person's browser to the authorization endpoint. @returns path of the consent page it leads to */
export async function beginAuthorization(
  person: Person,
  client: Pick<Client, 'id' | 'redirectUris'>,
  changes: Fields = {},
): Promise<string> {
  const { location } = await person.get(authorizePath(client, changes));
  if (!location?.startsWith('/consent/')) throw new Error(`authorize led to ${location}`);
  return location;
}

/**
 * Puts a request before a browser in which an app proposes limits.
 * @param browserToken the browser's own cookie
 * @returns path of the consent page
 */
export async function proposeLimits(
  { deps }: Pick<Broker, 'deps'>,
  browserToken: string,
  { id: clientId, redirectUris }: Pick<Client, 'id' | 'redirectUris'>,
  authorizationDetails: readonly ProviderAccess[],
  scope = 'openai:text openai:embeddings',
): Promise<string> {
  const request = {
    id: newId('arq'),
    clientId,
    redirectUri: redirectUris[0] ?? '',
    state: 'a state',
    scope,
    authorizationDetails,
    codeChallenge: challengeOf(verifier),
    dpopThumbprint: null,
    browserHash: sha256(browserToken),
    expiresAt: deps.clock() + 600_000,
  };
  await deps.store.authorizations.saveRequest(request, null);
  return `/consent/${request.id}`;
}
