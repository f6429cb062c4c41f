import { readBudgets } from '../grants/provider_access.ts';
import type { AccessBudget, Period } from '../store/records.ts';
import type { Complaints } from './components/form.tsx';

/** Spans of time that can be limited. */
export const periods = ['day', 'week', 'month', 'total'] as const satisfies readonly Period[];

const callNames = ['calls_day', 'calls_week', 'calls_month', 'calls_total'] as const;

/** Fields for budgets: the dollars and the requests of each span of time, and whether the dollars are strict. */
export const budgetNames = [...periods, ...callNames, 'strict'] as const;

export type BudgetName = (typeof budgetNames)[number];

/** What fields hold; empty where there is no limit. */
export type BudgetTexts = Readonly<Record<BudgetName, string>>;

/** Name and id of a field. @param prefix tells the fields of several forms apart: a provider, or who has the budgets */
export function fieldName(prefix: string, name: string): string {
  return `${prefix}_${name}`;
}

/** What somebody has typed into a field. */
export function typedText(form: URLSearchParams, prefix: string, name: string): string {
  return (form.get(fieldName(prefix, name)) ?? '').trim();
}

const amount = new Intl.NumberFormat('en-US', {
  useGrouping: false,
  minimumFractionDigits: 2,
  maximumFractionDigits: 9,
});

/** What the fields hold for these budgets. */
export function budgetTexts(budgets: readonly AccessBudget[]): BudgetTexts {
  const limit = (name: BudgetName, member: 'limit_usd' | 'limit_requests') =>
    budgets.find((budget) => name.endsWith(budget.period) && budget[member] !== undefined)?.[member];
  return budgetTextsOf((name) => {
    if (name === 'strict') return budgets.some(({ strict }) => strict) ? 'on' : '';
    if (name.startsWith('calls_')) return String(limit(name, 'limit_requests') ?? '');
    const dollars = limit(name, 'limit_usd');
    return dollars === undefined ? '' : amount.format(Number(dollars));
  });
}

const amountFor = (period: string) => `Write the amount ${period} with a point, such as 5 or 0.50.`;
const requestsFor = (period: string) =>
  `Write the number of requests ${period} in digits, from 1 to 1000000000.`;

export const budgetComplaints: BudgetTexts = {
  day: amountFor('for a day'),
  week: amountFor('for a week'),
  month: amountFor('for a month'),
  total: amountFor('in total'),
  calls_day: requestsFor('for a day'),
  calls_week: requestsFor('for a week'),
  calls_month: requestsFor('for a month'),
  calls_total: requestsFor('in total'),
  strict: '',
};

/** The budgets that were typed, unchecked. */
export function typedBudgets(typed: BudgetTexts): readonly unknown[] {
  return periods.flatMap((period) => {
    const text = typed[period].replace(/^\$\s*/, '');
    const requests = typed[`calls_${period}`];
    if (text === '' && requests === '') return [];
    return [
      {
        ...(text !== '' && {
          limit_usd: /^\d+(\.\d{1,9})?$/.test(text) ? amount.format(Number(text)) : text,
        }),
        ...(requests !== '' && { limit_requests: wholeNumber(requests) }),
        period,
        ...(text !== '' && typed.strict !== '' && { strict: true }),
      },
    ];
  });
}

/** Not a number where it is written otherwise: points and commas mean different things to different people. */
export function wholeNumber(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

/**
 * Reads budgets that stand alone.
 * @returns what was typed, and what is wrong with it, by field; `budgets` are of use when nothing is
 */
export function readBudgetForm(
  form: URLSearchParams,
  prefix: string,
): {
  readonly typed: BudgetTexts;
  readonly budgets: readonly AccessBudget[];
  readonly complaints: Complaints;
} {
  const typed = budgetTextsOf((name) => typedText(form, prefix, name));
  const wrong = budgetNames.filter((name) => {
    const alone = budgetTextsOf((other) => (other === name ? typed[name] : ''));
    return typed[name] !== '' && name !== 'strict' && readBudgets(typedBudgets(alone)).kind === 'refused';
  });
  const read = readBudgets(typedBudgets(typed));
  return {
    typed,
    budgets: read.kind === 'read' ? read.budgets : [],
    complaints: Object.fromEntries(wrong.map((name) => [fieldName(prefix, name), budgetComplaints[name]])),
  };
}

function budgetTextsOf(of: (name: BudgetName) => string): BudgetTexts {
  return Object.fromEntries(budgetNames.map((name) => [name, of(name)])) as BudgetTexts;
}
