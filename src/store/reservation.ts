import {
  amountHeld,
  type Budget,
  type Counter,
  type CounterKey,
  counterOf,
  freshCounter,
  largestAmount,
} from './budget.ts';

/** What a call can cost at most: `base + toolUses.each × uses + perOutputToken × tokens of an answer`, in nano-USD. */
export interface CallCost {
  readonly base: number;
  readonly perOutputToken: number;
  /** The most tokens that the model can write. */
  readonly longestOutput: number;
  /** What each use of the provider's tools adds, and how many of them the broker may allow; absent where none are left to it. */
  readonly toolUses?: { readonly each: number; readonly most: number };
  /** How many calls it stands for, where that is not one. */
  readonly calls?: number;
}

/** How long the answer of a call may get. */
export interface WantedOutput {
  /** In tokens. */
  readonly most: number;
  /** The broker may choose less. */
  readonly isOpen: boolean;
}

/** A budget and where it stands. */
export interface BudgetState {
  readonly budget: Budget;
  readonly key: CounterKey;
  readonly counter: Counter;
}

export interface Reservation {
  readonly kind: 'reserved';
  readonly nanoUsd: number;
  /** Tokens that the answer may have, chosen for the sake of a budget; null: none had a say. */
  readonly output: number | null;
  /** Uses of the provider's tools that the call may make, chosen likewise. */
  readonly toolUses: number | null;
  /** The budgets of which the call holds something. */
  readonly held: readonly BudgetState[];
}

export interface BudgetRefusal {
  readonly kind: 'refused';
  /** `budget_reserved`: what is missing is held by other calls, and may come free when they end. */
  readonly reason: 'budget_exceeded' | 'budget_reserved';
  readonly budget: Budget;
  /** What the call can come to at most, in nano-USD. */
  readonly nanoUsd: number;
  /** What of the budget has not been used, whether other calls hold it or not. */
  readonly unspent: number;
  /** When the budget begins anew, in milliseconds since the epoch; null: never. */
  readonly endsAt: number | null;
}

/** What a call leaves open, of uses of tools and of the length of its answer, gets this part of what is free, so that others can be paid for beside it, */
const share = 1 / 4;
/** but not less than one use, and so many tokens: shorter, it would be of little use. */
const leastAnswer = 1024;

/** Where these budgets stand. @param now milliseconds since the epoch */
export function statesOf(
  budgets: readonly Budget[],
  counters: ReadonlyMap<string, Counter>,
  now: number,
): readonly BudgetState[] {
  return budgets.map((budget) => {
    const key = counterOf(budget, now);
    return { budget, key, counter: counters.get(key.id) ?? freshCounter(key.id) };
  });
}

/** What of a budget neither has been used nor is held. */
function freeOf({ budget, counter }: BudgetState): number {
  return budget.limit - counter.spent - counter.reserved;
}

/** What of a budget may still be used. What calls under way may come to is taken for used. */
export function leftOf(state: BudgetState): number {
  return Math.max(0, freeOf(state));
}

/** The largest amount that a call may come to under these budgets, if it fits into what is left of each. */
export function reserve(
  states: readonly BudgetState[],
  cost: CallCost,
  { most, isOpen }: WantedOutput,
): Reservation | BudgetRefusal {
  const { calls = 1 } = cost;
  const inDollars = states.filter(({ budget }) => budget.unit === 'nano_usd');
  const isChosen = isOpen && cost.perOutputToken > 0 && inDollars.length > 0;
  const free = Math.min(...inDollars.map(freeOf));
  const { each, most: mostUses } = cost.toolUses ?? { each: 0, most: 0 };
  const areUsesChosen = each > 0 && inDollars.length > 0;
  const uses = areUsesChosen ? Math.min(mostUses, usesFor(free, each, cost)) : mostUses;
  const tokens = isChosen ? Math.min(most, answerFor(free - uses * each, cost)) : most;
  const nanoUsd = Math.min(Math.ceil(cost.base + uses * each + tokens * cost.perOutputToken), largestAmount);
  const held = nanoUsd > 0 ? states : states.filter((state) => !inDollars.includes(state));
  const lacks = (left: (state: BudgetState) => number) =>
    held.find((state) => amountHeld({ unit: state.budget.unit, calls }, nanoUsd) > left(state));
  const usedUp = lacks(({ budget, counter }) => budget.limit - counter.spent);
  if (usedUp) return refusal('budget_exceeded', usedUp, nanoUsd);
  const reserved = lacks(freeOf);
  if (reserved) return refusal('budget_reserved', reserved, nanoUsd);
  return {
    kind: 'reserved',
    nanoUsd,
    output: isChosen ? tokens : null,
    toolUses: areUsesChosen ? uses : null,
    held,
  };
}

/** The uses of tools that the broker allows of its own choice. */
function usesFor(free: number, each: number, { base }: CallCost): number {
  return Math.max(Math.floor((free * share - base) / each), 1);
}

/** The tokens that the broker gives an answer of its own choice. */
function answerFor(free: number, { base, perOutputToken }: CallCost): number {
  return Math.max(Math.floor((free * share - base) / perOutputToken), leastAnswer);
}

function refusal(
  reason: BudgetRefusal['reason'],
  { budget, counter, key: { endsAt } }: BudgetState,
  nanoUsd: number,
): BudgetRefusal {
  const unspent = Math.max(0, budget.limit - counter.spent);
  return { kind: 'refused', reason, budget, nanoUsd, unspent, endsAt };
}
