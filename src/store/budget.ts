import type { AccessBudget, CallOutcome, Grant, Period, ProviderAccess } from './records.ts';

/** What a budget counts: nano-USD, calls, or calls that go on at the same time. */
export type BudgetUnit = 'nano_usd' | 'calls' | 'calls_at_once';

/** What amounts are counted up to, in nano-USD: nine million dollars. Beyond, they would not be exact. */
export const largestAmount = Number.MAX_SAFE_INTEGER;

/** A limit on what calls may come to, all together, in each span of time. */
export interface Budget {
  /** Id of the grant, user, credential or client whose calls count. */
  readonly holder: string;
  /** Only calls to this provider count; null: all do. */
  readonly provider: string | null;
  readonly unit: BudgetUnit;
  readonly period: Period;
  /** In its unit. */
  readonly limit: number;
  /** What a call has used counts as the most it could have, unless the provider reports it. */
  readonly strict: boolean;
}

/** What names the counter of a budget in one span of time, and is needed to make it. */
export interface CounterKey extends Pick<Budget, 'holder' | 'provider' | 'unit'> {
  readonly id: string;
  /** Milliseconds since the epoch; 0 where it counts for good. */
  readonly startsAt: number;
  readonly endsAt: number | null;
}

/** Where a counter stands, in its unit. */
export interface Counter {
  readonly id: string;
  /** What settled calls came to. */
  readonly spent: number;
  /** What calls under way may still come to. */
  readonly reserved: number;
  /** The highest percentage that its user was told to have been reached. */
  readonly noticed: number;
}

/** What a call under way has reserved of a counter: its largest cost, or 1 where calls are counted. */
export interface Hold extends Pick<Budget, 'unit' | 'strict'> {
  readonly counter: string;
  /** How many calls it counts as, where that is not one. */
  readonly calls?: number;
}

/** A counter of which nothing has been used. */
export function freshCounter(id: string): Counter {
  return { id, spent: 0, reserved: 0, noticed: 0 };
}

/** The budgets that a grant's limits on a provider contain. */
export function budgetsOfAccess(holder: string, access: ProviderAccess): readonly Budget[] {
  const { provider, budgets = [], rate } = access;
  const own = { holder, provider };
  const atOnce = rate?.concurrent_requests;
  return [
    ...budgetsOfLimits(own, budgets),
    ...(atOnce === undefined
      ? []
      : [{ ...own, unit: 'calls_at_once', period: 'total', limit: atOnce, strict: false } as const]),
  ];
}

/** The budgets of a grant itself. */
export function budgetsOfGrant({
  id,
  authorizationDetails,
}: Pick<Grant, 'id' | 'authorizationDetails'>): readonly Budget[] {
  return authorizationDetails.flatMap((access) => budgetsOfAccess(id, access));
}

/** The budgets that limits contain. */
export function budgetsOfLimits(
  own: Pick<Budget, 'holder' | 'provider'>,
  limits: readonly AccessBudget[],
): readonly Budget[] {
  return limits.flatMap(({ limit_usd, limit_requests, period, strict = false }): readonly Budget[] => [
    ...(limit_usd === undefined
      ? []
      : [{ ...own, unit: 'nano_usd', period, limit: nanoUsdOf(limit_usd), strict } as const]),
    ...(limit_requests === undefined
      ? []
      : [{ ...own, unit: 'calls', period, limit: limit_requests, strict: false } as const]),
  ]);
}

/** Decimal dollars as integer nano-USD, without the detour by a fraction that a float would round. */
function nanoUsdOf(dollars: string): number {
  const [whole = '', fraction = ''] = dollars.split('.');
  return Number(whole) * 1e9 + Number(fraction.slice(0, 9).padEnd(9, '0'));
}

/** Nano-USD as decimal dollars, exactly. */
export function dollarsOf(nanoUsd: number): string {
  const fraction = String(nanoUsd % 1e9).padStart(9, '0');
  return `${Math.floor(nanoUsd / 1e9)}.${fraction.replace(/0{1,7}$/, '')}`;
}

/** The counter of a budget at a time. @param now milliseconds since the epoch */
export function counterOf({ holder, provider, unit, period }: Budget, now: number): CounterKey {
  const window = windowOf(period, now);
  const id = [holder, provider ?? '*', unit, period, window.startsAt].join(' ');
  return { id, holder, provider, unit, ...window };
}

/** The span of time of this kind that a time is in, by UTC; weeks begin on Monday. @param now milliseconds since the epoch */
function windowOf(period: Period, now: number): Pick<CounterKey, 'startsAt' | 'endsAt'> {
  const date = new Date(now);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  switch (period) {
    case 'day':
      return { startsAt: Date.UTC(year, month, day), endsAt: Date.UTC(year, month, day + 1) };
    case 'week': {
      const monday = day - ((date.getUTCDay() + 6) % 7);
      return { startsAt: Date.UTC(year, month, monday), endsAt: Date.UTC(year, month, monday + 7) };
    }
    case 'month':
      return { startsAt: Date.UTC(year, month), endsAt: Date.UTC(year, month + 1) };
    case 'total':
      return { startsAt: 0, endsAt: null };
  }
}

/** What a user is told of, in per cent of a budget. */
export const milestones = [100, 80, 50] as const;

/** The highest milestone that has been reached; 0: none. */
export function milestoneReached(spent: number, { limit }: Pick<Budget, 'limit'>): number {
  return milestones.find((milestone) => spent * 100 >= limit * milestone) ?? 0;
}

/** What a call holds of a counter. */
export function amountHeld(
  { unit, calls = 1 }: Pick<Hold, 'unit' | 'calls'>,
  reservedNanoUsd: number,
): number {
  if (unit === 'nano_usd') return reservedNanoUsd;
  return unit === 'calls' ? calls : 1;
}

/** What a settled call counts as, in place of what it held. */
export function amountCounted(
  { unit, strict, calls = 1 }: Hold,
  call: {
    readonly outcome: CallOutcome;
    readonly reservedNanoUsd: number;
    readonly countedNanoUsd: number | null;
    readonly isEstimated: boolean;
  },
): number {
  switch (unit) {
    case 'calls_at_once':
      return 0;
    case 'calls':
      return call.outcome === 'not_sent' ? 0 : calls;
    case 'nano_usd':
      return (strict && call.isEstimated ? null : call.countedNanoUsd) ?? call.reservedNanoUsd;
  }
}
