import type { IncomingMessage } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import type { Handler } from 'hono';
import { providerOfScope, providersOfScopes } from '../catalog/catalog.ts';
import { joinScope, splitScope } from '../catalog/scope.ts';
import type { Deps } from '../deps.ts';
import { effectiveScopes } from '../grants/standing.ts';
import { toSeconds } from '../lib/clock.ts';
import { isLive, type Standing } from '../store/standing.ts';
import type { AccessTokenClaims } from '../tokens/access_token.ts';
import { proofAlgorithms } from '../tokens/dpop.ts';
import { headerValues, readProof, replayedProof, useOf } from './dpop.ts';
import { asOAuthError, errorResponse, OAuthError } from './errors.ts';
import { logRefusal } from './log.ts';

const uncached = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };

/** RFC 6750 §2.1 and RFC 9449 §7.1 */
const credentials = /^(Bearer|DPoP) +([A-Za-z0-9._~+/-]+=*) *$/i;

/** What an app may know of the grant that its access token stands on, so that it need not find out by failing. */
export function grant(deps: Deps): Handler<{ Bindings: HttpBindings }> {
  return async (c) => {
    let clientId: string | undefined;
    try {
      const claims = await authenticate(deps, c.env.incoming, c.req.path);
      clientId = claims.client_id;
      const standing = await deps.store.grants.findStanding(claims.family_id);
      if (!standing) throw badToken();
      if (!isLive(standing)) {
        throw new OAuthError(
          'grant_revoked',
          'The user has withdrawn the approval, or it has run out. Ask the user to approve the app again.',
        );
      }
      return c.json(await describe(deps, claims, standing), 200, uncached);
    } catch (thrown) {
      const error = asOAuthError(thrown);
      logRefusal(deps.log, 'grant', error, clientId);
      const { status, headers, body } = errorResponse(error);
      const answer = { ...uncached, ...headers };
      // A resource tells with 401 what is wrong with a proof, too (RFC 9449 §7.1).
      if (status !== 401 && !isOfProof(error)) return c.json(body, status, answer);
      const isBare = c.req.header('authorization') === undefined;
      return c.json(body, 401, { ...answer, 'WWW-Authenticate': challenge(error, isBare) });
    }
  };
}

/**
 * Reads and verifies the access token of a request, and uses up the proof of the key that it is bound to.
 * @throws OAuthError
 */
async function authenticate(deps: Deps, incoming: IncomingMessage, path: string): Promise<AccessTokenClaims> {
  const [value = '', ...more] = headerValues(incoming, 'authorization');
  const [, scheme = '', token = ''] = credentials.exec(value) ?? [];
  const claims = more.length === 0 ? (await deps.accessTokens.verify(token))?.claims : undefined;
  if (!claims) throw badToken();
  const isBound = claims.cnf !== undefined;
  // RFC 9449 §7.2: a bound token is nothing to be borne, and another one proves nothing.
  if (isBound !== (scheme.toLowerCase() === 'dpop')) throw badToken();
  if (!isBound) return claims;
  const proof = await readProof(deps, incoming, { method: 'GET', path, accessToken: token });
  const use = proof?.thumbprint === claims.cnf?.jkt ? useOf(proof) : null;
  if (!use) throw badToken();
  if (!(await deps.store.authorizations.useProof(use))) throw replayedProof();
  return claims;
}

function badToken(): OAuthError {
  return new OAuthError(
    'invalid_token',
    'Send a good access token in the Authorization header, and with a bound one a DPoP proof. Use the refresh token to get another.',
  );
}

function isOfProof({ code }: OAuthError): boolean {
  return code === 'invalid_dpop_proof' || code === 'use_dpop_nonce';
}

/** A WWW-Authenticate header. RFC 6750 §3.1: a request without a token is told no error. */
function challenge(error: OAuthError, isBare: boolean): string {
  const algorithms = `algs="${proofAlgorithms.join(' ')}"`;
  if (isOfProof(error)) return `DPoP error="${error.code}", ${algorithms}`;
  if (isBare) return `Bearer, DPoP ${algorithms}`;
  return `Bearer error="invalid_token", DPoP error="invalid_token", ${algorithms}`;
}

/** Scope is what the token may do now, which the user may have narrowed since it was issued. Times in seconds. */
async function describe({ config, store }: Deps, claims: AccessTokenClaims, standing: Standing) {
  const { id, clientId, test, createdAt, updatedAt, expiresAt } = standing.grant;
  const effective = effectiveScopes(standing);
  const scopes = splitScope(claims.scope).filter((scope) => effective.includes(scope));
  const held = await store.credentials.listHeldBy(id);
  return {
    grant_id: id,
    client_id: clientId,
    status: 'active',
    test,
    scope: joinScope(scopes),
    providers: providersOfScopes(scopes).map((provider) => ({
      provider: provider.name,
      resource: config.issuer + provider.mount,
      scope: joinScope(scopes.filter((scope) => providerOfScope(scope) === provider)),
      // Neither its name nor how it ends: those are the user's.
      key_status: held.find((credential) => credential.provider === provider.name)?.status ?? 'missing',
    })),
    created_at: toSeconds(createdAt),
    updated_at: toSeconds(updatedAt),
    expires_at: expiresAt && toSeconds(expiresAt),
    manage_url: `${config.issuer}/apps/${id}`,
  };
}
