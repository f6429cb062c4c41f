import type { RateState } from '../admission.ts';
import type { Budget, Counter, CounterKey } from '../budget.ts';
import type { Actor } from '../records.ts';

/** A budget of a user, a client or a credential, over all providers. */
export type HolderBudget = Omit<Budget, 'provider'>;

export interface BudgetStore {
  /**
   * Sets a budget, in the place of the one of this holder, unit and period. What counts so far stays.
   * @param userId whose trail tells of it; null: nobody's
   */
  setBudget(budget: HolderBudget, userId: string | null, actor: Actor): Promise<void>;
  /** @returns false when there is no such budget */
  removeBudget(
    budget: Pick<HolderBudget, 'holder' | 'unit' | 'period'>,
    userId: string | null,
    actor: Actor,
  ): Promise<boolean>;
  /** Those of these holders, or of all, in the order of the holders. */
  listBudgets(holders: readonly string[] | 'all'): Promise<readonly Budget[]>;
  /** Where counters stand, in the order of the keys. */
  readCounters(keys: readonly CounterKey[]): Promise<readonly Counter[]>;
  /** Where the rates of a grant stand, one for each provider that has ever had a limit on it. */
  readRates(grantId: string): Promise<readonly RateState[]>;
}
