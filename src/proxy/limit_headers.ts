import type { Left } from '../store/admission.ts';
import { dollarsOf } from '../store/budget.ts';
import { type BudgetState, leftOf } from '../store/reservation.ts';

/** Answers carry them where the grant has such limits. */
export const limitHeaderNames = ['coatcheck-budget', 'coatcheck-rate'] as const;

const [budgetHeader, rateHeader] = limitHeaderNames;

/**
 * What the grant still allows, as structured fields (RFC 9651): a list of its budgets, and its rate. What calls under way may
 * come to is taken for used.
 * @returns header names and values in turn
 */
export function limitHeaders({ budgets, rate }: Left): readonly string[] {
  return [
    ...(budgets.length > 0 ? [budgetHeader, budgets.map(budgetItem).join(', ')] : []),
    ...(rate ? [rateHeader, `requests;period=minute;limit=${rate.requestsPerMinute};left=${rate.left}`] : []),
  ];
}

const units = { nano_usd: 'usd', calls: 'requests', calls_at_once: 'concurrent-requests' };

function budgetItem(state: BudgetState): string {
  const { budget, key } = state;
  const { unit, period, limit } = budget;
  // A string: a decimal of this format has three digits behind the point at most.
  const written = (amount: number) => (unit === 'nano_usd' ? `"${dollarsOf(amount)}"` : String(amount));
  const reset = key.endsAt === null ? '' : `;reset=${key.endsAt / 1000}`;
  const span = unit === 'calls_at_once' ? '' : `;period=${period}`;
  return `${units[unit]}${span};limit=${written(limit)};left=${written(leftOf(state))}${reset}`;
}
