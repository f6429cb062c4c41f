import type { IncomingMessage } from 'node:http';
import type { Provider } from '../catalog/provider.ts';
import { splitScope } from '../catalog/scope.ts';
import type { ProofUse, ProviderAccess } from '../store/records.ts';
import type { AccessTokens } from '../tokens/access_token.ts';
import { type AuthenticationRefusal, authenticateRequest, badToken } from '../tokens/authenticate_request.ts';
import { type ChallengeError, challenges } from '../tokens/challenge.ts';
import type { DpopProofs } from '../tokens/dpop.ts';
import { Refusal } from './refusal.ts';
import { absoluteForm } from './target.ts';

/** Who calls: what the access token says, as far as the provider it is used for goes. */
export interface Caller {
  readonly grantId: string;
  readonly familyId: string;
  readonly kid: string;
  readonly scopes: readonly string[];
  /** What the token allows of the provider; null: whatever its grant does. */
  readonly access: ProviderAccess | null;
  /** That the caller holds the key that its token is bound to, to be used up; null for a bearer token. */
  readonly proof: ProofUse | null;
}

/** What of a request says who sends it. */
export type AuthenticatedRequest = Pick<IncomingMessage, 'rawHeaders' | 'method' | 'url'>;

interface AuthenticateDeps {
  readonly config: { readonly issuer: string };
  readonly accessTokens: AccessTokens;
  readonly dpop: DpopProofs;
}

/**
 * Finds out who sends a request to a provider's mount, by its access token and the proof that goes with it.
 * @throws Refusal `invalid_token`
 */
export async function authenticate(
  deps: AuthenticateDeps,
  provider: Provider,
  { rawHeaders, method = '', url = '' }: AuthenticatedRequest,
): Promise<Caller> {
  const { config } = deps;
  const request = { rawHeaders, method, url: config.issuer + url.replace(absoluteForm, '') };
  const result = await authenticateRequest(deps, request, provider.tokenHeaders);
  if (result.kind === 'refused') throw notAuthenticated(config, provider, result);
  const { claims, kid, proof } = result;
  const resource = config.issuer + provider.mount;
  const audience = typeof claims.aud === 'string' ? [claims.aud] : claims.aud;
  if (!audience.includes(resource)) {
    throw notAuthenticated(config, provider, badToken(`The access token is not for ${resource}.`));
  }
  return {
    grantId: claims.grant_id,
    familyId: claims.family_id,
    kid,
    scopes: splitScope(claims.scope),
    access: claims.authorization_details?.find((access) => access.provider === provider.name) ?? null,
    proof,
  };
}

type Issuer = AuthenticateDeps['config'];

/** A token or a proof that is not taken, or not any more. */
export function notAuthenticated(
  config: Issuer,
  provider: Provider,
  { error, reason, nonce }: AuthenticationRefusal,
): Refusal {
  const needed = nonce === undefined ? [] : ['dpop-nonce', nonce];
  return new Refusal('invalid_token', reason, {
    headers: [...challenge(config, provider, error), ...needed],
  });
}

/** The WWW-Authenticate headers of a mount. @returns their names and values */
export function challenge(
  { issuer }: Issuer,
  { mount }: Provider,
  error: ChallengeError | null,
  scopes: readonly string[] = [],
): readonly string[] {
  const metadataUrl = `${issuer}/.well-known/oauth-protected-resource${mount}`;
  return challenges(error, { scopes, metadataUrl }).flatMap((value) => ['www-authenticate', value]);
}
