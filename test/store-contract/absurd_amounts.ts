import { beforeAll, expect, test } from 'vitest';
import type { AdmissionRequest } from '../../src/store/admission.ts';
import { counterOf } from '../../src/store/budget.ts';
import { type Arena, callOf, createGrant, createSigningKey, operator, settlementOf } from './world.ts';

const largest = Number.MAX_SAFE_INTEGER;

export function absurdAmounts(arena: () => Arena): void {
  let kid = '';
  beforeAll(async () => {
    kid = await createSigningKey(arena());
  });
  const absurd: Partial<AdmissionRequest> = {
    cost: { base: 0, perOutputToken: 1_000_000, longestOutput: 1000 },
    outputCap: largest,
  };

  test('a call that asks for an answer without all measure takes no other down with it', async () => {
    const { ledger } = arena().stores[0];
    const granted = await createGrant(arena());
    const results = await ledger.admit([callOf(granted, kid, absurd), callOf(granted, kid)]);
    expect(results).toMatchObject([{ kind: 'admitted', reservedNanoUsd: largest }, { kind: 'admitted' }]);
  });

  test('what such calls count as uses a budget up, and no more', async () => {
    const { ledger, budgets } = arena().stores[0];
    const granted = await createGrant(arena());
    const holder = granted.user.id;
    const budget = { holder, unit: 'nano_usd', period: 'total', limit: 1000, strict: false } as const;
    const calls = [0, 1].map(() => callOf(granted, kid, absurd));
    await ledger.admit(calls);
    const unknown = { countedNanoUsd: null, costNanoUsd: null, isEstimated: true };
    await ledger.settle(calls.map(({ callId }) => settlementOf(callId, unknown)));
    await budgets.setBudget(budget, holder, operator);
    expect(await ledger.admit([callOf(granted, kid)])).toMatchObject([{ reason: 'budget_exceeded' }]);
    const counters = await budgets.readCounters([counterOf({ ...budget, provider: null }, 0)]);
    expect(counters).toMatchObject([{ spent: largest }]);
  });

  test('a provider that reports more than anything can cost uses a budget up, and no more', async () => {
    const { ledger, budgets } = arena().stores[0];
    const granted = await createGrant(arena());
    const holder = granted.user.id;
    const budget = { holder, unit: 'nano_usd', period: 'total', limit: largest, strict: false } as const;
    await budgets.setBudget(budget, holder, operator);
    const calls = [0, 1].map(() => callOf(granted, kid));
    await ledger.admit(calls);
    const beyond = { countedNanoUsd: largest, costNanoUsd: largest };
    for (const { callId } of calls) await ledger.settle([settlementOf(callId, beyond)]);
    const counters = await budgets.readCounters([counterOf({ ...budget, provider: null }, 0)]);
    expect(counters).toMatchObject([{ spent: largest, reserved: 0 }]);
    expect(await ledger.admit([callOf(granted, kid)])).toMatchObject([{ reason: 'budget_exceeded' }]);
  });
}
