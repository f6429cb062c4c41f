import { and, eq, isNotNull, isNull } from 'drizzle-orm';
import type { CredentialStore } from '../contract/credentials.ts';
import type { Connection } from './open.ts';
import { credentials } from './schema.ts';

/** What calls and checks have shown of keys. */
export function sqliteKeyHealth({
  db,
  write,
  audit,
}: Connection): Pick<CredentialStore, 'markCredential' | 'markExhausted' | 'noteAbilities'> {
  return {
    async markCredential(id, status, version) {
      return write((at) => {
        const found = db
          .select({ userId: credentials.userId, status: credentials.status })
          .from(credentials)
          .where(
            and(eq(credentials.id, id), version === undefined ? undefined : eq(credentials.version, version)),
          )
          .get();
        if (!found) return false;
        db.update(credentials).set({ status, checkedAt: at }).where(eq(credentials.id, id)).run();
        if (found.status === status) return false;
        audit({
          at,
          actor: { kind: 'system' },
          action: 'credential.status_changed',
          subject: id,
          userId: found.userId,
          detail: { status },
        });
        return true;
      });
    },

    async markExhausted(id, isExhausted, version) {
      return write((at) => {
        const isNews = isExhausted ? isNull(credentials.exhaustedAt) : isNotNull(credentials.exhaustedAt);
        const row = db
          .update(credentials)
          .set({ exhaustedAt: isExhausted ? at : null })
          .where(and(eq(credentials.id, id), eq(credentials.version, version), isNews))
          .returning({ userId: credentials.userId })
          .get();
        if (!row) return false;
        audit({
          at,
          actor: { kind: 'system' },
          action: 'credential.quota_changed',
          subject: id,
          userId: row.userId,
          detail: { exhausted: isExhausted },
        });
        return true;
      });
    },

    async noteAbilities(id, abilities, version) {
      db.update(credentials)
        .set({ abilities })
        .where(and(eq(credentials.id, id), eq(credentials.version, version)))
        .run();
    },
  };
}
