import type { Deps } from '../deps.ts';
import { readStates } from '../ledger/budget_states.ts';
import { budgetsOfGrant } from '../store/budget.ts';
import type { GrantView } from '../store/contract/grants.ts';
import type { Credential, User } from '../store/records.ts';
import type { BudgetState } from '../store/reservation.ts';
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

/** All whose budgets a user can set: all apps together, each key, and each connected app. */
export async function readSpenders(
  { store: { budgets }, clock }: Pick<Deps, 'store' | 'clock'>,
  user: Pick<User, 'id'>,
  keys: readonly Credential[],
  views: readonly GrantView[],
): Promise<{
  readonly together: Spender;
  readonly keys: readonly Spender[];
  readonly apps: readonly Spender[];
}> {
  const now = clock();
  const live = views.filter(({ grant }) => grantStatus(grant, now) === 'active');
  const own = await budgets.listBudgets([user.id, ...keys.map(({ id }) => id)]);
  const ofApps = live.flatMap(({ grant }) => budgetsOfGrant(grant));
  const states = await readStates(budgets, [...own, ...ofApps], now);
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
