import type { CounterKey } from './budget.ts';

/** How what was used before a counter was made is added up from the records of calls; the SQL is that of both dialects. */
export interface CounterSeed {
  /** Of `calls`, that names the holder. */
  readonly column: string;
  /** Of each call. */
  readonly amount: string;
  /** No id of a call that counts was made before, in milliseconds since the epoch. */
  readonly madeAfter: number;
}

const columns: Readonly<Record<string, string>> = {
  grt: 'grant_id',
  usr: 'user_id',
  cli: 'client_id',
  key: 'credential_id',
};

/** A call that is still pending then counts as the most it can cost, for good: it holds nothing that could be given back. */
const amounts = {
  nano_usd: 'coalesce(counted_nano_usd, cost_nano_usd, reserved_nano_usd)',
  calls: "CASE WHEN outcome = 'not_sent' THEN 0 ELSE 1 END",
  calls_at_once: null,
};

/** What an app paid is nothing to budgets in dollars of the user or a grant. */
const paidByUser = (amount: string) => `CASE payer WHEN 'user' THEN ${amount} ELSE 0 END`;

/** Ids are made by the clocks of instances, which may differ from the store's. */
const clockSkew = 60 * 60 * 1000;

/** @returns null for a counter that begins with nothing */
export function usedBefore({ holder, unit, startsAt }: CounterKey): CounterSeed | null {
  const column = columns[holder.slice(0, holder.indexOf('_'))];
  const amount = amounts[unit];
  if (column === undefined || amount === null) return null;
  const isOfUser = unit === 'nano_usd' && (column === 'user_id' || column === 'grant_id');
  return {
    column,
    amount: isOfUser ? paidByUser(amount) : amount,
    madeAfter: Math.max(0, startsAt - clockSkew),
  };
}
