import type { Settlement } from '../store/contract/ledger.ts';

/** Settles a call that was admitted and then not forwarded. @param flags what was found in it */
export function neverSent(callId: string, flags: string | null = null): Settlement {
  return {
    callId,
    status: null,
    outcome: 'not_sent',
    usage: null,
    costNanoUsd: 0,
    countedNanoUsd: 0,
    isEstimated: false,
    upstreamRequestId: null,
    flags,
  };
}
