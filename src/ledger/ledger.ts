import type { AdmissionRequest, AdmissionResult } from '../store/admission.ts';
import { type LedgerStore, OutcomeUnknown, type Settlement } from '../store/store.ts';
import { neverSent } from './never_sent.ts';

/**
 * Admission and settlement of calls. No call goes upstream without an admission, which puts it on record; each admitted
 * call is settled exactly once.
 */
export interface Ledger {
  /**
   * Asks for a call. Everything asked within one turn of the event loop shares one transaction.
   * @throws when the store fails; the call must not be forwarded then
   */
  admit(request: AdmissionRequest): Promise<AdmissionResult>;
  /** Hands in what a call came to. It is written with the next batch, or after 25 ms. Never throws. */
  settle(settlement: Settlement): void;
  /** Writes what is waiting to be settled. */
  close(): Promise<void>;
}

export interface LedgerOptions {
  /** Hears of every failed attempt to settle; the settlements stay queued. */
  readonly onSettleError: (error: unknown, waiting: number) => void;
}

const settleDelay = 25;
const retryDelay = 500;
/** Longer than a store works on a statement: what it has not done by then, it will not do. */
const doubtDelay = 10_000;
/** Keeps a transaction, and with it the time others wait for the write lock, short. */
const largestBatch = 64;

interface Waiting {
  readonly request: AdmissionRequest;
  readonly resolve: (result: AdmissionResult) => void;
  readonly reject: (error: unknown) => void;
}

/** A ledger on the store. Settlements that cannot be written are tried again every half second until it is closed. */
export function createLedger(store: LedgerStore, { onSettleError }: LedgerOptions): Ledger {
  let arrivals: Waiting[] = [];
  let settlements: Settlement[] = [];
  let timer: NodeJS.Timeout | undefined;
  let settling: Promise<void> | undefined;
  const doubts = new Map<NodeJS.Timeout, readonly Settlement[]>();

  const admitArrivals = async () => {
    const batch = arrivals;
    arrivals = [];
    for (let start = 0; start < batch.length; start += largestBatch) {
      const part = batch.slice(start, start + largestBatch);
      try {
        const results = await store.admit(part.map(({ request }) => request));
        part.forEach(({ resolve, reject }, index) => {
          const result = results[index];
          if (result) resolve(result);
          else reject(new Error('The store gave no decision'));
        });
      } catch (error) {
        for (const { reject } of part) reject(error);
        if (error instanceof OutcomeUnknown) doubt(part.map(({ request }) => neverSent(request.callId)));
      }
    }
    if (settlements.length >= largestBatch) void settleWaiting();
  };

  const settleWaiting = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    settling ??= writeSettlements().finally(() => {
      settling = undefined;
    });
    return settling;
  };

  const writeSettlements = async () => {
    while (settlements.length > 0) {
      const part = settlements.slice(0, largestBatch);
      try {
        await store.settle(part);
        settlements = settlements.slice(part.length);
      } catch (error) {
        onSettleError(error, settlements.length);
        scheduleSettling(retryDelay);
        return;
      }
    }
  };

  const scheduleSettling = (delay: number) => {
    timer ??= setTimeout(() => void settleWaiting(), delay);
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
        if (arrivals.length === 0) setImmediate(() => void admitArrivals());
        arrivals.push({ request, resolve, reject });
      });
    },

    settle(settlement) {
      settlements.push(settlement);
      scheduleSettling(settleDelay);
    },

    async close() {
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
      clearTimeout(timer);
    },
  };
}
