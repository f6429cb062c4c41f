import type { Logger } from 'pino';
import { isLive } from '../store/standing.ts';
import type { GrantStore } from '../store/store.ts';

/** A call under way, as far as a revocation goes. */
export interface RevocableCall {
  readonly familyId: string;
  /** Ends the call: what it ran under does not stand any more. */
  revoke(): void;
}

/** The calls under way. New calls learn of a revocation from the ledger; these learn of it here. */
export interface InFlight {
  add(call: RevocableCall): void;
  delete(call: RevocableCall): void;
  close(): void;
}

/**
 * Milliseconds between two looks at what the calls under way run under: a revocation, made in whichever process, ends
 * running streams within this time and that of one look.
 */
const lookEvery = 2_000;

export function createInFlight(grants: Pick<GrantStore, 'findStanding'>, log: Logger): InFlight {
  const byFamily = new Map<string, Set<RevocableCall>>();
  let timer: NodeJS.Timeout | undefined;

  const look = async () => {
    for (const [familyId, calls] of [...byFamily]) {
      const standing = await grants.findStanding(familyId);
      if (!standing || !isLive(standing)) for (const call of [...calls]) call.revoke();
    }
  };

  const schedule = () => {
    if (byFamily.size === 0) return;
    timer = setTimeout(() => {
      look()
        .catch((error: unknown) => log.error({ err: error }, 'cannot look for revocations; will try again'))
        .finally(schedule);
    }, lookEvery).unref();
  };

  return {
    add(call) {
      const isFirst = byFamily.size === 0;
      const calls = byFamily.get(call.familyId);
      if (calls) calls.add(call);
      else byFamily.set(call.familyId, new Set([call]));
      if (isFirst) {
        clearTimeout(timer);
        schedule();
      }
    },
    delete(call) {
      const calls = byFamily.get(call.familyId);
      calls?.delete(call);
      if (calls?.size === 0) byFamily.delete(call.familyId);
    },
    close() {
      clearTimeout(timer);
      byFamily.clear();
    },
  };
}
