import { decodeJwt } from 'jose';
import type { ProviderAccess } from '../../src/store/records.ts';
import type { AccessTokenClaims } from '../../src/tokens/access_token.ts';
import type { Broker } from './broker.ts';

export type Limits = Omit<ProviderAccess, 'type' | 'provider'>;

export function accessTo(provider: string, limits: Limits): ProviderAccess {
  return { type: 'provider_access', provider, ...limits };
}

/** Has the user allow the app of a token no more than this from now on. */
export async function limitGrant(
  { deps }: Broker,
  token: string,
  ...authorizationDetails: readonly ProviderAccess[]
): Promise<void> {
  const grant = await deps.store.grants.findGrant(decodeJwt<AccessTokenClaims>(token).grant_id);
  if (!grant) throw new Error('no grant');
  const actor = { kind: 'user', id: grant.userId } as const;
  await deps.store.grants.changeLimits(grant.id, grant.userId, authorizationDetails, actor);
}

/** A token of the same family that allows less, like one that was asked for at the token endpoint. */
export async function narrowToken(
  { deps }: Broker,
  token: string,
  ...authorization_details: readonly ProviderAccess[]
): Promise<string> {
  const { iss: _, jti: _jti, iat: _iat, exp: _exp, ...claims } = decodeJwt<AccessTokenClaims>(token);
  return (await deps.accessTokens.mint({ ...claims, authorization_details }, null)).token;
}
