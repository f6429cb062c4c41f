import { type Budget, counterOf } from '../store/budget.ts';
import type { BudgetStore } from '../store/contract/budgets.ts';
import { type BudgetState, statesOf } from '../store/reservation.ts';

/** Where these budgets stand. @param now milliseconds since the epoch */
export async function readStates(
  store: BudgetStore,
  budgets: readonly Budget[],
  now: number,
): Promise<readonly BudgetState[]> {
  const counters = await store.readCounters(budgets.map((budget) => counterOf(budget, now)));
  return statesOf(budgets, new Map(counters.map((counter) => [counter.id, counter])), now);
}
