import { splitScope } from '../catalog/scope.ts';
import type { Family, Grant, ProviderAccess } from '../store/records.ts';
import type { Standing } from '../store/standing.ts';
import type { AccessTokenClaims } from '../tokens/access_token.ts';
import { commonDetails, detailsWithin } from './provider_access.ts';

/** Known scopes, and limits on the providers that they reach. */
export interface Access {
  readonly scopes: readonly string[];
  readonly authorizationDetails: readonly ProviderAccess[];
  /** The resources (RFC 8707) that it is for; absent: all that the scopes reach. */
  readonly resources?: readonly string[];
}

/** What tokens of this family may do now: what was authorized, as far as the user still allows it. */
export function effectiveAccess({
  family,
  grant,
}: {
  readonly family: Pick<Family, 'scope'>;
  readonly grant: Pick<Grant, 'scope' | 'authorizationDetails'>;
}): Access {
  const allowed = splitScope(grant.scope);
  const scopes = splitScope(family.scope).filter((scope) => allowed.includes(scope));
  return { scopes, authorizationDetails: detailsWithin(grant.authorizationDetails, scopes) };
}

/** What an access token of this family may do now: what it says, as far as the user still allows it. */
export function accessOfToken(
  claims: Pick<AccessTokenClaims, 'scope' | 'authorization_details'>,
  standing: Standing,
): Access {
  const effective = effectiveAccess(standing);
  const scopes = splitScope(claims.scope).filter((scope) => effective.scopes.includes(scope));
  const details = commonDetails(claims.authorization_details ?? [], effective.authorizationDetails);
  return { scopes, authorizationDetails: detailsWithin(details, scopes) };
}
