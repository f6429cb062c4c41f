import type { Logger } from 'pino';
import type { GrantStore } from '../store/contract/grants.ts';

/** A call under way, as far as a revocation goes. */
export interface WatchedCall {
  /** What the call runs under does not stand any more. */
  readonly isRevoked: boolean;
  /** Says what ends the call when that happens. */
  onRevoked(end: () => void): void;
  /** The call is over. */
  release(): void;
}

/** The calls under way. New calls learn of a revocation from the ledger; these learn of it here. */
export interface InFlight {
  /**
   * Watches a call from now on. It has to begin before the call is admitted: whatever ends after the admission, it then
   * learns of.
   */
  watch(familyId: string): WatchedCall;
  /** Looks right away, because something may have ended. */
  look(): Promise<void>;
  close(): void;
}

/**
 * Milliseconds between two looks at what the calls under way run under, on whose account nobody has to tell: a revocation
 * made in whichever process ends running streams within this time and that of one look.
 */
const lookEvery = 300;

export function createInFlight(grants: Pick<GrantStore, 'findEnded'>, log: Logger): InFlight {
  const byFamily = new Map<string, Set<Call>>();
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;
  let lookAgain = false;
  let isFailing = false;

  const revokeEnded = async () => {
    do {
      lookAgain = false;
      if (byFamily.size === 0) return;
      const ended = await grants.findEnded([...byFamily.keys()]);
      for (const familyId of ended) for (const call of byFamily.get(familyId) ?? []) call.revoke();
    } while (lookAgain);
  };

  const look = async () => {
    // What ended during a look may have ended behind its back.
    lookAgain = true;
    if (isLooking) return;
    isLooking = true;
    try {
      await revokeEnded();
      if (isFailing) log.info('can look for revocations again');
      isFailing = false;
    } catch (error) {
      if (!isFailing) log.error({ err: error }, 'cannot look for revocations; will go on trying');
      isFailing = true;
    } finally {
      isLooking = false;
    }
  };

  return {
    watch(familyId) {
      timer ??= setInterval(look, lookEvery).unref();
      const calls = byFamily.get(familyId) ?? new Set();
      byFamily.set(familyId, calls);
      const call = new Call(() => {
        calls.delete(call);
        if (calls.size === 0 && byFamily.get(familyId) === calls) byFamily.delete(familyId);
        if (byFamily.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      });
      calls.add(call);
      return call;
    },

    look,

    close() {
      clearInterval(timer);
      timer = undefined;
      byFamily.clear();
    },
  };
}

class Call implements WatchedCall {
  readonly release: () => void;
  isRevoked = false;
  #end = () => {};

  constructor(release: () => void) {
    this.release = release;
  }

  onRevoked(end: () => void): void {
    this.#end = end;
  }

  revoke(): void {
    if (this.isRevoked) return;
    this.isRevoked = true;
    this.#end();
  }
}
