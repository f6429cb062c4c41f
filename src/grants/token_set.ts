import { resourcesOfScopes } from '../catalog/catalog.ts';
import { joinScope } from '../catalog/scope.ts';
import type { GrantStore } from '../store/contract/grants.ts';
import type { Family, Grant, ProviderAccess } from '../store/records.ts';
import type { AccessTokens } from '../tokens/access_token.ts';
import type { Access } from './standing.ts';

interface MintDeps {
  readonly config: { readonly issuer: string };
  readonly store: { readonly grants: GrantStore };
  readonly accessTokens: AccessTokens;
}

/** The access-token part of a token response (RFC 6749 §5.1). `expires_in` in seconds. */
export interface AccessGrant {
  readonly access_token: string;
  readonly token_type: 'Bearer' | 'DPoP';
  readonly expires_in: number;
  readonly scope: string;
  /** Absent when nothing is limited (RFC 9396 §7). */
  readonly authorization_details?: readonly ProviderAccess[];
}

/**
 * Mints an access token of a family, which may be about to begin, for these scopes and resources.
 * @param thumbprint of the key that it is bound to (RFC 9449 §6.1); null for a bearer token
 */
export async function mintAccessToken(
  { config, store, accessTokens }: MintDeps,
  { family, grant }: { readonly family: Pick<Family, 'id'>; readonly grant: Grant },
  { scopes, authorizationDetails, resources = resourcesOfScopes(config.issuer, scopes) }: Access,
  thumbprint: string | null,
): Promise<AccessGrant> {
  const [only] = resources;
  const scope = joinScope(scopes);
  const details = authorizationDetails.length > 0 && { authorization_details: authorizationDetails };
  const { token, expiresIn } = await accessTokens.mint(
    {
      sub: await store.grants.subjectFor(grant.userId, grant.clientId),
      aud: resources.length === 1 && only !== undefined ? only : resources,
      client_id: grant.clientId,
      scope,
      grant_id: grant.id,
      family_id: family.id,
      ...details,
      ...(thumbprint !== null && { cnf: { jkt: thumbprint } }),
    },
    grant.expiresAt,
  );
  const token_type = thumbprint === null ? 'Bearer' : 'DPoP';
  return { access_token: token, token_type, expires_in: expiresIn, scope, ...details };
}
