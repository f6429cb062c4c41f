import { allScopes } from '../../catalog/catalog.ts';
import { effectiveScopes } from '../../grants/standing.ts';
import { mintAccessToken } from '../../grants/token_set.ts';
import { sha256 } from '../../lib/hash.ts';
import { newId, newToken } from '../../lib/ids.ts';
import type { Redemption } from '../../store/redemption.ts';
import type { Standing } from '../../store/standing.ts';
import { bindingOf, replayedProof } from '../dpop.ts';
import { OAuthError } from '../errors.ts';
import { codeChallengeOf } from '../pkce.ts';
import { narrowToResources, unknownResource } from '../resources.ts';
import type { GrantType } from './grant_type.ts';

/** Stands for the challenge of a verifier that is missing or malformed: no code has it, and the attempt is counted. */
const nobodysChallenge = '';

/** Redeems an authorization code (OAuth 2.1 §4.1.3). It begins a family of tokens under the user's grant. */
export const authorizationCode: GrantType = async (deps, { client, parameters, proof }) => {
  const { config, store, clock } = deps;
  const code = parameters.one('code');
  if (code === undefined) throw new OAuthError('invalid_request', 'code is missing.');
  const resources = parameters.all('resource');
  // Before the code is spent: a slip in this parameter must not cost the user another consent.
  if (!narrowToResources(config.issuer, allScopes, resources)) throw unknownResource();

  const refreshToken = newToken('ccrt');
  const redemption = await store.authorizations.redeemCode(
    {
      codeHash: sha256(code),
      clientId: client.id,
      redirectUri: parameters.one('redirect_uri') ?? null,
      codeChallenge: codeChallengeOf(parameters.one('code_verifier') ?? '') ?? nobodysChallenge,
      dpopThumbprint: proof?.thumbprint ?? null,
      proof,
    },
    {
      id: newId('fam', clock()),
      dpopThumbprint: bindingOf(client, proof),
      refreshTokenHash: sha256(refreshToken),
      refreshTokenExpiresAt: clock() + config.refreshTokenTtl * 1000,
    },
  );
  const standing = redeemed(redemption);
  const scopes = narrowToResources(config.issuer, effectiveScopes(standing), resources);
  if (!scopes) throw unknownResource();
  const access = await mintAccessToken(deps, standing, scopes, proof?.thumbprint ?? null);
  return { ...access, refresh_token: refreshToken };
};

function redeemed(redemption: Redemption): Standing {
  switch (redemption.kind) {
    case 'redeemed':
      return redemption.standing;
    case 'replayed':
      throw invalidGrant('This code has been used before; the tokens it gave have been revoked.', 'replayed');
    case 'proof_replayed':
      throw replayedProof();
    case 'expired':
      throw invalidGrant('The code has expired; it has to be redeemed within a minute.', 'expired');
    case 'ended':
      throw invalidGrant('The user no longer allows this.', 'ended');
    case 'unknown':
      throw invalidGrant('The code is not good, or is not for this client and verifier.', 'unknown');
    case 'mismatch':
      throw invalidGrant('The code is not good, or is not for this client and verifier.', redemption.of);
  }
}

function invalidGrant(description: string, detail: string): OAuthError {
  return new OAuthError('invalid_grant', description, { detail });
}
