import { createHash } from 'node:crypto';
import type { RegisteredClient } from './broker.ts';
import type { Person } from './person.ts';

export const verifier = 'a-verifier-of-at-least-forty-three-characters';

/** Path of a good authorization request. */
export function authorizePath(
  client: RegisteredClient,
  changes: Readonly<Record<string, string>> = {},
): string {
  return `/oauth/authorize?${new URLSearchParams({
    response_type: 'code',
    client_id: client.id,
    redirect_uri: client.redirectUris[0] ?? '',
    scope: 'openai:text openai:embeddings',
    state: 'a state',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...changes,
  })}`;
}

/** Sends a person's browser to the authorization endpoint. @returns path of the consent page it leads to */
export async function beginAuthorization(
  person: Person,
  client: RegisteredClient,
  changes: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { location } = await person.get(authorizePath(client, changes));
  if (!location?.startsWith('/consent/')) throw new Error(`authorize led to ${location}`);
  return location;
}
