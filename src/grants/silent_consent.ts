import { providersOfScopes } from '../catalog/catalog.ts';
import { isWithin, splitScope } from '../catalog/scope.ts';
import { covers } from '../lib/model_pattern.ts';
import { type Budget, budgetsOfAccess } from '../store/budget.ts';
import type { CredentialStore } from '../store/contract/credentials.ts';
import type { GrantStore } from '../store/contract/grants.ts';
import type { Client, Grant, ProviderAccess } from '../store/records.ts';
import { isConfidential } from './registration.ts';

interface SilentConsentDeps {
  readonly store: { readonly credentials: CredentialStore; readonly grants: GrantStore };
}

/** Whether a person has to be asked again. */
export type SilentConsent =
  /** Not about this: the grant allows it already. */
  | { readonly kind: 'allowed'; readonly grant: Grant }
  | { readonly kind: 'to_ask' }
  /** It is allowed, but a key for it has gone, and only they can choose another. */
  | { readonly kind: 'key_missing' };

/** What an app asks for, or a grant allows. */
type Extent = Pick<Grant, 'scope' | 'authorizationDetails'>;

/**
 * Looks for a live grant that allows all that is asked for. Only for apps that prove who they are and that somebody vouches
 * for: anybody may pose as another.
 */
export async function findSilentConsent(
  { store }: SilentConsentDeps,
  userId: string,
  client: Client,
  asked: Extent,
): Promise<SilentConsent> {
  if (!isKnownForSure(client)) return { kind: 'to_ask' };
  const grant = await store.grants.findLiveGrant(userId, client.id, false);
  if (!grant || !asksNoMore(asked, grant)) return { kind: 'to_ask' };
  const needed = providersOfScopes(splitScope(asked.scope)).map(({ name }) => name);
  const providersHeldBy = async (holder: string) =>
    (await store.credentials.listHeldBy(holder)).map(({ provider }) => provider);
  const [own, lent] = await Promise.all([providersHeldBy(grant.id), providersHeldBy(client.id)]);
  const isNews = (name: string) => lent.includes(name) && !grant.paidByApp.includes(name);
  const newlyPaid = needed.filter((name) => isNews(name) && (client.paysWhenUsedUp || !own.includes(name)));
  if (newlyPaid.length > 0) return { kind: 'to_ask' };
  return needed.every((name) => own.includes(name) || lent.includes(name))
    ? { kind: 'allowed', grant }
    : { kind: 'key_missing' };
}

/**
 * Whether nobody else can pose as an app (OAuth 2.1 §7.3). A secret of one that runs on people's own devices is none (RFC 8252
 * §8.5), and nobody answers for one that has registered itself.
 */
function isKnownForSure(client: Client): boolean {
  const { verified, ownerId, type } = client;
  return verified && ownerId !== null && type !== 'native' && isConfidential(client);
}

/** Whether a grant allows all that is asked for. Of limits that are not named nothing is asked: they stay as they are. */
export function asksNoMore(asked: Extent, grant: Extent): boolean {
  return (
    isWithin(splitScope(asked.scope), splitScope(grant.scope)) &&
    asked.authorizationDetails.every((access) => {
      const allowed = grant.authorizationDetails.find(({ provider }) => provider === access.provider);
      return !allowed || isWithinLimits(access, allowed);
    })
  );
}

function isWithinLimits(asked: ProviderAccess, allowed: ProviderAccess): boolean {
  const { models = [] } = asked;
  const budgets = budgetsOfAccess(allowed.provider, allowed);
  const isCovered = (model: string) => allowed.models?.some((pattern) => covers(pattern, model)) ?? true;
  const allowedFor = ({ unit, period }: Budget) =>
    budgets.find((budget) => budget.unit === unit && budget.period === period)?.limit;
  return (
    models.every(isCovered) &&
    isAtMost(asked.rate?.requests_per_minute, allowed.rate?.requests_per_minute) &&
    isAtMost(asked.max_output_tokens, allowed.max_output_tokens) &&
    budgetsOfAccess(asked.provider, asked).every((budget) => isAtMost(budget.limit, allowedFor(budget)))
  );
}

/** Nothing asked is no more than anything, and nothing is more than what has no limit. */
function isAtMost(asked = 0, allowed = Infinity): boolean {
  return asked <= allowed;
}
