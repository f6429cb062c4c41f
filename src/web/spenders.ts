import type { Deps } from '../deps.ts';
import { type Budget, budgetsOfAccess, counterOf } from '../store/budget.ts';
import type { GrantView } from '../store/contract/grants.ts';
import type { Credential, User } from '../store/records.ts';
import { type BudgetState, statesOf } from '../store/reservation.ts';
import { grantStatus } from '../store/standing.ts';
import { keyLabel } from './components/credential.tsx';

/** Whose calls count against budgets. */
export interface Spender {
  /** Of a user, credential or grant. */
  readonly id: string;
  readonly name: string;
  /** The page where its budgets are changed. */
  readonly path: string;
  readonly states: readonly BudgetState[];
}

/** Where these budgets stand now. */
export async function readStates(
  { store, clock }: Pick<Deps, 'store' | 'clock'>,
  budgets: readonly Budget[],
): Promise<readonly BudgetState[]> {
  const now = clock();
  const counters = await store.budgets.readCounters(budgets.map((budget) => counterOf(budget, now)));
  return statesOf(budgets, new Map(counters.map((counter) => [counter.id, counter])), now);
}

/** The budgets of a grant. */
export function budgetsOfGrant({ grant }: Pick<GrantView, 'grant'>): readonly Budget[] {
  return grant.authorizationDetails.flatMap((access) => budgetsOfAccess(grant.id, access));
}

/** All whose budgets a user can set: all apps together, each key, and each connected app. */
export async function readSpenders(
  deps: Pick<Deps, 'store' | 'clock'>,
  user: Pick<User, 'id'>,
  keys: readonly Credential[],
  views: readonly GrantView[],
): Promise<{
  readonly together: Spender;
  readonly keys: readonly Spender[];
  readonly apps: readonly Spender[];
}> {
  const now = deps.clock();
  const live = views.filter(({ grant }) => grantStatus(grant, now) === 'active');
  const own = await deps.store.budgets.listBudgets([user.id, ...keys.map(({ id }) => id)]);
  const states = await readStates(deps, [...own, ...live.flatMap(budgetsOfGrant)]);
  const spender = (id: string, name: string, path = '/spending') => ({
    id,
    name,
    path,
    states: states.filter(({ budget }) => budget.holder === id),
  });
  return {
    together: spender(user.id, 'All apps together'),
    keys: keys.map((key) => spender(key.id, `Key ${keyLabel(key)}`)),
    apps: live.map(({ grant, client }) => spender(grant.id, client.name, `/apps/${grant.id}`)),
  };
}
