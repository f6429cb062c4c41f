import { providerOfScope, providersOfScopes } from '../catalog/catalog.ts';
import type { Provider } from '../catalog/provider.ts';
import { joinScope } from '../catalog/scope.ts';
import type { Deps } from '../deps.ts';
import { accessOfToken } from '../grants/standing.ts';
import { readStates } from '../ledger/budget_states.ts';
import { toSeconds } from '../lib/clock.ts';
import { type Budget, budgetsOfGrant, dollarsOf } from '../store/budget.ts';
import type { BudgetStore } from '../store/contract/budgets.ts';
import { callsLeft } from '../store/rate.ts';
import type { Credential, Payer, ProviderAccess } from '../store/records.ts';
import { leftOf } from '../store/reservation.ts';
import { isLive, type Standing } from '../store/standing.ts';
import type { AccessTokenClaims } from '../tokens/access_token.ts';
import { type AuthenticationRefusal, authenticateRequest, badToken } from '../tokens/authenticate_request.ts';
import { challenges } from '../tokens/challenge.ts';
import { usedProof } from '../tokens/dpop.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { OAuthError } from './errors.ts';

/** What an app may know of the grant that its access token stands on, so that it need not find out by failing. */
export function grant(deps: Deps): Endpoint {
  return endpoint(deps, 'grant', async (c) => {
    const claims = await authenticate(deps, c.env.incoming.rawHeaders, c.req.path);
    c.set('clientId', claims.client_id);
    const standing = await deps.store.grants.findStanding(claims.family_id);
    if (!standing) throw notAuthenticated(badToken('The access token is not good any more.'));
    if (!isLive(standing)) {
      throw new OAuthError(
        'grant_revoked',
        'The user has withdrawn the approval, or it has run out. Ask the user to approve the app again.',
        { challenge: challenges('invalid_token').join(', ') },
      );
    }
    return { status: 200, body: await describe(deps, claims, standing) };
  });
}

/**
 * Verifies the access token of a request, and uses up the proof of the key that it is bound to.
 * @throws OAuthError
 */
async function authenticate(
  deps: Deps,
  rawHeaders: readonly string[],
  path: string,
): Promise<AccessTokenClaims> {
  const request = { rawHeaders, method: 'GET', url: deps.config.issuer + path };
  const result = await authenticateRequest(deps, request);
  if (result.kind === 'refused') throw notAuthenticated(result);
  const { claims, proof } = result;
  if (proof && !(await deps.store.authorizations.useProof(proof))) throw notAuthenticated(usedProof);
  return claims;
}

/** A resource tells with 401 what is wrong with a proof, too (RFC 9449 §7.1). */
function notAuthenticated({ error, reason, nonce }: AuthenticationRefusal): OAuthError {
  return new OAuthError(error ?? 'invalid_token', reason, {
    status: 401,
    challenge: challenges(error).join(', '),
    dpopNonce: nonce,
  });
}

/** Scope and limits are what the token may do now, which the user may have changed since it was issued. Times in seconds. */
async function describe({ config, store }: Deps, claims: AccessTokenClaims, standing: Standing) {
  const { id, clientId, test, createdAt, updatedAt, expiresAt } = standing.grant;
  const { scopes, authorizationDetails } = accessOfToken(claims, standing);
  const pay = await payments(store, standing);
  const left = await whatIsLeft(store.budgets, standing);
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
      limits: limitsOn(provider, authorizationDetails),
      left: left.filter((one) => one.provider === provider.name).map(({ provider, ...rest }) => rest),
      // Neither its name nor how it ends: those are the user's.
      ...pay(provider),
    })),
    created_at: toSeconds(createdAt),
    updated_at: toSeconds(updatedAt),
    expires_at: expiresAt && toSeconds(expiresAt),
    manage_url: `${config.issuer}/apps/${id}`,
  };
}

/** Who would pay for calls to a provider now, null where there is no key for it, and the state of the key. */
async function payments(
  { credentials, clients, budgets }: Deps['store'],
  { grant, now }: Standing,
): Promise<(provider: Provider) => { readonly payer: Payer | null; readonly key_status: string }> {
  const { id, userId, clientId, test, paidByApp } = grant;
  const held = await credentials.listHeldBy(id);
  const lent = test ? [] : await credentials.listHeldBy(clientId);
  const client = await clients.findClient(clientId);
  const limits = [
    ...budgetsOfGrant(grant),
    ...(await budgets.listBudgets([userId, ...held.map((key) => key.id)])),
  ];
  const usedUp = (await readStates(budgets, limits, now))
    .filter(({ budget, counter }) => budget.unit === 'nano_usd' && counter.spent >= budget.limit)
    .map(({ budget }) => budget);
  return ({ name }) => {
    const own = held.find(({ provider }) => provider === name);
    const apps = paidByApp.includes(name) ? lent.find(({ provider }) => provider === name) : undefined;
    const counts = ({ holder, provider }: Budget) =>
      holder === id ? provider === name : holder === userId || holder === own?.id;
    const stepsIn = !own || (client?.paysWhenUsedUp && apps?.status !== 'invalid' && usedUp.some(counts));
    const key = apps && stepsIn ? apps : own;
    return { payer: key ? (key === apps ? 'app' : 'user') : null, key_status: keyStatus(key) };
  };
}

/** A key that is refused helps no more for having quota. */
function keyStatus(credential: Credential | undefined): string {
  if (!credential) return 'missing';
  const { status, exhaustedAt } = credential;
  return status !== 'invalid' && exhaustedAt !== null ? 'exhausted' : status;
}

async function whatIsLeft(store: BudgetStore, { grant, now }: Standing) {
  const states = await readStates(store, budgetsOfGrant(grant), now);
  const rates = await store.readRates(grant.id);
  const ofRates = grant.authorizationDetails.flatMap(({ provider, rate }) => {
    const limit = rate?.requests_per_minute;
    if (limit === undefined) return [];
    const standing = rates.find((one) => one.provider === provider)?.theoreticalArrivalAt ?? 0;
    return [{ provider, requests: callsLeft(limit, standing, now), period: 'minute' }];
  });
  const ofBudgets = states.map((state) => {
    const { provider, unit, period } = state.budget;
    const left = leftOf(state);
    const { endsAt } = state.key;
    return {
      provider,
      ...(unit === 'calls_at_once'
        ? { concurrent_requests: left }
        : {
            ...(unit === 'nano_usd' ? { usd: dollarsOf(left) } : { requests: left }),
            period,
            resets_at: endsAt && toSeconds(endsAt),
          }),
    };
  });
  return [...ofBudgets, ...ofRates];
}

function limitsOn({ name }: Provider, details: readonly ProviderAccess[]) {
  const { type, provider, ...limits } = details.find((detail) => detail.provider === name) ?? {};
  return limits;
}
