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
}
