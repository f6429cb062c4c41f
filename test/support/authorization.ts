import { createHash } from 'node:crypto';
import type { Client } from '../../src/store/records.ts';
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
