import { constantTimeEqual, sha256 } from '../lib/hash.ts';
import type { Client } from '../store/records.ts';
import type { AccountStore, ClientStore } from '../store/store.ts';
import { OAuthError } from './errors.ts';
import { countFailure } from './limits.ts';
import { decode, type Parameters } from './parameters.ts';

/** Ways a confidential client proves itself (RFC 6749 §2.3.1). */
export const secretMethods = ['client_secret_basic', 'client_secret_post'] as const;

/** What a request offers as proof of whose it is. */
export interface Presented {
  /** Value of the Authorization header. */
  readonly authorization: string | undefined;
  readonly parameters: Parameters;
  /** Network address, for the rate limit. */
  readonly address: string;
}

interface Claim {
  readonly clientId: string;
  /** Null from a client that only names itself. */
  readonly secret: string | null;
}

interface AuthDeps {
  readonly store: { readonly accounts: AccountStore; readonly clients: ClientStore };
}

/** Stands for every client id that nobody has registered: they cost nothing to make up. */
const nobody = 'unknown';

/** Compared with when there is no client of that name, so that the answer takes as long. */
const nobodysSecretHash = sha256('');

/**
 * Finds out which client a request is from (OAuth 2.1 §2.4): a confidential client shows its secret, by Basic or in the
 * form; a public one has none and only names itself.
 * @throws OAuthError `invalid_client`, the same for an unknown client and a wrong secret
 */
export async function authenticateClient(deps: AuthDeps, presented: Presented): Promise<Client> {
  const claim = readClaim(presented);
  const client = claim && (await deps.store.clients.findClient(claim.clientId));
  if (!claim || !isProven(claim, client) || !client) {
    const asking = { clientId: client?.id ?? nobody, address: presented.address };
    throw (
      (await countFailure(deps, 'client_auth', asking, 'invalid_client')) ??
      new OAuthError(
        'invalid_client',
        'The client is unknown, or has not proven itself the way it is registered.',
      )
    );
  }
  if (client.status === 'suspended') {
    throw new OAuthError('unauthorized_client', 'This app has been suspended here.');
  }
  return client;
}

function isProven({ secret }: Claim, client: Client | null): boolean {
  if (client?.secretHash === null) return secret === null;
  const matches = constantTimeEqual(sha256(secret ?? ''), client?.secretHash ?? nobodysSecretHash);
  return matches && secret !== null;
}

/** @returns null when no client is named in a way we know */
function readClaim({ authorization, parameters }: Presented): Claim | null {
  const clientId = parameters.one('client_id');
  const secret = parameters.one('client_secret');
  const assertion = parameters.one('client_assertion');
  const methods = [authorization, secret, assertion].filter((method) => method !== undefined);
  if (methods.length > 1) {
    throw new OAuthError('invalid_request', 'Authenticate in one way only (OAuth 2.1 section 2.4).');
  }
  if (authorization !== undefined) {
    const basic = readBasic(authorization);
    if (basic && clientId !== undefined && clientId !== basic.clientId) {
      throw new OAuthError(
        'invalid_request',
        'client_id and the Authorization header name different clients.',
      );
    }
    return basic;
  }
  if (assertion !== undefined || clientId === undefined) return null;
  return { clientId, secret: secret ?? null };
}

/** Id and secret are form-urlencoded before they are joined by a colon (RFC 6749 §2.3.1). */
function readBasic(authorization: string): Claim | null {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1];
  if (encoded === undefined) return null;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(encoded, 'base64'));
    const colon = text.indexOf(':');
    if (colon < 0) return null;
    return { clientId: decode(text.slice(0, colon)), secret: decode(text.slice(colon + 1)) };
  } catch (error) {
    if (error instanceof URIError || error instanceof TypeError) return null;
    throw error;
  }
}
