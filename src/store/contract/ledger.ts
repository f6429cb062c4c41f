import type { AdmissionRequest, AdmissionResult, BudgetNotice } from '../admission.ts';
import type { CallOutcome, Usage } from '../records.ts';

/** What a call came to. */
export interface Settlement {
  readonly callId: string;
  readonly status: number | null;
  readonly outcome: CallOutcome;
  readonly usage: Usage | null;
  /** Null when the price is not known. */
  readonly costNanoUsd: number | null;
  /** What it counts as in budgets; null: the most that it could have cost. */
  readonly countedNanoUsd: number | null;
  /** The provider did not say what it came to. A strict budget counts the most that it could have cost then. */
  readonly isEstimated: boolean;
  readonly upstreamRequestId: string | null;
  /** As in the record of the call; absent for null. */
  readonly flags?: string | null;
}

/** What a call came to, learned only after it was settled. */
export interface Correction {
  readonly callId: string;
  readonly usage: Usage;
  /** Null when the price is not known. */
  readonly costNanoUsd: number | null;
  /** What it counts as in budgets, where the price is not known at most. */
  readonly countedNanoUsd: number;
}

/** A write was handed to the database, and whether it took effect will not be known. */
export class OutcomeUnknown extends Error {
  override name = 'OutcomeUnknown';
}

export interface LedgerStore {
  /**
   * Decides a batch in arrival order and writes the admitted calls as `pending`, all in one transaction.
   * @param settlements what is settled before that
   * @param onNotice hears, once it is on record, of each budget of which so much has been used that its user should know
   * @returns one result per request, in order
   * @throws OutcomeUnknown when the calls may be on record all the same
   */
  admit(
    batch: readonly AdmissionRequest[],
    settlements?: readonly Settlement[],
    onNotice?: (notice: BudgetNotice) => void,
  ): Promise<readonly AdmissionResult[]>;
  /**
   * Settles pending calls, all in one transaction.
   * @returns per settlement, whether this one settled the call (false: it was settled before)
   */
  settle(batch: readonly Settlement[]): Promise<readonly boolean[]>;
  /**
   * Counts what a call came to in the place of what was assumed when it was settled, in the budgets that it held something
   * of. Without a known price it counts as no more than was reserved.
   * @returns false: nothing was assumed of the call, it is still pending, or it has been corrected before
   */
  correct(correction: Correction): Promise<boolean>;
}
