import { providersOfScopes } from '../catalog/catalog.ts';
import type { Provider } from '../catalog/provider.ts';
import { joinScope } from '../catalog/scope.ts';
import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/ids.ts';
import type { CredentialStore } from '../store/contract/credentials.ts';
import type { GrantStore, GrantTerms } from '../store/contract/grants.ts';
import type { Credential, ProviderAccess } from '../store/records.ts';
import type { Vault } from '../vault/vault.ts';

/** What a user allows, before it is written. */
export interface GrantChoice {
  readonly userId: string;
  readonly clientId: string;
  readonly test: boolean;
  readonly scopes: readonly string[];
  readonly authorizationDetails: readonly ProviderAccess[];
  /** Providers of which the user has been told that the app may pay for their calls itself. */
  readonly toldOfPayer: readonly string[];
  /** Milliseconds since the epoch; null: it lasts until it is revoked. */
  readonly expiresAt: number | null;
  /** Ids of the user's keys to use, at most one a provider; a provider without one gets the user's newest. */
  readonly credentialIds: readonly string[];
}

export interface TermsDeps {
  readonly store: { readonly credentials: CredentialStore; readonly grants: GrantStore };
  readonly vault: Vault;
  readonly clock: Clock;
}

/** Neither the user nor the app has a key for a provider that the scopes reach. */
export interface MissingCredential {
  readonly kind: 'no_credential';
  readonly provider: Provider;
}

/**
 * The key that each provider's calls will use: the one chosen, else the user's newest of which nothing is known to be wrong.
 * @param credentials the user's own
 * @param lent the app's own, which serve where the user has none
 */
export function pickCredentials(
  credentials: readonly Credential[],
  choice: Pick<GrantChoice, 'scopes' | 'test' | 'credentialIds'>,
  lent: readonly Credential[],
): { readonly kind: 'picked'; readonly credentials: readonly Credential[] } | MissingCredential {
  const picked: Credential[] = [];
  for (const provider of providersOfScopes(choice.scopes)) {
    const usable = credentials
      .filter((credential) => credential.provider === provider.name && (!choice.test || credential.sandbox))
      .sort((a, b) => drawbacks(a, choice.test) - drawbacks(b, choice.test) || b.createdAt - a.createdAt);
    const best = usable.find((credential) => choice.credentialIds.includes(credential.id)) ?? usable[0];
    if (best) picked.push(best);
    else if (!paysFor(lent, provider, choice)) return { kind: 'no_credential', provider };
  }
  return { kind: 'picked', credentials: picked };
}

/** How much speaks against a key: that it is refused weighs most, then that it simulates what is meant, then an empty account. */
function drawbacks({ status, sandbox, exhaustedAt }: Credential, test: boolean): number {
  return (status === 'invalid' ? 4 : 0) + (sandbox === test ? 0 : 2) + (exhaustedAt === null ? 0 : 1);
}

/** Whether an app pays for a provider where the user has no key. A test is never paid for. */
export function paysFor(
  lent: readonly Credential[],
  { name }: Provider,
  { test }: Pick<GrantChoice, 'test'>,
): boolean {
  return !test && lent.some(({ provider }) => provider === name);
}

/**
 * Writes a grant by `write`, with a wrap of each key it may use. A wrap names the grant that holds it; when another live
 * grant turns out to be there, the wraps are made again for that one. A key that is deleted meanwhile is not picked again.
 */
export async function writeTerms<Result extends { readonly kind: string }>(
  { store, vault, clock }: TermsDeps,
  choice: GrantChoice,
  write: (terms: GrantTerms) => Promise<Result | { readonly kind: 'other_grant'; readonly grantId: string }>,
): Promise<Result | MissingCredential> {
  let owned = await store.credentials.listCredentials(choice.userId);
  const lent = (await store.credentials.listHeldBy(choice.clientId)).filter(({ provider }) =>
    choice.toldOfPayer.includes(provider),
  );
  const live = await store.grants.findLiveGrant(choice.userId, choice.clientId, choice.test);
  let id = live?.id ?? newId('grt', clock());
  for (;;) {
    const pick = pickCredentials(owned, choice, lent);
    if (pick.kind === 'no_credential') return pick;
    const holder = id;
    const wraps = await Promise.all(pick.credentials.map(({ id: key }) => vault.wrapFor(key, holder)));
    const gone = pick.credentials.filter((_, index) => wraps[index] === null);
    if (gone.length > 0) {
      owned = owned.filter((credential) => !gone.includes(credential));
      continue;
    }
    const terms: GrantTerms = {
      id,
      userId: choice.userId,
      clientId: choice.clientId,
      test: choice.test,
      scope: joinScope(choice.scopes),
      authorizationDetails: choice.authorizationDetails,
      paidByApp: choice.test ? [] : lent.map(({ provider }) => provider),
      expiresAt: choice.expiresAt,
      wraps: wraps.filter((wrap) => wrap !== null),
    };
    const result = await write(terms);
    if (!isOtherGrant(result)) return result;
    id = result.grantId;
  }
}

function isOtherGrant(result: {
  readonly kind: string;
}): result is { readonly kind: 'other_grant'; readonly grantId: string } {
  return result.kind === 'other_grant';
}
