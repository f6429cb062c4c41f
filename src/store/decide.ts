import { covers } from '../lib/model_pattern.ts';
import type {
  AdmissionRefusal,
  AdmissionRequest,
  AdmissionResult,
  AdmissionRow,
  BudgetNotice,
  Decision,
  Left,
  PlainReason,
  RateStanding,
  RateState,
} from './admission.ts';
import {
  amountHeld,
  type Counter,
  type CounterKey,
  counterOf,
  milestoneReached,
  milestones,
} from './budget.ts';
import { strictest } from './moderation.ts';
import { countCall } from './rate.ts';
import type { Payer, ProviderAccess } from './records.ts';
import {
  type BudgetRefusal,
  type BudgetState,
  type Reservation,
  reserve,
  statesOf,
  type WantedOutput,
} from './reservation.ts';
import { accessOf, budgetsFor, isUsedUp, ownBudgets, type WayToPay, waysToPay } from './ways_to_pay.ts';

/** The counters that a batch is decided by, each once, by id. @param now the store's clock in milliseconds */
export function countersFor(
  requests: readonly AdmissionRequest[],
  rows: readonly (AdmissionRow | null)[],
  now: number,
): readonly CounterKey[] {
  const keys = new Map<string, CounterKey>();
  for (const [index, request] of requests.entries()) {
    const row = rows[index];
    for (const budget of row ? [...ownBudgets(row, request), ...row.budgets] : []) {
      const key = counterOf(budget, now);
      keys.set(key.id, key);
    }
  }
  return [...keys.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * Decides a batch of calls in arrival order, each by what the admitted ones before it have left. A call that is refused
 * changes nothing.
 * @param rows one per request, null where the family is unknown
 * @param counters those that `countersFor` names; one that is missing has not been used
 * @param now the store's clock in milliseconds, read after its locks
 */
export function decide(
  requests: readonly AdmissionRequest[],
  rows: readonly (AdmissionRow | null)[],
  counters: readonly Counter[],
  now: number,
): Decision {
  const batch: Batch = {
    now,
    proofs: new Set(),
    rates: new Map(),
    counters: new Map(counters.map((counter) => [counter.id, counter])),
    notices: new Map(),
  };
  const results = requests.map((request, index) => {
    const row = rows[index] ?? null;
    return row ? decideOne(batch, request, row) : refused('unknown_family');
  });
  return { results, rates: [...batch.rates.values()], notices: [...batch.notices.values()] };
}

/** What the calls of a batch have changed so far. */
interface Batch {
  readonly now: number;
  readonly proofs: Set<string>;
  readonly rates: Map<string, RateState>;
  readonly counters: Map<string, Counter>;
  readonly notices: Map<string, BudgetNotice>;
}

/** For a call that nothing else speaks against. */
export const proofReplayed = { kind: 'refused', reason: 'proof_replayed' } as const;

function decideOne(batch: Batch, request: AdmissionRequest, row: AdmissionRow): AdmissionResult {
  const { now, proofs, rates, counters } = batch;
  const { grantId, userId, clientId } = row;
  const { proof } = request;
  const standing = judgeStanding(request, row, now);
  if (standing) return refused(standing);
  const [way, otherWay] = waysToPay(row);
  if (!way) return refused('no_credential');
  if (way.credential.status === 'invalid') {
    return refused(way.payer === 'user' ? 'credential_invalid' : 'fallback_invalid');
  }
  const limits = [request.access, accessOf(row, request)].filter((access) => access !== null);
  const within = judgeLimits(limits, request);
  if (within.kind === 'refused') return within;
  if (proof && (row.proofIsUsed || proofs.has(proof.hash))) return proofReplayed;
  const first = pay(batch, request, row, way, within.output);
  const paid =
    otherWay && first.kind === 'refused' && isUsedUp(first, row)
      ? pay(batch, request, row, otherWay, within.output)
      : first;
  const left = (rate: RateStanding | null): Left => ({
    budgets: statesOf(ownBudgets(row, request), counters, now),
    rate,
  });
  if (paid.kind === 'refused') return { ...paid, left: left(null) };
  const rate = countRate(rates, request, row, now);
  if (rate?.kind === 'wait') {
    const { wait, standing } = rate;
    return { kind: 'refused', reason: 'rate_limited', wait, left: left(standing) };
  }

  if (proof) proofs.add(proof.hash);
  if (rate) rates.set(rate.key, rate.state);
  const { nanoUsd: reservedNanoUsd, held, output, toolUses } = paid.reservation;
  const { payer, holder } = paid.way;
  const { id, version, sandbox, exhaustedAt } = paid.way.credential;
  const { calls = 1 } = request.cost;
  for (const { budget, key, counter } of held) {
    const reserved = counter.reserved + amountHeld({ unit: budget.unit, calls }, reservedNanoUsd);
    counters.set(key.id, { ...counter, reserved });
  }
  return {
    kind: 'admitted',
    grantId,
    userId,
    clientId,
    payer,
    credential: { id, version, sandbox, exhaustedAt },
    holder,
    startedAt: now,
    limits,
    outputCap: output ?? within.injected,
    toolUses,
    reservedNanoUsd,
    moderation: strictest(row.moderation, row.requiredModeration),
    holds: held.map(({ budget: { unit, strict }, key }) => ({
      ...{ counter: key.id, unit, strict },
      ...(unit === 'calls' && calls !== 1 && { calls }),
    })),
    left: left(rate?.standing ?? null),
  };
}

/** Judges a call by everything that its token stands on. */
function judgeStanding(request: AdmissionRequest, row: AdmissionRow, now: number): PlainReason | null {
  if (!row.keyStands) return 'key_withdrawn';
  if (row.revoked) return 'grant_revoked';
  if (row.expiresAt !== null && row.expiresAt <= now) return 'grant_expired';
  if (row.userStatus !== 'active') return 'user_suspended';
  if (row.clientStatus !== 'active') return 'client_suspended';
  return hasScopes(row, request.scopes) ? null : 'insufficient_scope';
}

/**
 * Judges a call by limits of every kind that is not counted.
 * @returns how long the answer may get, and what has to be put in for that where no budget demands less
 */
function judgeLimits(
  limits: readonly ProviderAccess[],
  { models, outputCap, cost: { longestOutput } }: AdmissionRequest,
):
  | { readonly kind: 'within'; readonly output: WantedOutput; readonly injected: number | null }
  | AdmissionRefusal {
  const model = models.find((each) => !limits.every((access) => allowsModel(access, each)));
  if (model !== undefined) return { kind: 'refused', reason: 'model_not_allowed', model };
  const within = (most: number, isOpen = false, injected: number | null = null) =>
    ({ kind: 'within', output: { most, isOpen }, injected }) as const;
  const caps = limits.flatMap(({ max_output_tokens: cap }) => (cap === undefined ? [] : [cap]));
  const limit = Math.min(...caps);
  const most = Math.min(limit, longestOutput);
  if (outputCap === null) return within(0);
  if (outputCap === 'open') return within(most, true, caps.length > 0 ? most : null);
  if (outputCap === 'unbounded') return caps.length > 0 ? refused('output_unbounded') : within(most);
  if (outputCap > limit) return { kind: 'refused', reason: 'output_limit', limit };
  // What is asked for counts, also beyond what the model is said to write.
  return within(outputCap);
}

/** Reserves the cost of a call under the budgets that count for this way to pay. */
function pay(
  batch: Batch,
  request: AdmissionRequest,
  row: AdmissionRow,
  way: WayToPay,
  output: WantedOutput,
):
  | { readonly kind: 'paid'; readonly way: WayToPay; readonly reservation: Reservation }
  | (BudgetRefusal & { readonly payer: Payer }) {
  const states = statesOf(budgetsFor(row, request, way), batch.counters, batch.now);
  const reservation = reserve(states, request.cost, output);
  takeNotice(batch, row, states, reservation.kind === 'refused' ? reservation : null);
  return reservation.kind === 'refused'
    ? { ...reservation, payer: way.payer }
    : { kind: 'paid', way, reservation };
}

/** The last milestone before the end. */
const nearlyUsedUp = milestones[1];

/** Notes the budgets that have reached a milestone. One that refuses a call behind the last but one is as good as used up. */
function takeNotice(
  { notices }: Batch,
  { userId, clientId, fallback }: AdmissionRow,
  states: readonly BudgetState[],
  refusal: BudgetRefusal | null,
): void {
  for (const { budget, key, counter } of states) {
    const isUsedUp = refusal?.reason === 'budget_exceeded' && refusal.budget === budget;
    const reached = milestoneReached(counter.spent, budget);
    const percent = reached === nearlyUsedUp && isUsedUp ? 100 : reached;
    const isNews = percent > counter.noticed;
    const isRaised = percent < counter.noticed && percent < nearlyUsedUp;
    if (!isNews && !isRaised) continue;
    const owner = budget.holder === fallback?.id ? fallback.userId : userId;
    const isOfClient = budget.holder === clientId;
    notices.set(key.id, { counterId: key.id, budget, userId: isOfClient ? null : owner, percent, isNews });
  }
}

/** Counts a call against its grant's rate, if there is one. */
function countRate(
  rates: ReadonlyMap<string, RateState>,
  request: AdmissionRequest,
  row: AdmissionRow,
  now: number,
):
  | {
      readonly kind: 'counted';
      readonly key: string;
      readonly state: RateState;
      readonly standing: RateStanding;
    }
  | { readonly kind: 'wait'; readonly wait: number; readonly standing: RateStanding }
  | null {
  const requestsPerMinute = accessOf(row, request)?.rate?.requests_per_minute;
  if (requestsPerMinute === undefined) return null;
  const { grantId } = row;
  const { provider } = request;
  const key = `${grantId} ${provider}`;
  const standing = rates.get(key)?.theoreticalArrivalAt ?? row.theoreticalArrivalAt ?? 0;
  const counted = countCall(requestsPerMinute, standing, now);
  if (counted.kind === 'wait') {
    return { kind: 'wait', wait: counted.milliseconds, standing: { requestsPerMinute, left: 0 } };
  }
  const { theoreticalArrivalAt, left } = counted;
  return {
    kind: 'counted',
    key,
    state: { grantId, provider, theoreticalArrivalAt },
    standing: { requestsPerMinute, left },
  };
}

/** @param model null for one that the provider would choose, which only a pattern for all models stands for */
export function allowsModel({ models }: ProviderAccess, model: string | null): boolean {
  return models === undefined || models.some((pattern) => covers(pattern, model ?? ''));
}

function refused(reason: PlainReason): AdmissionRefusal {
  return { kind: 'refused', reason };
}

/** The effective scope is what both the family and its grant hold: a grant can shrink after its tokens were issued. */
function hasScopes({ familyScope, grantScope }: AdmissionRow, scopes: readonly string[]): boolean {
  const family = familyScope.split(' ');
  const grant = grantScope.split(' ');
  return scopes.every((scope) => family.includes(scope) && grant.includes(scope));
}
