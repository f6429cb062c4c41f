import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newId } from '../../src/lib/ids.ts';
import type { AdmissionRequest, AdmissionResult } from '../../src/store/admission.ts';
import { type Budget, budgetsOfAccess, counterOf } from '../../src/store/budget.ts';
import type { AccessBudget, CallOutcome } from '../../src/store/records.ts';
import {
  type Arena,
  actionsOn,
  asUser,
  callOf,
  costOf,
  createGrant,
  createSigningKey,
  day,
  found,
  type Granted,
  minute,
  operator,
  settlementOf,
} from './world.ts';

const dollar = 1_000_000_000;
const cent = dollar / 100;

export function budgets(arena: () => Arena): void {
  let kid = '';
  beforeAll(async () => {
    kid = await createSigningKey(arena());
  });
  // A Monday at noon, in the middle of a month.
  beforeEach(() => {
    arena().clock.now = Date.UTC(2027, 1, 15, 12);
  });

  const accessWith = (budgets: readonly AccessBudget[], concurrent?: number) => ({
    type: 'provider_access' as const,
    provider: 'openai',
    ...(budgets.length > 0 && { budgets }),
    ...(concurrent !== undefined && { rate: { concurrent_requests: concurrent } }),
  });
  const grantWith = (budgets: readonly AccessBudget[], concurrent?: number): Promise<Granted> =>
    createGrant(arena(), { terms: { authorizationDetails: [accessWith(budgets, concurrent)] } });
  const aDollar: readonly AccessBudget[] = [{ limit_usd: '1.00', period: 'month' }];

  const admit = async (
    granted: Granted,
    nanoUsd: number,
    change: Partial<AdmissionRequest> = {},
    store: 0 | 1 = 0,
  ) => {
    const callId = newId('call', arena().clock.now);
    const call = callOf(granted, kid, { callId, cost: costOf(nanoUsd), ...change });
    const [result] = await arena().stores[store].ledger.admit([call]);
    return { callId, result: found(result) };
  };
  const wordOf = ({ result }: { readonly result: AdmissionResult }) =>
    result.kind === 'refused' ? result.reason : result.kind;
  const settle = async (
    callId: string,
    change: {
      readonly counted?: number | null;
      readonly outcome?: CallOutcome;
      readonly isEstimated?: boolean;
    } = {},
    store: 0 | 1 = 0,
  ) => {
    const { counted = 0, outcome = 'answered', isEstimated = false } = change;
    const settlement = settlementOf(callId, {
      outcome,
      costNanoUsd: counted,
      countedNanoUsd: counted,
      isEstimated,
    });
    const [settled] = await arena().stores[store].ledger.settle([settlement]);
    return settled;
  };
  /** Where the budgets of a grant stand, or others. */
  const standing = async ({ grant }: Granted, others?: readonly Budget[]) => {
    const [access] = grant.authorizationDetails;
    const all = others ?? (access ? budgetsOfAccess(grant.id, access) : []);
    const counters = await arena().stores[1].budgets.readCounters(
      all.map((budget) => counterOf(budget, arena().clock.now)),
    );
    return counters.map(({ spent, reserved }) => [spent, reserved]);
  };

  /** Calls that come to what they could, and the milestones that their user was told of, the last first. */
  const watched = (granted: Granted) => ({
    async spend(cents: number) {
      const { callId, result } = await admit(granted, cents * cent);
      if (result.kind === 'admitted') await settle(callId, { counted: cents * cent });
    },
    async told() {
      const events = await arena().stores[0].records.listAuditEvents({ userId: granted.user.id }, 100);
      return events.filter(({ action }) => action === 'budget.reached').map(({ detail }) => detail.percent);
    },
  });

  test('a call holds the most that it can cost until it is settled, and then what it came to', async () => {
    const granted = await grantWith(aDollar);
    const { callId, result } = await admit(granted, 40 * cent);
    expect(result).toMatchObject({ kind: 'admitted', reservedNanoUsd: 40 * cent });
    expect(await standing(granted)).toEqual([[0, 40 * cent]]);
    expect(await settle(callId, { counted: 7 }, 1)).toBe(true);
    expect(await standing(granted)).toEqual([[7, 0]]);
    expect(await settle(callId, { counted: 9 * cent })).toBe(false);
    expect(await standing(granted)).toEqual([[7, 0]]);
    const [call] = await arena().stores[0].records.listCalls(
      { grantId: granted.grant.id },
      { before: null, limit: 1 },
    );
    expect(call).toMatchObject({ reservedNanoUsd: 40 * cent, costNanoUsd: 7, countedNanoUsd: 7 });
  });

  test('what does not fit is refused: for now while others hold the rest, for good when it is used up', async () => {
    const granted = await grantWith(aDollar);
    const first = await admit(granted, 60 * cent);
    const second = await admit(granted, 41 * cent);
    expect(second.result).toMatchObject({
      kind: 'refused',
      reason: 'budget_reserved',
      budget: { unit: 'nano_usd', period: 'month', limit: dollar },
      endsAt: Date.UTC(2027, 2, 1),
    });
    expect(await standing(granted)).toEqual([[0, 60 * cent]]);
    await settle(first.callId, { counted: 60 * cent });
    expect(wordOf(await admit(granted, 41 * cent))).toBe('budget_exceeded');
    expect(wordOf(await admit(granted, 40 * cent))).toBe('admitted');
    expect(wordOf(await admit(granted, 1))).toBe('budget_reserved');
    expect(wordOf(await admit(granted, 0))).toBe('admitted');
  });

  test('a call that stands for several counts as so many, but once among those that go on', async () => {
    const granted = await grantWith([{ limit_requests: 10, period: 'day' }], 1);
    const many = (calls: number) => ({ cost: { ...costOf(cent), calls } });
    const first = await admit(granted, cent, many(4));
    expect(await standing(granted)).toEqual([
      [0, 4],
      [0, 1],
    ]);
    await settle(first.callId);
    expect(await standing(granted)).toEqual([
      [4, 0],
      [0, 0],
    ]);
    expect(wordOf(await admit(granted, cent, many(7)))).toBe('budget_exceeded');
    const second = await admit(granted, cent, many(6), 1);
    expect(wordOf(second)).toBe('admitted');
    await settle(second.callId, { outcome: 'not_sent' }, 1);
    expect(await standing(granted)).toEqual([
      [4, 0],
      [0, 0],
    ]);
  });

  test('what is settled along with a batch is free for it', async () => {
    const granted = await grantWith(aDollar);
    const { callId } = await admit(granted, dollar);
    const call = callOf(granted, kid, { cost: costOf(99 * cent) });
    const settlement = settlementOf(callId, { countedNanoUsd: cent });
    expect(await arena().stores[0].ledger.admit([call], [settlement])).toMatchObject([{ kind: 'admitted' }]);
    expect(await standing(granted)).toEqual([[cent, 99 * cent]]);
  });

  test('the calls of one batch do not exceed a budget together', async () => {
    const granted = await grantWith(aDollar);
    const batch = [70, 40, 30, 1].map((cents) => callOf(granted, kid, { cost: costOf(cents * cent) }));
    const results = await arena().stores[0].ledger.admit(batch);
    expect(results.map((result) => wordOf({ result }))).toEqual([
      'admitted',
      'budget_reserved',
      'admitted',
      'budget_reserved',
    ]);
    expect(await standing(granted)).toEqual([[0, dollar]]);
  });

  test('every budget has to hold a call, and a call that one refuses holds nothing of the others', async () => {
    const granted = await grantWith([
      { limit_usd: '1.00', limit_requests: 2, period: 'month' },
      { limit_usd: '0.50', period: 'day' },
    ]);
    expect(wordOf(await admit(granted, 30 * cent))).toBe('admitted');
    expect(wordOf(await admit(granted, 30 * cent))).toBe('budget_reserved');
    expect(await standing(granted)).toEqual([
      [0, 30 * cent],
      [0, 1],
      [0, 30 * cent],
    ]);
    expect(wordOf(await admit(granted, 0))).toBe('admitted');
    expect(wordOf(await admit(granted, 0))).toBe('budget_reserved');
  });

  test('a call that was never sent gives everything back', async () => {
    const granted = await grantWith([{ limit_usd: '1.00', limit_requests: 1, period: 'total' }], 1);
    const { callId } = await admit(granted, dollar);
    await settle(callId, { outcome: 'not_sent' });
    expect(await standing(granted)).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    expect(wordOf(await admit(granted, dollar))).toBe('admitted');
  });

  test('only so many calls go on at once, on both stores together', async () => {
    const granted = await grantWith([], 2);
    const first = await admit(granted, 0, {}, 0);
    expect(wordOf(await admit(granted, 0, {}, 1))).toBe('admitted');
    const third = await admit(granted, 0);
    expect(third.result).toMatchObject({ reason: 'budget_reserved', budget: { unit: 'calls_at_once' } });
    await settle(first.callId);
    expect(wordOf(await admit(granted, 0))).toBe('admitted');
    expect(await standing(granted)).toEqual([[0, 2]]);
  });

  test('what nobody knows counts as the most that it could have cost', async () => {
    const granted = await grantWith(aDollar);
    const { callId } = await admit(granted, 25 * cent);
    await settle(callId, { counted: null, outcome: 'aborted', isEstimated: true });
    expect(await standing(granted)).toEqual([[25 * cent, 0]]);
  });

  test('a strict budget takes no estimate', async () => {
    const strict = await grantWith([{ limit_usd: '1.00', period: 'month', strict: true }]);
    const lenient = await grantWith(aDollar);
    for (const granted of [strict, lenient]) {
      const aborted = await admit(granted, 25 * cent);
      await settle(aborted.callId, { counted: cent, outcome: 'aborted', isEstimated: true });
      const reported = await admit(granted, 25 * cent);
      await settle(reported.callId, { counted: 2 * cent });
    }
    expect(await standing(strict)).toEqual([[27 * cent, 0]]);
    expect(await standing(lenient)).toEqual([[3 * cent, 0]]);
  });

  test('each span of time begins anew, and a call counts in the one that it was admitted in', async () => {
    const { clock } = arena();
    const granted = await grantWith([
      { limit_usd: '1.00', period: 'day' },
      { limit_usd: '2.00', period: 'week' },
      { limit_usd: '3.00', period: 'month' },
      { limit_usd: '4.00', period: 'total' },
    ]);
    const spend = async () => {
      const { callId, result } = await admit(granted, dollar);
      if (result.kind === 'admitted') await settle(callId, { counted: dollar });
      return result.kind === 'admitted'
        ? 'admitted'
        : `${result.reason} ${'budget' in result && result.budget.period}`;
    };
    expect(await spend()).toBe('admitted');
    expect(await spend()).toBe('budget_exceeded day');
    clock.now += day;
    const tuesday = clock.now;
    const { callId } = await admit(granted, dollar);
    clock.now += day;
    expect(await standing(granted)).toMatchObject([
      [0, 0],
      [dollar, dollar],
      [dollar, dollar],
      [dollar, dollar],
    ]);
    await settle(callId, { counted: dollar });
    expect(await standing(granted)).toMatchObject([
      [0, 0],
      [2 * dollar, 0],
      [2 * dollar, 0],
      [2 * dollar, 0],
    ]);
    expect(await spend()).toBe('budget_exceeded week');
    clock.now = tuesday + 6 * day;
    expect(await spend()).toBe('admitted');
    clock.now += day;
    expect(await spend()).toBe('budget_exceeded month');
    clock.now = Date.UTC(2027, 2, 1);
    expect(await spend()).toBe('admitted');
    clock.now += 300 * day;
    expect(await spend()).toBe('budget_exceeded total');
  });

  test('what was used before a budget was set counts in it, each call once', async () => {
    const granted = await createGrant(arena());
    const used = async (counted: number | null, provider = 'openai') => {
      const { callId } = await admit(granted, 10 * cent, { provider });
      await settle(callId, { counted, isEstimated: counted === null });
    };
    arena().clock.now -= 40 * day;
    await used(50 * cent);
    arena().clock.now += 40 * day;
    await used(3);
    await used(null);
    const pending = await admit(granted, 20 * cent);
    const { grants } = arena().stores[1];
    const details = [accessWith([{ limit_usd: '1.00', limit_requests: 10, period: 'month' }])];
    await grants.changeLimits(granted.grant.id, granted.user.id, details, asUser(granted.user));
    const limited = { ...granted, grant: { ...granted.grant, authorizationDetails: details } };
    await settle(pending.callId, { counted: 1 });
    expect(await standing(limited)).toEqual([
      [10 * cent + 4, 0],
      [3, 0],
    ]);
    expect(wordOf(await admit(limited, dollar - 10 * cent - 3))).toBe('budget_exceeded');
    expect(wordOf(await admit(limited, dollar - 10 * cent - 4))).toBe('admitted');
  });

  test('limits that are set anew give no fresh start', async () => {
    const granted = await grantWith(aDollar);
    const { callId } = await admit(granted, 80 * cent);
    await settle(callId, { counted: 80 * cent });
    const raised = [accessWith([{ limit_usd: '2.00', period: 'month' }])];
    await arena().stores[0].grants.changeLimits(
      granted.grant.id,
      granted.user.id,
      raised,
      asUser(granted.user),
    );
    expect(wordOf(await admit(granted, 1.21 * dollar))).toBe('budget_exceeded');
    expect(wordOf(await admit(granted, 1.2 * dollar))).toBe('admitted');
  });

  test('a budget that is lowered while calls go on lets nothing through until they have given back what is beyond it', async () => {
    const granted = await grantWith(aDollar);
    const first = await admit(granted, 60 * cent);
    const lowered = [accessWith([{ limit_usd: '0.50', period: 'month' }])];
    const { grant, user } = granted;
    await arena().stores[1].grants.changeLimits(grant.id, user.id, lowered, asUser(user));
    expect(wordOf(await admit(granted, 1))).toBe('budget_reserved');
    await settle(first.callId, { counted: 20 * cent }, 1);
    expect(wordOf(await admit(granted, 30 * cent + 1))).toBe('budget_exceeded');
    expect(wordOf(await admit(granted, 30 * cent))).toBe('admitted');
  });

  describe.each([
    ['user', ({ user }: Granted) => user.id],
    ['client', ({ client }: Granted) => client.id],
    ['credential', ({ credential }: Granted) => credential.id],
  ])('a budget of a %s', (_kind, holderOf) => {
    const budgetOf = (granted: Granted, change: Partial<Budget> = {}) => ({
      holder: holderOf(granted),
      unit: 'nano_usd' as const,
      period: 'month' as const,
      limit: dollar,
      strict: false,
      ...change,
    });

    test('covers calls whose grant has no limit, until it is removed', async () => {
      const { stores } = arena();
      const granted = await createGrant(arena());
      const before = await admit(granted, 10 * cent);
      await settle(before.callId, { counted: 10 * cent });
      const budget = budgetOf(granted);
      await stores[0].budgets.setBudget(budget, granted.user.id, operator);
      const listed = { ...budget, provider: null };
      expect(await stores[1].budgets.listBudgets([budget.holder])).toEqual([listed]);
      expect(await stores[1].budgets.listBudgets('all')).toContainEqual(listed);
      expect(await stores[1].budgets.listBudgets([])).toEqual([]);
      expect(wordOf(await admit(granted, 91 * cent))).toBe('budget_exceeded');
      expect(wordOf(await admit(granted, 90 * cent, {}, 1))).toBe('admitted');
      const all = await stores[0].budgets.listBudgets([budget.holder]);
      expect(await standing(granted, all)).toEqual([[10 * cent, 90 * cent]]);
      const other = await createGrant(arena());
      expect(wordOf(await admit(other, 10 * dollar))).toBe('admitted');
      await stores[0].budgets.setBudget({ ...budget, limit: 3 * dollar }, granted.user.id, operator);
      expect(wordOf(await admit(granted, 2 * dollar))).toBe('admitted');
      expect(await stores[0].budgets.removeBudget(budget, granted.user.id, operator)).toBe(true);
      expect(await stores[0].budgets.removeBudget(budget, granted.user.id, operator)).toBe(false);
      expect(wordOf(await admit(granted, 5 * dollar))).toBe('admitted');
      expect(
        (await actionsOn(stores[0], budget.holder)).filter((action) => action.startsWith('budget')),
      ).toEqual(['budget.set', 'budget.set', 'budget.removed']);
    });
  });

  test('the budgets of a key and of an app go with them', async () => {
    const { stores } = arena();
    const { credential, client, user } = await createGrant(arena());
    const limit = { unit: 'calls', period: 'day', limit: 5, strict: false } as const;
    const holders = [credential.id, client.id];
    for (const holder of holders) await stores[0].budgets.setBudget({ holder, ...limit }, user.id, operator);
    expect(await stores[1].budgets.listBudgets(holders)).toHaveLength(2);
    await stores[0].credentials.deleteCredential(credential.id, operator);
    await stores[0].clients.deleteClient(client.id, operator);
    expect(await stores[1].budgets.listBudgets(holders)).toEqual([]);
  });

  test('of what a user may spend in all, the grants of several apps share', async () => {
    const { stores } = arena();
    const one = await createGrant(arena());
    const party = { ...one, client: (await createGrant(arena())).client };
    const other = await createGrant(arena(), { party });
    const holder = one.user.id;
    const budget = { holder, unit: 'nano_usd', period: 'day', limit: dollar, strict: false } as const;
    await stores[0].budgets.setBudget(budget, holder, operator);
    expect(wordOf(await admit(one, 60 * cent))).toBe('admitted');
    expect(wordOf(await admit(other, 60 * cent, {}, 1))).toBe('budget_reserved');
    expect(wordOf(await admit(other, 40 * cent, {}, 1))).toBe('admitted');
  });

  test('an answer whose length is open gets a quarter of what is free, and what is worth while at least', async () => {
    const granted = await grantWith(aDollar);
    const cost = { base: 0, perOutputToken: 10_000, longestOutput: 100_000 };
    const open = await admit(granted, 0, { cost });
    expect(open.result).toMatchObject({ outputCap: 25_000, reservedNanoUsd: 25 * cent });
    const next = await admit(granted, 0, { cost });
    expect(next.result).toMatchObject({ outputCap: 18_750 });
    const named = await admit(granted, 0, { cost, outputCap: 50_000 });
    expect(named.result).toMatchObject({ outputCap: null, reservedNanoUsd: 50 * cent });
    const little = await admit(granted, 0, { cost });
    expect(little.result).toMatchObject({ outputCap: 1562 });
    expect(wordOf(await admit(granted, 0, { cost: { ...cost, perOutputToken: 50_000 } }))).toBe(
      'budget_reserved',
    );
    const short = await admit(granted, 0, { cost: { ...cost, longestOutput: 500 } });
    expect(short.result).toMatchObject({ outputCap: 500 });
  });

  test('tools whose uses are open get a quarter of what is free, and one use at least, and the answer one of the rest', async () => {
    const granted = await grantWith(aDollar);
    const cost = { base: 1 * cent, perOutputToken: 10_000, longestOutput: 100_000 };
    const ask = async (each: number, outputCap: number | 'open' = 100) => {
      const toolUses = { each: each * cent, most: 10 };
      const { callId, result } = await admit(granted, 0, { cost: { ...cost, toolUses }, outputCap });
      await settle(callId);
      return result;
    };
    expect(await ask(1)).toMatchObject({ toolUses: 10, reservedNanoUsd: 11 * cent + 1_000_000 });
    expect(await ask(8)).toMatchObject({ toolUses: 3, reservedNanoUsd: 25 * cent + 1_000_000 });
    expect(await ask(60)).toMatchObject({ toolUses: 1, reservedNanoUsd: 61 * cent + 1_000_000 });
    // A quarter of 76 cents, one of which is taken.
    expect(await ask(8, 'open')).toMatchObject({ toolUses: 3, outputCap: 18_000 });
    expect(await ask(100)).toMatchObject({ kind: 'refused', reason: 'budget_exceeded' });
    const free = await grantWith([]);
    const { result } = await admit(free, 0, { cost: { ...cost, toolUses: { each: cent, most: 10 } } });
    expect(result).toMatchObject({ toolUses: null, reservedNanoUsd: 111 * cent });
  });

  test('half, four fifths and all of a budget are told once each', async () => {
    const { stores } = arena();
    const granted = await grantWith(aDollar);
    const { spend, told } = watched(granted);
    await spend(49);
    await spend(1);
    expect(await told()).toEqual([]);
    await spend(10);
    await spend(10);
    expect(await told()).toEqual([50]);
    await spend(20);
    await Promise.all([admit(granted, 1, {}, 0), admit(granted, 1, {}, 1)]);
    expect(await told()).toEqual([80, 50]);
    await spend(50);
    await spend(50);
    expect(await told()).toEqual([100, 80, 50]);
    const [event] = await stores[0].records.listAuditEvents({ userId: granted.user.id }, 1);
    expect(event).toMatchObject({
      actor: 'system',
      subject: granted.grant.id,
      detail: { percent: 100, provider: 'openai', unit: 'nano_usd', period: 'month', limit: dollar },
    });
  });

  test('a budget that is raised is told of again', async () => {
    const { stores } = arena();
    const granted = await grantWith(aDollar);
    const { spend, told } = watched(granted);
    await spend(90);
    await spend(20);
    expect(await told()).toEqual([100]);
    const raised = [accessWith([{ limit_usd: '1.80', period: 'month' }])];
    await stores[1].grants.changeLimits(granted.grant.id, granted.user.id, raised, asUser(granted.user));
    await spend(60);
    expect(await told()).toEqual([100]);
    await spend(1);
    expect(await told()).toEqual([80, 100]);
  });

  test('calls of an instance that is gone count as the most that they could cost', async () => {
    const { stores, clock } = arena();
    const granted = await grantWith([{ limit_usd: '1.00', limit_requests: 5, period: 'total' }], 5);
    const [gone, left] = [newId('ins'), newId('ins')];
    await stores[0].instances.beat(gone, 30);
    await admit(granted, 30 * cent, { instanceId: gone });
    await admit(granted, 20 * cent, { instanceId: gone });
    clock.now += minute;
    await stores[1].instances.beat(left, 30);
    expect(await stores[1].instances.recover(left, 1)).toMatchObject({ settled: 1 });
    expect(await stores[1].instances.recover(left, 10)).toMatchObject({ settled: 1 });
    expect(await standing(granted)).toEqual([
      [50 * cent, 0],
      [2, 0],
      [0, 0],
    ]);
  });

  test('a proof that is used twice holds nothing the second time', async () => {
    const granted = await grantWith(aDollar);
    const proof = { hash: newId('jti'), expiresAt: arena().clock.now + minute };
    const words = await Promise.all(
      [0, 1, 0, 1].map(async (store) =>
        wordOf(await admit(granted, 10 * cent, { proof }, store === 0 ? 0 : 1)),
      ),
    );
    expect(words.toSorted()).toEqual(['admitted', 'proof_replayed', 'proof_replayed', 'proof_replayed']);
    expect(await standing(granted)).toEqual([[0, 10 * cent]]);
  });

  test('whatever comes at once, on whichever store, no budget is exceeded and nothing stays reserved', async () => {
    const { stores } = arena();
    const limit = { limit_usd: '1.00', limit_requests: 60, period: 'month' } as const;
    const grants = [await grantWith([limit], 20), await grantWith([limit])];
    const [one] = grants;
    const holder = found(one).user.id;
    const over = { holder, unit: 'nano_usd', period: 'day', limit: 0.7 * dollar, strict: false } as const;
    await stores[0].budgets.setBudget(over, holder, operator);
    let draws = 1;
    const random = (below: number) => {
      draws = (draws * 48_271) % 2_147_483_647;
      return draws % below;
    };
    const billed = new Map<string, number>();
    const live = async (store: 0 | 1) => {
      for (let round = 0; round < 12; round += 1) {
        const batch = Array.from({ length: 1 + random(6) }, () =>
          callOf(found(grants[random(2)]), kid, { cost: costOf(random(8) * cent) }),
        );
        const results = await stores[store].ledger.admit(batch);
        const settlements = batch.flatMap((call, index) => {
          const result = results[index];
          if (result?.kind !== 'admitted') return [];
          const counted = random(result.reservedNanoUsd + 1);
          billed.set(result.grantId, (billed.get(result.grantId) ?? 0) + counted);
          return [settlementOf(call.callId, { costNanoUsd: counted, countedNanoUsd: counted })];
        });
        if (random(2) === 0) await stores[store].ledger.settle(settlements);
        else await stores[store].ledger.admit([], settlements);
      }
    };
    await Promise.all([live(0), live(1), live(0), live(1)]);
    for (const granted of grants) {
      const [dollars, calls] = await standing(granted);
      expect(dollars).toEqual([billed.get(granted.grant.id) ?? 0, 0]);
      expect(dollars?.[0]).toBeLessThanOrEqual(dollar);
      expect(calls?.[0]).toBeLessThanOrEqual(60);
      expect(calls?.[1]).toBe(0);
    }
    const [together] = await standing(found(one), [{ ...over, provider: null }]);
    expect(together).toEqual([billed.get(found(one).grant.id) ?? 0, 0]);
    expect(together?.[0]).toBeLessThanOrEqual(0.7 * dollar);
  });
}
