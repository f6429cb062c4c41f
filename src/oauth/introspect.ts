import { joinScope } from '../catalog/scope.ts';
import type { Deps } from '../deps.ts';
import { isConfidential } from '../grants/registration.ts';
import { type Access, accessOfToken, effectiveAccess } from '../grants/standing.ts';
import { toSeconds } from '../lib/clock.ts';
import { OAuthError } from './errors.ts';
import { countFailure } from './limits.ts';
import type { Operation } from './operation.ts';
import { isActive, type PresentedToken, recognizeToken } from './presented_token.ts';

/**
 * The introspection endpoint (RFC 7662), for confidential clients and their own tokens. Whatever is not good is answered
 * alike (§2.2).
 */
export const introspect: Operation = async (deps, { client, parameters, address }) => {
  if (!isConfidential(client)) {
    throw new OAuthError('invalid_client', 'Only clients with a secret or keys may introspect tokens.');
  }
  const text = parameters.one('token');
  if (text === undefined) throw new OAuthError('invalid_request', 'token is missing.');
  const presented = await recognizeToken(deps, text, client);
  if (presented && isActive(presented)) return describe(deps, presented);
  const asking = { clientId: client.id, address };
  const refusal = presented
    ? null
    : await countFailure(deps, 'introspect', asking, 'temporarily_unavailable');
  if (refusal) throw refusal;
  return { active: false };
};

async function describe({ config, store }: Deps, presented: PresentedToken) {
  const { grant } = presented.standing;
  const common = { active: true, iss: config.issuer, client_id: grant.clientId };
  if (presented.kind === 'access') {
    const { sub, aud, exp, iat, jti, cnf } = presented.claims;
    const token_type = cnf ? 'DPoP' : 'Bearer';
    const allowed = allowedBy(accessOfToken(presented.claims, presented.standing));
    return { ...common, token_type, sub, aud, ...allowed, exp, iat, jti, ...(cnf && { cnf }) };
  }
  const { expiresAt, createdAt } = presented.token;
  return {
    ...common,
    sub: await store.grants.subjectFor(grant.userId, grant.clientId),
    ...allowedBy(effectiveAccess(presented.standing)),
    exp: toSeconds(expiresAt),
    iat: toSeconds(createdAt),
  };
}

/** What the token may do now, which the user may have changed since it was issued (RFC 9396 §9.2). */
function allowedBy({ scopes, authorizationDetails }: Access) {
  return {
    scope: joinScope(scopes),
    ...(authorizationDetails.length > 0 && { authorization_details: authorizationDetails }),
  };
}
