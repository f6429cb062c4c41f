import type { IncomingMessage } from 'node:http';
import type { Provider } from '../catalog/provider.ts';
import { splitScope } from '../catalog/scope.ts';
import type { AccessTokens } from '../tokens/access_token.ts';
import { Refusal } from './refusal.ts';

/** Who calls: what the access token says, as far as the provider it is used for goes. */
export interface Caller {
  readonly grantId: string;
  readonly familyId: string;
  readonly kid: string;
  readonly scopes: readonly string[];
}

interface AuthenticateDeps {
  readonly config: { readonly issuer: string };
  readonly accessTokens: AccessTokens;
}

const bearer = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/**
 * Reads and verifies the access token of a request to a provider's mount (RFC 6750 §2.1, RFC 9068 §4).
 * @throws Refusal `invalid_token`
 */
export async function authenticate(
  { config, accessTokens }: AuthenticateDeps,
  provider: Provider,
  request: IncomingMessage,
): Promise<Caller> {
  const credentials = valuesOf(request, 'authorization');
  if (credentials.length === 0) throw withoutToken(config, provider);
  const [, token] = (credentials.length === 1 && bearer.exec(credentials[0] ?? '')) || [];
  const verified = token === undefined ? null : await accessTokens.verify(token);
  if (!verified) throw badToken(config, provider, 'The access token is wrong or has run out.');
  const { claims, kid } = verified;
  const resource = config.issuer + provider.mount;
  const audience = typeof claims.aud === 'string' ? [claims.aud] : claims.aud;
  if (!audience.includes(resource)) {
    throw badToken(config, provider, `The access token is not for ${resource}.`);
  }
  return {
    grantId: claims.grant_id,
    familyId: claims.family_id,
    kid,
    scopes: splitScope(claims.scope),
  };
}

/** Every value that a header was sent with; node's own `headers` hides a second Authorization. */
function valuesOf({ rawHeaders }: IncomingMessage, name: string): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

type Issuer = AuthenticateDeps['config'];

/** RFC 6750 §3.1: a request without a token is told no error, only where to learn how to get one (RFC 9728 §5.1). */
function withoutToken(config: Issuer, provider: Provider): Refusal {
  return new Refusal('invalid_token', 'Send an access token of the broker: Authorization: Bearer …', {
    headers: challenge(config, provider),
  });
}

/** The refusal of a token that is wrong or not good any more (RFC 6750 §3.1). @param message says in what way */
export function badToken(config: Issuer, provider: Provider, message: string): Refusal {
  return new Refusal('invalid_token', `${message} Use the refresh token to get another.`, {
    headers: challenge(config, provider, 'invalid_token'),
  });
}

/** A WWW-Authenticate header (RFC 6750 §3, RFC 9728 §5.1). @returns its name and value */
export function challenge(
  { issuer }: Issuer,
  { mount }: Provider,
  error?: 'invalid_token' | 'insufficient_scope',
  scopes: readonly string[] = [],
): readonly string[] {
  const parameters = [
    ...(error ? [`error="${error}"`] : []),
    ...(scopes.length > 0 ? [`scope="${scopes.join(' ')}"`] : []),
    `resource_metadata="${issuer}/.well-known/oauth-protected-resource${mount}"`,
  ];
  return ['www-authenticate', `Bearer ${parameters.join(', ')}`];
}
