import type { Deps } from '../../deps.ts';
import { effectiveAccess } from '../../grants/standing.ts';
import { mintAccessToken } from '../../grants/token_set.ts';
import { sha256 } from '../../lib/hash.ts';
import { newId, newToken } from '../../lib/ids.ts';
import type { Approval, NewFamily } from '../../store/contract/grants.ts';
import { bindingOf } from '../dpop.ts';
import { OAuthError } from '../errors.ts';
import type { ClientRequest } from '../operation.ts';
import type { TokenResponse } from './grant_type.ts';
import { narrowAccess } from './narrow_access.ts';

/** Tokens that are worth nothing yet, and the family that they are to begin. */
interface FirstTokens {
  readonly family: Omit<NewFamily, 'scope'>;
  readonly response: TokenResponse;
}

/**
 * Makes the tokens that an approval turns into, before the code for it is spent: a failure of ours, or a crash, must not
 * cost the user another consent.
 * @returns what the request asks for and the user has not allowed, otherwise; whether the client may know of it is for the
 * code to decide
 */
export async function makeFirstTokens(
  deps: Deps,
  { client, parameters, proof }: ClientRequest,
  { scope, grant }: Approval,
): Promise<FirstTokens | OAuthError> {
  const { config, clock } = deps;
  const allowed = effectiveAccess({ family: { scope }, grant });
  const access = narrowAccess(config.issuer, allowed, parameters);
  if (access instanceof OAuthError) return access;
  const refreshToken = newToken('ccrt');
  const family = {
    id: newId('fam', clock()),
    dpopThumbprint: bindingOf(client, proof),
    refreshTokenHash: sha256(refreshToken),
    refreshTokenExpiresAt: clock() + config.refreshTokenTtl * 1000,
  };
  const token = await mintAccessToken(deps, { family, grant }, access, proof?.thumbprint ?? null);
  return { family, response: { ...token, refresh_token: refreshToken } };
}
