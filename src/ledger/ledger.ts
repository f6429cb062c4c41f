import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AdmissionRequest, AdmissionResult, BudgetNotice } from '../store/admission.ts';
import { type LedgerStore, OutcomeUnknown, type Settlement } from '../store/contract/ledger.ts';
import { isFlagged } from '../store/moderation.ts';
import { neverSent } from './never_sent.ts';

/**
 * Admission and settlement of calls. No call goes upstream without an admission, which puts it on record; each admitted
 * call is settled exactly once.
 */
export interface Ledger {
  /**
   * Asks for a call. What is asked within one turn of the event loop shares a transaction; while one is under way, calls of
   * the same families wait, and share the next.
   * @throws when the store fails; the call must not be forwarded then
   */
  admit(request: AdmissionRequest): Promise<AdmissionResult>;
  /** Hands in what a call came to. It is written with the next admissions, or after 25 ms. Never throws. */
  settle(settlement: Settlement): void;
  /** Writes what is waiting to be settled. */
  close(): Promise<void>;
}

export interface LedgerOptions {
  /** Hears of every failed attempt to settle; the settlements stay queued. */
  readonly onSettleError: (error: unknown, waiting: number) => void;
  /** Hears of each budget of which so much has been used that its user should know; the same of each once. Must not throw. */
  readonly onNotice?: (notice: BudgetNotice) => void;
  /** Hears of each flagged call, by its id, once it is settled; of one now and then twice. Must not throw. */
  readonly onFlagged?: (callId: string) => void;
}

const settleDelay = 25;
const retryDelay = 500;
/** Longer than a store works on a statement: what it has not done by then, it will not do. */
const doubtDelay = 10_000;
/** Calls admitted, and calls settled, in one transaction: keeps short how long others wait for its locks. */
const largestBatch = 64;

/** Transactions that admit calls at the same time: fewer than a store's connections, to leave some to everything else. */
const mostTransactions = 8;

/** In milliseconds: behind a transaction that takes longer, as when the store does not answer, nobody waits. */
const longestTurn = 1_000;

interface Waiting {
  readonly request: AdmissionRequest;
  readonly resolve: (result: AdmissionResult) => void;
  readonly reject: (error: unknown) => void;
}

/** A ledger on the store. Settlements that cannot be written are tried again every half second until it is closed. */
export function createLedger(
  store: Pick<LedgerStore, 'admit' | 'settle'>,
  { onSettleError, onNotice, onFlagged }: LedgerOptions,
): Ledger {
  let arrivals: Waiting[] = [];
  /** Families that have calls in a transaction. */
  const deciding = new Set<string>();
  const settlements: Settlement[] = [];
  const underWay = new Set<Promise<void>>();
  const doubts = new Map<NodeJS.Timeout, readonly Settlement[]>();
  let isScheduled = false;
  let timer: NodeJS.Timeout | undefined;
  let settling: Promise<void> | undefined;
  let hasFailed = false;

  const scheduleAdmission = () => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      const batch = takeBatch();
      if (batch.length === 0) return;
      const families = batch.map(({ request }) => request.familyId);
      for (const family of families) deciding.add(family);
      const release = () => {
        for (const family of families) deciding.delete(family);
        if (arrivals.length > 0) scheduleAdmission();
      };
      const overdue = setTimeout(release, longestTurn);
      const admission = admitBatch(batch).finally(() => {
        clearTimeout(overdue);
        underWay.delete(admission);
        release();
      });
      underWay.add(admission);
      // The rest waits its turn, so that the event loop gets one as well.
      if (arrivals.length > 0) scheduleAdmission();
    });
  };

  /** What counts against the same budgets as others under way would wait for the same rows, each with a connection. */
  const takeBatch = (): readonly Waiting[] => {
    if (underWay.size >= mostTransactions) return [];
    const batch = arrivals.filter(({ request }) => !deciding.has(request.familyId)).slice(0, largestBatch);
    const taken = new Set(batch);
    arrivals = arrivals.filter((waiting) => !taken.has(waiting));
    return batch;
  };

  const admitBatch = async (batch: readonly Waiting[]) => {
    const requests = batch.map(({ request }) => request);
    // What could not be written is tried again by itself: if it is to blame, it must not fail calls again.
    const settled = hasFailed ? [] : settlements.splice(0, largestBatch);
    if (settlements.length === 0) clearTimer();
    try {
      const results = await store.admit(requests, settled, onNotice);
      tellFlagged(settled);
      batch.forEach(({ resolve, reject }, index) => {
        const result = results[index];
        if (result) resolve(result);
        else reject(new Error('The store gave no decision'));
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
      if (error instanceof OutcomeUnknown) doubt(requests.map(({ callId }) => neverSent(callId)));
      if (settled.length > 0) keep(settled, error);
    }
  };

  const settleWaiting = (): Promise<void> => {
    clearTimer();
    settling ??= writeSettlements().finally(() => {
      settling = undefined;
    });
    return settling;
  };

  const writeSettlements = async () => {
    while (settlements.length > 0) {
      const part = settlements.splice(0, largestBatch);
      try {
        await store.settle(part);
        hasFailed = false;
        tellFlagged(part);
        // A store in this process answers without a pause, and much may have gathered.
        await nextTurn();
      } catch (error) {
        keep(part, error);
        return;
      }
    }
  };

  const tellFlagged = (settled: readonly Settlement[]) => {
    if (!onFlagged) return;
    for (const { callId, flags = null } of settled) if (isFlagged(flags)) onFlagged(callId);
  };

  /** Settlements can be written twice: the store settles a call once. */
  const keep = (part: readonly Settlement[], error: unknown) => {
    hasFailed = true;
    settlements.unshift(...part);
    onSettleError(error, settlements.length);
    clearTimer();
    scheduleSettling(retryDelay);
  };

  const scheduleSettling = (delay: number) => {
    timer ??= setTimeout(() => void settleWaiting(), delay);
  };

  const clearTimer = () => {
    clearTimeout(timer);
    timer = undefined;
  };

  /** Settles calls that may be on record, once it is certain whether they are. */
  const doubt = (calls: readonly Settlement[]) => {
    const doubtTimer = setTimeout(() => {
      doubts.delete(doubtTimer);
      settlements.push(...calls);
      scheduleSettling(settleDelay);
    }, doubtDelay);
    doubts.set(doubtTimer, calls);
  };

  return {
    admit(request) {
      return new Promise((resolve, reject) => {
        arrivals.push({ request, resolve, reject });
        scheduleAdmission();
      });
    },

    settle(settlement) {
      settlements.push(settlement);
      scheduleSettling(settleDelay);
    },

    async close() {
      while (arrivals.length > 0 || underWay.size > 0) await Promise.all([...underWay, nextTurn()]);
      await settling;
      for (const [doubtTimer, calls] of doubts) {
        clearTimeout(doubtTimer);
        settlements.push(...calls);
      }
      doubts.clear();
      // A settling under way may have begun before the last settlements came in.
      while (settlements.length > 0) {
        const before = settlements.length;
        await settleWaiting();
        if (settlements.length === before) break;
      }
      clearTimer();
    },
  };
}
