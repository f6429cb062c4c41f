import { beforeAll, beforeEach, expect, test } from 'vitest';
import { budgetsOfGrant, counterOf } from '../../src/store/budget.ts';
import type { Correction, Settlement } from '../../src/store/contract/ledger.ts';
import type { AccessBudget } from '../../src/store/records.ts';
import {
  type Arena,
  callOf,
  costOf,
  createGrant,
  createSigningKey,
  day,
  found,
  type Granted,
  settlementOf,
} from './world.ts';

const reserved = 1_000_000;
const monthly: AccessBudget = { limit_usd: '1.00', period: 'month' };
const all: readonly AccessBudget[] = [
  monthly,
  { limit_usd: '1.00', period: 'day', strict: true },
  { limit_requests: 10, period: 'month' },
];

export function corrections(arena: () => Arena): void {
  let kid = '';
  beforeAll(async () => {
    kid = await createSigningKey(arena());
  });
  beforeEach(() => {
    arena().clock.now = Date.UTC(2027, 3, 14, 12);
  });

  /** A call that nobody could tell the cost of when it ended, unless told otherwise. */
  const settledCall = async (granted: Granted, change: Partial<Settlement> = {}) => {
    const call = callOf(granted, kid, { cost: costOf(reserved) });
    await arena().stores[0].ledger.admit([call]);
    const unknown = { usage: null, costNanoUsd: null, countedNanoUsd: null, isEstimated: true };
    await arena().stores[0].ledger.settle([settlementOf(call.callId, { ...unknown, ...change })]);
    return call.callId;
  };
  const grantWith = (budgets: readonly AccessBudget[]) =>
    createGrant(arena(), {
      terms: { authorizationDetails: [{ type: 'provider_access', provider: 'openai', budgets }] },
    });
  const correctionOf = (callId: string, change: Partial<Correction> = {}): Correction => ({
    callId,
    usage: { input_tokens: 3 },
    costNanoUsd: 700,
    countedNanoUsd: 700,
    ...change,
  });
  const correct = (...asked: Parameters<typeof correctionOf>) =>
    arena().stores[1].ledger.correct(correctionOf(...asked));
  const spentOf = async ({ grant }: Granted, at = arena().clock.now) => {
    const keys = budgetsOfGrant(grant).map((budget) => counterOf(budget, at));
    return (await arena().stores[0].budgets.readCounters(keys)).map(({ spent }) => spent);
  };
  const callUnder = async ({ grant }: Granted) => {
    const [call] = await arena().stores[0].records.listCalls(
      { grantId: grant.id },
      { before: null, limit: 1 },
    );
    return found(call);
  };

  test('what a call came to, once it is known, counts in the place of the most that it could', async () => {
    const granted = await grantWith(all);
    const callId = await settledCall(granted);
    expect(await spentOf(granted)).toEqual([reserved, reserved, 1]);
    expect(await correct(callId)).toBe(true);
    expect(await spentOf(granted)).toEqual([700, 700, 1]);
    expect(await callUnder(granted)).toMatchObject({
      usage: { input_tokens: 3 },
      costNanoUsd: 700,
      countedNanoUsd: 700,
      reservedNanoUsd: reserved,
      outcome: 'answered',
    });
  });

  test('a call is corrected once', async () => {
    const granted = await grantWith(all);
    const callId = await settledCall(granted);
    expect([await correct(callId), await correct(callId, { countedNanoUsd: 9 })]).toEqual([true, false]);
    expect(await spentOf(granted)).toEqual([700, 700, 1]);
  });

  test('a call is corrected once by two at the same time', async () => {
    const granted = await grantWith(all);
    for (let round = 1; round <= 9; round += 1) {
      const correction = correctionOf(await settledCall(granted));
      const corrected = await Promise.all(
        arena().stores.flatMap(({ ledger }) => [ledger.correct(correction), ledger.correct(correction)]),
      );
      expect(corrected.filter(Boolean)).toHaveLength(1);
      expect(await spentOf(granted)).toEqual([700 * round, 700 * round, round]);
    }
  });

  test('what was only estimated is corrected in each budget by what it counted there', async () => {
    const granted = await grantWith(all);
    const callId = await settledCall(granted, { countedNanoUsd: 40_000, outcome: 'cut' });
    expect(await spentOf(granted)).toEqual([40_000, reserved, 1]);
    expect(await correct(callId, { costNanoUsd: 90_000, countedNanoUsd: 90_000 })).toBe(true);
    expect(await spentOf(granted)).toEqual([90_000, 90_000, 1]);
    expect(await callUnder(granted)).toMatchObject({ outcome: 'cut', costNanoUsd: 90_000 });
  });

  test('a cost that is known counts whole, one that is not no more than was reserved', async () => {
    const granted = await grantWith([monthly]);
    const dear = { countedNanoUsd: 3 * reserved };
    expect(await correct(await settledCall(granted), { ...dear, costNanoUsd: 3 * reserved })).toBe(true);
    expect(await spentOf(granted)).toEqual([3 * reserved]);
    const callId = await settledCall(granted);
    expect(await correct(callId, { ...dear, costNanoUsd: null })).toBe(true);
    expect(await spentOf(granted)).toEqual([4 * reserved]);
    expect(await callUnder(granted)).toMatchObject({ costNanoUsd: null, countedNanoUsd: reserved });
    expect(await correct(callId)).toBe(false);
  });

  test('it counts in the span of time that the call was admitted in', async () => {
    const granted = await grantWith([{ limit_usd: '1.00', period: 'day' }]);
    const callId = await settledCall(granted);
    const then = arena().clock.now;
    arena().clock.now += day;
    await settledCall(granted);
    expect(await correct(callId)).toBe(true);
    expect(await spentOf(granted, then)).toEqual([700]);
    expect(await spentOf(granted)).toEqual([reserved]);
  });

  test('what comes free is there for the next call', async () => {
    const granted = await grantWith([{ limit_usd: '0.0015', period: 'month' }]);
    const callId = await settledCall(granted);
    const next = callOf(granted, kid, { cost: costOf(reserved) });
    const [store] = arena().stores;
    expect(await store.ledger.admit([next])).toMatchObject([{ reason: 'budget_exceeded' }]);
    await correct(callId);
    expect(await store.ledger.admit([next])).toMatchObject([{ kind: 'admitted' }]);
  });

  test.each<[string, Partial<Settlement>]>([
    ['its usage', { usage: { input_tokens: 1 }, costNanoUsd: 5, countedNanoUsd: 5, isEstimated: false }],
    ['its usage but no price', { usage: { input_tokens: 1 }, countedNanoUsd: 5, isEstimated: false }],
    ['that it was never sent', { outcome: 'not_sent', costNanoUsd: 0, countedNanoUsd: 0 }],
    ['that it was refused', { status: 429, costNanoUsd: 0, countedNanoUsd: 0 }],
  ])('a call that was settled with %s stays as it is', async (_, settlement) => {
    const granted = await grantWith(all);
    const callId = await settledCall(granted, settlement);
    const before = await spentOf(granted);
    expect(await correct(callId)).toBe(false);
    expect(await spentOf(granted)).toEqual(before);
  });

  test('a call that is still under way, or not on record, is left alone', async () => {
    const granted = await grantWith(all);
    const call = callOf(granted, kid, { cost: costOf(reserved) });
    await arena().stores[0].ledger.admit([call]);
    expect([await correct(call.callId), await correct('call_none')]).toEqual([false, false]);
    expect(await callUnder(granted)).toMatchObject({ state: 'pending', usage: null });
    await arena().stores[0].ledger.settle([settlementOf(call.callId)]);
    expect(await spentOf(granted)).toEqual([1234, 1234, 1]);
  });

  test('a call that was lost with its instance is corrected as well', async () => {
    const [{ ledger, instances }] = arena().stores;
    const granted = await grantWith(all);
    const call = callOf(granted, kid, { cost: costOf(reserved), instanceId: 'ins_lost' });
    await instances.beat('ins_lost', 30);
    await ledger.admit([call]);
    arena().clock.now += 31_000;
    await instances.beat('ins_living', 30);
    await instances.recover('ins_living', 100);
    expect(await callUnder(granted)).toMatchObject({ outcome: 'lost', costNanoUsd: reserved });
    expect([await correct(call.callId), await correct(call.callId)]).toEqual([true, false]);
    expect(await spentOf(granted)).toEqual([700, 700, 1]);
  });
}
