import { countedCost, estimatedCost } from '../catalog/cost.ts';
import { readUsage, tellsAll, type UsageReport } from '../catalog/usage.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { largestAmount } from '../store/budget.ts';
import type { Settlement } from '../store/contract/ledger.ts';
import type { CallOutcome } from '../store/records.ts';
import type { Admission } from './admit.ts';

/** Takes down what a call came to, and settles it exactly once. */
export interface Meter {
  /** The call is on its way to the provider: from now on it may cost something. */
  sent(): void;
  /** The provider has answered with this status; its own id of the request is kept for the record. */
  answered(status: number, upstreamRequestId: string | null): void;
  /** Reads the usage that an answer, or an event of a stream, reports; where two reports differ, the last counts. */
  read(answer: unknown): void;
  /** Some of the text of a stream has come, so many bytes of it. */
  streamed(bytes: number): void;
  /** The app does not keep up, and the stream is held up here. The provider may write on, and nobody sees how much. */
  heldUp(): void;
  /** Settles the call; from the second time on nothing happens. */
  settle(outcome: CallOutcome): void;
}

/** A meter for one admitted call. */
export function createMeter(ledger: Ledger, admission: Admission): Meter {
  const { usage: usageRules } = admission.match.route;
  let status: number | null = null;
  let upstreamRequestId: string | null = null;
  let report: UsageReport | null = null;
  let streamedBytes = 0;
  let wasHeldUp = false;
  let wasSent = false;
  let isSettled = false;

  /** What the call came to; where nobody knows, what it counts as. */
  const amounts = (): Pick<Settlement, 'costNanoUsd' | 'countedNanoUsd' | 'isEstimated'> => {
    const { provider, checked, bound, reservedNanoUsd } = admission;
    const isFree = usageRules === null || !wasSent || (status !== null && status >= 400);
    if (isFree) return { costNanoUsd: 0, countedNanoUsd: 0, isEstimated: false };
    if (report?.isFinal && (!checked || tellsAll(usageRules, checked, report))) {
      const { cost, counted } = countedCost(provider, checked ?? { model: null, otherModels: [] }, report);
      return {
        costNanoUsd: cost === null ? null : Math.min(cost, largestAmount),
        // A price that nobody knows counts as no more than what was taken for the largest.
        countedNanoUsd: cost === null ? Math.min(counted, reservedNanoUsd) : Math.min(cost, largestAmount),
        isEstimated: false,
      };
    }
    const isSeen = streamedBytes > 0 && !wasHeldUp;
    const estimate = isSeen && checked ? estimatedCost(bound, provider, checked, streamedBytes) : null;
    return {
      costNanoUsd: null,
      countedNanoUsd: estimate === null ? null : Math.min(estimate, reservedNanoUsd),
      isEstimated: true,
    };
  };

  return {
    sent() {
      wasSent = true;
    },
    answered(newStatus, requestId) {
      status = newStatus;
      upstreamRequestId = requestId;
    },
    read(answer) {
      if (usageRules) report = readUsage(usageRules, answer, report) ?? report;
    },
    streamed(bytes) {
      streamedBytes += bytes;
    },
    heldUp() {
      wasHeldUp = true;
    },
    settle(outcome) {
      if (isSettled) return;
      isSettled = true;
      ledger.settle({
        callId: admission.callId,
        status,
        outcome,
        usage: report?.usage ?? null,
        ...amounts(),
        upstreamRequestId,
        flags: admission.flags,
      });
    },
  };
}
