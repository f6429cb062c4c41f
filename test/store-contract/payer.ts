import { beforeAll, beforeEach, expect, test } from 'vitest';
import { newId } from '../../src/lib/ids.ts';
import type { AdmissionRequest, AdmissionResult } from '../../src/store/admission.ts';
import { type Budget, counterOf } from '../../src/store/budget.ts';
import type { AccessBudget, Credential, User } from '../../src/store/records.ts';
import {
  type Arena,
  actionsOn,
  asUser,
  callOf,
  costOf,
  createClient,
  createGrant,
  createSigningKey,
  createUser,
  depositKey,
  found,
  type Granted,
  operator,
  settlementOf,
  wrapFor,
} from './world.ts';

const cent = 10_000_000;
const aDollar: readonly AccessBudget[] = [{ limit_usd: '1.00', period: 'month' }];

interface Paid extends Granted {
  readonly owner: User;
  /** The app's own. */
  readonly lent: Credential;
}

/** How apps pay with keys of their owners. */
export function payer(arena: () => Arena): void {
  let kid = '';
  beforeAll(async () => {
    kid = await createSigningKey(arena());
  });
  beforeEach(() => {
    arena().clock.now = Date.UTC(2027, 1, 15, 12);
  });

  /** A grant of somebody with a key, unless told otherwise, to an app that pays. */
  const createPaid = async (
    change: {
      readonly hasKey?: boolean;
      readonly whenUsedUp?: boolean;
      readonly test?: boolean;
      readonly isTold?: boolean;
      readonly budgets?: readonly AccessBudget[];
      readonly atOnce?: number;
      readonly lent?: Parameters<typeof depositKey>[2];
    } = {},
  ): Promise<Paid> => {
    const { hasKey = true, whenUsedUp = false, test = false, isTold = true, budgets = [], atOnce } = change;
    const [store] = arena().stores;
    const owner = await createUser(store);
    const client = await createClient(store, owner);
    const lent = await depositKey(store, owner, change.lent);
    expect(await store.credentials.lend(wrapFor(lent.id, client.id), asUser(owner))).toBe(true);
    if (whenUsedUp) await store.clients.updateClient(client.id, { paysWhenUsedUp: true }, asUser(owner));
    const user = await createUser(store);
    const credential = await depositKey(store, user);
    const access = {
      type: 'provider_access',
      provider: 'openai',
      budgets,
      ...(atOnce !== undefined && { rate: { concurrent_requests: atOnce } }),
    } as const;
    const granted = await createGrant(arena(), {
      party: { user, client, credential },
      terms: {
        test,
        authorizationDetails: [access],
        paidByApp: isTold ? ['anthropic', 'openai'] : ['anthropic'],
        ...(hasKey ? {} : { wraps: [] }),
      },
    });
    return { ...granted, owner, lent };
  };

  const admit = async (
    granted: Granted,
    nanoUsd: number,
    change: Partial<AdmissionRequest> = {},
    store: 0 | 1 = 0,
  ): Promise<AdmissionResult> => {
    const callId = newId('call', arena().clock.now);
    const call = callOf(granted, kid, { callId, cost: costOf(nanoUsd), ...change });
    const [result] = await arena().stores[store].ledger.admit([call]);
    return found(result);
  };
  const wordOf = (result: AdmissionResult) => (result.kind === 'refused' ? result.reason : result.payer);

  /** Has a call come to so much. */
  const spend = async (granted: Granted, nanoUsd: number): Promise<void> => {
    const callId = newId('call', arena().clock.now);
    const call = callOf(granted, kid, { callId, cost: costOf(nanoUsd) });
    await arena().stores[0].ledger.admit([call]);
    const settlement = settlementOf(callId, { costNanoUsd: nanoUsd, countedNanoUsd: nanoUsd });
    expect(await arena().stores[0].ledger.settle([settlement])).toEqual([true]);
  };

  const limit = (holder: string, change: Partial<Budget> = {}) =>
    arena().stores[0].budgets.setBudget(
      { holder, provider: null, unit: 'nano_usd', period: 'month', limit: cent, strict: false, ...change },
      null,
      operator,
    );

  test('an app pays only where its user was told so', async () => {
    const untold = await createPaid({ hasKey: false, isTold: false });
    expect(wordOf(await admit(untold, cent))).toBe('no_credential');
    const budgets = [{ limit_usd: '0.01', period: 'month' }] as const;
    const withKey = { whenUsedUp: true, budgets };
    const used = await createPaid({ ...withKey, isTold: false });
    await spend(used, cent);
    expect(wordOf(await admit(used, cent))).toBe('budget_exceeded');
    const told = await createPaid(withKey);
    await spend(told, cent);
    expect(wordOf(await admit(told, cent))).toBe('app');
  });

  test('a user with a key pays, one without is paid for by the app, and the record says which', async () => {
    const own = await createPaid();
    expect(await admit(own, cent)).toMatchObject({
      payer: 'user',
      holder: own.grant.id,
      credential: { id: own.credential.id },
    });
    const { client, lent, ...paid } = await createPaid({ hasKey: false });
    expect(await admit({ client, ...paid }, cent, {}, 1)).toMatchObject({
      payer: 'app',
      holder: client.id,
      credential: { id: lent.id },
    });
    const calls = (clientId: string) =>
      arena().stores[1].records.listCalls({ clientId }, { before: null, limit: 2 });
    expect(await calls(own.client.id)).toMatchObject([{ payer: 'user', credentialId: own.credential.id }]);
    expect(await calls(client.id)).toMatchObject([{ payer: 'app', credentialId: lent.id }]);
  });

  test('an app pays neither for tests, nor for another provider, nor in the place of a key that is refused', async () => {
    expect(wordOf(await admit(await createPaid({ hasKey: false, test: true }), cent))).toBe('no_credential');
    const paid = await createPaid({ hasKey: false });
    expect(wordOf(await admit(paid, cent, { provider: 'anthropic' }))).toBe('no_credential');
    const refused = await createPaid({ whenUsedUp: true });
    await arena().stores[1].credentials.markCredential(refused.credential.id, 'invalid');
    expect(wordOf(await admit(refused, cent))).toBe('credential_invalid');
  });

  test('a key of the app that is refused, is not kept, or is of somebody suspended serves nobody', async () => {
    const [store] = arena().stores;
    const refused = await createPaid({ hasKey: false });
    await store.credentials.markCredential(refused.lent.id, 'invalid');
    expect(wordOf(await admit(refused, cent))).toBe('fallback_invalid');
    const expired = await createPaid({ hasKey: false, lent: { expiresAt: arena().clock.now + 1 } });
    expect(wordOf(await admit(expired, cent))).toBe('app');
    arena().clock.now += 1;
    expect(wordOf(await admit(expired, cent))).toBe('no_credential');
    const suspended = await createPaid({ hasKey: false });
    await store.accounts.setUserStatus(suspended.owner.id, 'suspended', operator);
    expect(wordOf(await admit(suspended, cent))).toBe('no_credential');
  });

  test.each(['grant', 'user', 'credential'] as const)(
    'a used-up budget in dollars of the %s is stepped in for by an app that has chosen so, and by no other',
    async (holder) => {
      const usedUp = async (whenUsedUp: boolean) => {
        const budgets = holder === 'grant' ? aDollar : [];
        const granted = await createPaid({ whenUsedUp, budgets });
        if (holder !== 'grant') await limit(granted[holder].id, { limit: 100 * cent });
        await spend(granted, 99 * cent);
        return granted;
      };
      expect(wordOf(await admit(await usedUp(false), 2 * cent))).toBe('budget_exceeded');
      const granted = await usedUp(true);
      expect(wordOf(await admit(granted, cent))).toBe('user');
      expect(wordOf(await admit(granted, 1))).toBe('budget_reserved');
      await spend(granted, 2 * cent);
      expect(wordOf(await admit(granted, 2 * cent, {}, 1))).toBe('app');
    },
  );

  test('what the app pays counts against the budgets of app and key, not against the dollars of the user', async () => {
    const granted = await createPaid({ hasKey: false, budgets: aDollar });
    const { client, lent, user } = granted;
    await limit(user.id);
    await spend(granted, 150 * cent);
    await limit(lent.id, { limit: 200 * cent });
    expect(await admit(granted, 60 * cent)).toMatchObject({
      reason: 'budget_exceeded',
      payer: 'app',
      budget: { holder: lent.id },
    });
    await limit(client.id, { limit: 151 * cent });
    expect(await admit(granted, 2 * cent)).toMatchObject({
      reason: 'budget_exceeded',
      budget: { holder: client.id },
    });
    expect(wordOf(await admit(granted, cent))).toBe('app');
  });

  test('a budget that is set later counts what its owner has paid, and nothing that the app did', async () => {
    const granted = await createPaid({ whenUsedUp: true, budgets: aDollar });
    const { user } = granted;
    await spend(granted, 100 * cent);
    await spend(granted, 70 * cent);
    await limit(user.id, { limit: 130 * cent });
    const month = { holder: user.id, provider: null, unit: 'nano_usd', period: 'month' } as const;
    await admit(granted, 1);
    const key = counterOf({ ...month, limit: 0, strict: false }, arena().clock.now);
    expect(await arena().stores[1].budgets.readCounters([key])).toMatchObject([{ spent: 100 * cent }]);
  });

  test('the calls that a user allows hold, whoever pays', async () => {
    const budgets = [{ limit_requests: 2, period: 'day' }] as const;
    const counted = await createPaid({ hasKey: false, budgets });
    await spend(counted, cent);
    await spend(counted, cent);
    expect(wordOf(await admit(counted, cent))).toBe('budget_exceeded');
    const atOnce = await createPaid({ hasKey: false, atOnce: 1 });
    expect(wordOf(await admit(atOnce, cent))).toBe('app');
    expect(wordOf(await admit(atOnce, cent, {}, 1))).toBe('budget_reserved');
  });

  test('of a budget of the key that an app pays with its owner is told, not the user', async () => {
    const granted = await createPaid({ hasKey: false });
    await limit(granted.lent.id, { limit: 100 * cent });
    await spend(granted, 60 * cent);
    const told: (string | null)[] = [];
    const call = callOf(granted, kid, { cost: costOf(cent) });
    await arena().stores[0].ledger.admit([call], [], ({ userId }) => told.push(userId));
    expect(told).toEqual([granted.owner.id]);
  });

  test('an app pays with one key for a provider at most, and of its owner only', async () => {
    const [store, other] = arena().stores;
    const { client, owner, lent, user } = await createPaid();
    const held = async () => (await other.credentials.listHeldBy(client.id)).map(({ id }) => id);
    const lend = (id: string, clientId = client.id) =>
      store.credentials.lend(wrapFor(id, clientId), asUser(owner));
    const next = await depositKey(store, owner);
    const anthropic = await depositKey(store, owner, { provider: 'anthropic' });
    expect(await lend(anthropic.id)).toBe(true);
    expect((await held()).sort()).toEqual([lent.id, anthropic.id].sort());
    expect(await lend(next.id)).toBe(true);
    expect(await lend(next.id)).toBe(true);
    expect((await held()).sort()).toEqual([next.id, anthropic.id].sort());
    expect(await lend((await depositKey(store, user)).id)).toBe(false);
    expect(await lend('key_unknown')).toBe(false);
    expect(await other.credentials.withdraw(client.id, 'openai', asUser(owner))).toBe(true);
    expect(await other.credentials.withdraw(client.id, 'openai', asUser(owner))).toBe(false);
    expect(await held()).toEqual([anthropic.id]);
    await store.clients.deleteClient(client.id, asUser(owner));
    expect(await held()).toEqual([]);
    expect(await lend(next.id)).toBe(false);
    expect(await actionsOn(other, client.id)).toEqual([
      'client.created',
      'client.key_lent',
      'client.key_lent',
      'client.key_lent',
      'client.key_lent',
      'client.key_withdrawn',
      'client.deleted',
    ]);
  });

  test('deleting the key of an app ends no grant, and its calls are paid for no more', async () => {
    const [store, other] = arena().stores;
    const granted = await createPaid({ hasKey: false });
    expect(await store.credentials.deleteCredential(granted.lent.id, operator)).toEqual([]);
    expect(await other.credentials.listHeldBy(granted.client.id)).toEqual([]);
    expect(await other.grants.findGrant(granted.grant.id)).toMatchObject({ revokedAt: null });
    expect(wordOf(await admit(granted, cent))).toBe('no_credential');
  });
}
