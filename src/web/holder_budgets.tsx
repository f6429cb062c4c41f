import { isDeepStrictEqual } from 'node:util';
import { type Budget, budgetsOfLimits, dollarsOf } from '../store/budget.ts';
import type { BudgetStore } from '../store/contract/budgets.ts';
import type { AccessBudget, Actor } from '../store/records.ts';
import type { BudgetState } from '../store/reservation.ts';
import { type BudgetTexts, budgetTexts, readBudgetForm } from './budget_texts.ts';
import { BudgetList } from './components/budgets.tsx';
import { type Complaints, Form, isInvalid } from './components/form.tsx';
import { BudgetForm } from './components/limits.tsx';

/** A form for budgets that came back with complaints. */
export interface RefusedBudgets {
  readonly holder: string;
  readonly typed: BudgetTexts;
  readonly complaints: Complaints;
}

/** Where the budgets of a user, key or client stand, and the form that changes them. */
export function HolderBudgets(props: {
  readonly holder: string;
  readonly states: readonly BudgetState[];
  /** On what opens the form. */
  readonly label?: string;
  readonly action: string;
  readonly csrf: string;
  readonly refused: RefusedBudgets | null;
}) {
  const { holder, states, action, csrf } = props;
  const { label = states.length === 0 ? 'Set limits' : 'Change the limits' } = props;
  const refused = props.refused?.holder === holder ? props.refused : null;
  const texts = refused?.typed ?? budgetTexts(states.map(({ budget }) => limitOf(budget)));
  return (
    <>
      {states.length > 0 && <BudgetList states={states} />}
      <details class="more" open={refused !== null}>
        <summary>{label}</summary>
        <Form action={action} csrf={csrf}>
          <input type="hidden" name="holder" value={holder} />
          <p class="hint">An empty field means no limit. What was used before counts.</p>
          <BudgetForm prefix={holder} texts={texts} complaints={refused?.complaints ?? {}} />
          <button type="submit">Save the limits</button>
        </Form>
      </details>
    </>
  );
}

/** A budget as limits have it. */
function limitOf({ unit, period, limit, strict }: Budget): AccessBudget {
  switch (unit) {
    case 'nano_usd':
      return { limit_usd: dollarsOf(limit), period, strict };
    case 'calls':
      return { limit_requests: limit, period };
    case 'calls_at_once':
      return { period };
  }
}

/**
 * Puts what a form says in the place of a holder's budgets, but for those that no form shows.
 * @param userId whose trail tells of it; null: nobody's
 * @returns null when they are saved
 */
export async function saveBudgets(
  store: BudgetStore,
  form: URLSearchParams,
  holder: string,
  userId: string | null,
  actor: Actor,
): Promise<RefusedBudgets | null> {
  const { typed, budgets, complaints } = readBudgetForm(form, holder);
  if (isInvalid(complaints)) return { holder, typed, complaints };
  const held = (await store.listBudgets([holder])).filter(({ unit }) => unit !== 'calls_at_once');
  const wanted = budgetsOfLimits({ holder, provider: null }, budgets);
  for (const budget of wanted) {
    if (!held.some((one) => isDeepStrictEqual(one, budget))) await store.setBudget(budget, userId, actor);
  }
  for (const budget of held) {
    if (!wanted.some(({ unit, period }) => budget.unit === unit && budget.period === period)) {
      await store.removeBudget(budget, userId, actor);
    }
  }
  return null;
}
