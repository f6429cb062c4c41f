import type { AuditAction, AuditEntry } from './audit.ts';
import type { Ending, EndingListener } from './store.ts';

/** After these, calls that were admitted before may not go on. */
const endingActions: ReadonlySet<AuditAction> = new Set([
  'grant.revoked',
  'family.revoked',
  'user.status_changed',
  'client.status_changed',
  'client.deleted',
]);

/**
 * What a change ends, by what it puts into the audit trail: every ending has its event, in the same transaction, so that
 * none goes without its signal.
 */
export function endingIn({ action, subject }: Pick<AuditEntry, 'action' | 'subject'>): Ending | null {
  if (!endingActions.has(action)) return null;
  return { grantId: action === 'grant.revoked' ? subject : null };
}

/** Passes endings on to whoever listens in this process. */
export interface EndingSignal {
  subscribe(listener: EndingListener): () => void;
  emit(ending: Ending): void;
}

export function createEndingSignal(): EndingSignal {
  const listeners = new Set<EndingListener>();
  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    emit(ending) {
      for (const listener of listeners) listener(ending);
    },
  };
}
