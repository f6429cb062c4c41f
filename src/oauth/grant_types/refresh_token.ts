import { randomBytes } from 'node:crypto';
import { isWithin, splitScope } from '../../catalog/scope.ts';
import { type Access, effectiveAccess } from '../../grants/standing.ts';
import { mintAccessToken } from '../../grants/token_set.ts';
import { sha256 } from '../../lib/hash.ts';
import { refreshTokenReused } from '../../mail/notices.ts';
import type { Family } from '../../store/records.ts';
import type { Rotation } from '../../store/rotation.ts';
import { isLive, type Standing } from '../../store/standing.ts';
import type { Proof } from '../../tokens/dpop.ts';
import { refreshGraceSeconds, successorOf } from '../../tokens/refresh_token.ts';
import { badProof, replayedProof } from '../dpop.ts';
import { OAuthError } from '../errors.ts';
import type { Parameters } from '../parameters.ts';
import type { GrantType } from './grant_type.ts';
import { narrowAccess } from './narrow_access.ts';

/**
 * Trades a refresh token for an access token and its successor (OAuth 2.1 §4.3). `scope`, `resource` and
 * `authorization_details` narrow the access token only: the successor is as good as the token before it.
 */
export const refreshToken: GrantType = async (deps, { client, parameters, proof }) => {
  const { config, store, clock } = deps;
  const presented = parameters.one('refresh_token');
  if (presented === undefined) throw new OAuthError('invalid_request', 'refresh_token is missing.');
  const hash = sha256(presented);
  const found = await store.authorizations.findRefreshToken(hash);
  // A token in wrong hands is refused without a word to whom it belongs, and without harm to its owner.
  if (found?.standing.family.clientId !== client.id) throw invalidGrant('unknown');
  requireKey(found.standing.family, proof);
  // Before the token is spent: neither a slip in these parameters nor a failure of ours must cost it.
  const access = narrowed(config.issuer, found.standing, parameters);
  const token = await mintAccessToken(deps, found.standing, access, proof?.thumbprint ?? null);

  const rotation = await store.authorizations.rotateRefreshToken(hash, {
    salt: randomBytes(32),
    expiresAt: clock() + config.refreshTokenTtl * 1000,
    successorHash: (familyId, seq, salt) => sha256(successorOf(presented, familyId, seq, salt)),
    graceSeconds: refreshGraceSeconds,
    proof,
  });
  if (rotation.kind === 'reused' && isLive(found.standing)) {
    const { grant } = found.standing;
    deps.mail.notify(grant.userId, refreshTokenReused(config, grant, client));
  }
  const { standing, seq, salt } = rotated(rotation);
  return {
    ...token,
    refresh_token: successorOf(presented, standing.family.id, seq, salt),
  };
};

/** A token that is bound to a key is of no use without it (RFC 9449 §5). */
function requireKey({ dpopThumbprint }: Family, proof: Proof | null): void {
  if (dpopThumbprint === null || proof?.thumbprint === dpopThumbprint) return;
  throw badProof('This refresh token is bound to a key: send a proof that is signed with it.');
}

/**
 * What the access token may do: what is asked for, as far as the user still allows it.
 * @throws OAuthError when more is asked for than was authorized, or nothing is left
 */
function narrowed(issuer: string, standing: Standing, parameters: Parameters): Access {
  const asked = splitScope(parameters.one('scope') ?? '');
  if (!isWithin(asked, splitScope(standing.family.scope))) {
    throw new OAuthError('invalid_scope', 'scope asks for more than the user allowed.');
  }
  const allowed = effectiveAccess(standing);
  const scopes = allowed.scopes.filter((scope) => asked.length === 0 || asked.includes(scope));
  if (allowed.scopes.length > 0 && scopes.length === 0)
    throw new OAuthError('invalid_scope', 'The user no longer allows any of these scopes.');
  const narrowed = narrowAccess(issuer, { ...allowed, scopes }, parameters);
  if (narrowed instanceof OAuthError) throw narrowed;
  return narrowed;
}

function rotated(rotation: Rotation): Extract<Rotation, { kind: 'rotated' }> {
  switch (rotation.kind) {
    case 'rotated':
      return rotation;
    case 'proof_replayed':
      throw replayedProof();
    case 'reused':
    case 'expired':
    case 'unknown':
    case 'ended':
      throw invalidGrant(rotation.kind);
  }
}

function invalidGrant(detail: string): OAuthError {
  return new OAuthError(
    'invalid_grant',
    'The refresh token is not good any more; send the user to consent again.',
    {
      detail,
    },
  );
}
