import { allScopes } from '../../catalog/catalog.ts';
import { effectiveScopes } from '../../grants/standing.ts';
import { mintAccessToken } from '../../grants/token_set.ts';
import { sha256 } from '../../lib/hash.ts';
import { newId, newToken } from '../../lib/ids.ts';
import type { Poll } from '../../store/polling.ts';
import type { Standing } from '../../store/standing.ts';
import { bindingOf, replayedProof } from '../dpop.ts';
import { OAuthError } from '../errors.ts';
import { narrowToResources, unknownResource } from '../resources.ts';
import type { GrantType } from './grant_type.ts';

export const deviceCodeGrantType = 'urn:ietf:params:oauth:grant-type:device_code';

/** Answers a device that asks for its tokens (RFC 8628 §3.4). */
export const deviceCode: GrantType = async (deps, { client, parameters, proof }) => {
  const { config, store, clock } = deps;
  const code = parameters.one('device_code');
  if (code === undefined) throw new OAuthError('invalid_request', 'device_code is missing.');
  const resources = parameters.all('resource');
  // Before the code is spent: a slip in this parameter must not cost the user another consent.
  if (!narrowToResources(config.issuer, allScopes, resources)) throw unknownResource();

  const refreshToken = newToken('ccrt');
  const asking = { deviceCodeHash: sha256(code), clientId: client.id, proof };
  const poll = await store.devices.pollDevice(asking, {
    id: newId('fam', clock()),
    dpopThumbprint: bindingOf(client, proof),
    refreshTokenHash: sha256(refreshToken),
    refreshTokenExpiresAt: clock() + config.refreshTokenTtl * 1000,
  });
  const standing = redeemed(poll);
  const scopes = narrowToResources(config.issuer, effectiveScopes(standing), resources);
  if (!scopes) throw unknownResource();
  const access = await mintAccessToken(deps, standing, scopes, proof?.thumbprint ?? null);
  return { ...access, refresh_token: refreshToken };
};

/** RFC 8628 §3.5 */
function redeemed(poll: Poll): Standing {
  switch (poll.kind) {
    case 'redeemed':
      return poll.standing;
    case 'pending':
      throw new OAuthError(
        'authorization_pending',
        'The user has not decided yet; ask again after the interval.',
      );
    case 'slow_down':
      throw new OAuthError('slow_down', 'Too fast; from now on wait five seconds more between two requests.');
    case 'denied':
      throw new OAuthError('access_denied', 'The user said no.');
    case 'proof_replayed':
      throw replayedProof();
    case 'expired':
      throw new OAuthError('expired_token', 'The device code has expired; start again.');
    case 'unknown':
      throw new OAuthError('invalid_grant', 'The device code is not good, or has been used.');
    case 'ended':
      throw new OAuthError('invalid_grant', 'The user no longer allows this.');
  }
}
