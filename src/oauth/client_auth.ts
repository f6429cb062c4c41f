import { isConfidential } from '../grants/registration.ts';
import type { Clock } from '../lib/clock.ts';
import { constantTimeEqual, sha256 } from '../lib/hash.ts';
import type { AccountStore } from '../store/contract/accounts.ts';
import type { AuthorizationStore } from '../store/contract/authorizations.ts';
import type { ClientStore } from '../store/contract/clients.ts';
import type { Client, SecretMethod } from '../store/records.ts';
import { assertionType, checkAssertion, subjectOf } from './client_assertion.ts';
import { OAuthError } from './errors.ts';
import { countFailure } from './limits.ts';
import { decode, type Parameters } from './parameters.ts';

/** Ways to show a secret (RFC 6749 §2.3.1). */
export const secretMethods = ['client_secret_basic', 'client_secret_post'] as const satisfies SecretMethod[];

/** Ways a confidential client proves itself (RFC 6749 §2.3.1, RFC 7523 §2.2). */
export const confidentialMethods = [...secretMethods, 'private_key_jwt'] as const;

/** What a request offers as proof of whose it is. */
export interface Presented {
  /** Value of the Authorization header. */
  readonly authorization: string | undefined;
  readonly parameters: Parameters;
  /** Network address, for the rate limit. */
  readonly address: string;
}

type Claim =
  /** A client that only names itself. */
  | { readonly kind: 'name'; readonly clientId: string }
  | {
      readonly kind: 'secret';
      readonly clientId: string;
      readonly secret: string;
      readonly method: SecretMethod;
    }
  | { readonly kind: 'assertion'; readonly clientId: string; readonly assertion: string };

interface AuthDeps {
  readonly config: { readonly issuer: string };
  readonly clock: Clock;
  readonly store: { readonly accounts: AccountStore; readonly authorizations: AuthorizationStore };
}

/** Stands for every client id that nobody has registered: they cost nothing to make up. */
const nobody = 'unknown';

/** Compared with when there is no client of that name, so that the answer takes as long. */
const nobodysSecretHash = sha256('');

/**
 * Finds out which client a request is from (OAuth 2.1 §2.4): a confidential client shows its secret, by Basic or in the
 * form, or signs an assertion if it has registered keys; a public one only names itself.
 * @param findClient how a client is found by its id
 * @throws OAuthError `invalid_client`, the same for an unknown client and a wrong secret
 */
export async function authenticateClient(
  deps: AuthDeps,
  presented: Presented,
  findClient: ClientStore['findClient'],
): Promise<Client> {
  const claim = readClaim(presented);
  const client = claim && (await findClient(claim.clientId));
  const fault = await faultIn(deps, claim, client);
  if (fault !== null || !client) {
    const asking = { clientId: client?.id ?? nobody, address: presented.address };
    throw (
      (await countFailure(deps, 'client_auth', asking, 'invalid_client')) ??
      new OAuthError('invalid_client', fault ?? unproven)
    );
  }
  if (client.status === 'suspended') {
    throw new OAuthError('unauthorized_client', 'This app has been suspended here.');
  }
  return client;
}

const unproven = 'The client is unknown, or has not proven itself the way it is registered.';

/** What is wrong with how a client proves itself, for its developer; null when nothing is. */
async function faultIn(deps: AuthDeps, claim: Claim | null, client: Client | null): Promise<string | null> {
  switch (claim?.kind) {
    case undefined:
      return unproven;
    case 'name':
      return client && !isConfidential(client) ? null : unproven;
    case 'secret': {
      const matches = constantTimeEqual(sha256(claim.secret), client?.secretHash ?? nobodysSecretHash);
      const isItsMethod = (client?.secretMethod ?? claim.method) === claim.method;
      return matches && isItsMethod && client?.secretHash ? null : unproven;
    }
    case 'assertion':
      return client ? faultInAssertion(deps, claim.assertion, client) : unproven;
  }
}

/** Uses the assertion up if it is good. */
async function faultInAssertion(
  { config, clock, store }: AuthDeps,
  assertion: string,
  client: Client,
): Promise<string | null> {
  const result = await checkAssertion(assertion, client, config.issuer, clock());
  switch (result.kind) {
    case 'unproven':
      return unproven;
    case 'bad':
      return `The client assertion is not good: ${result.reason}`;
    case 'good':
      return (await store.authorizations.useProof(result.use))
        ? null
        : 'The client assertion has been used before; make one for each request.';
  }
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
  if (assertion !== undefined) {
    return readAssertion(assertion, parameters.one('client_assertion_type'), clientId);
  }
  if (clientId === undefined) return null;
  return secret === undefined
    ? { kind: 'name', clientId }
    : { kind: 'secret', clientId, secret, method: 'client_secret_post' };
}

/** The client names itself inside the assertion, and may do so beside it (RFC 7521 §4.2). */
function readAssertion(
  assertion: string,
  type: string | undefined,
  clientId: string | undefined,
): Claim | null {
  if (type !== assertionType) {
    throw new OAuthError('invalid_client', `client_assertion_type has to be ${assertionType}.`);
  }
  const subject = subjectOf(assertion);
  if (subject === undefined || (clientId !== undefined && clientId !== subject)) return null;
  return { kind: 'assertion', clientId: subject, assertion };
}

/** Id and secret are form-urlencoded before they are joined by a colon (RFC 6749 §2.3.1). */
function readBasic(authorization: string): Claim | null {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1];
  if (encoded === undefined) return null;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(encoded, 'base64'));
    const colon = text.indexOf(':');
    if (colon < 0) return null;
    return {
      kind: 'secret',
      clientId: decode(text.slice(0, colon)),
      secret: decode(text.slice(colon + 1)),
      method: 'client_secret_basic',
    };
  } catch (error) {
    if (error instanceof URIError || error instanceof TypeError) return null;
    throw error;
  }
}
