import { and, eq, isNotNull, isNull } from 'drizzle-orm';
import type { CredentialStore } from '../contract/credentials.ts';
import { audit } from './audit.ts';
import type { Connection } from './open.ts';
import { credentials } from './schema.ts';

/** What calls and checks have shown of keys. */
export function postgresKeyHealth({
  db,
  write,
}: Connection): Pick<CredentialStore, 'markCredential' | 'markExhausted' | 'noteAbilities'> {
  return {
    async markCredential(id, status, version) {
      return write(async (tx, at) => {
        const [found] = await tx
          .select({ userId: credentials.userId, status: credentials.status })
          .from(credentials)
          .where(
            and(eq(credentials.id, id), version === undefined ? undefined : eq(credentials.version, version)),
          )
          .for('no key update');
        if (!found) return false;
        await tx.update(credentials).set({ status, checkedAt: at }).where(eq(credentials.id, id));
        if (found.status === status) return false;
        await audit(tx, {
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
      return write(async (tx, at) => {
        const isNews = isExhausted ? isNull(credentials.exhaustedAt) : isNotNull(credentials.exhaustedAt);
        const [row] = await tx
          .update(credentials)
          .set({ exhaustedAt: isExhausted ? at : null })
          .where(and(eq(credentials.id, id), eq(credentials.version, version), isNews))
          .returning({ userId: credentials.userId });
        if (!row) return false;
        await audit(tx, {
          at,
          actor: { kind: 'system' },
          action: 'credential.quota_changed',
          subject: id,
          ...row,
          detail: { exhausted: isExhausted },
        });
        return true;
      });
    },

    async noteAbilities(id, abilities, version) {
      await db
        .update(credentials)
        .set({ abilities })
        .where(and(eq(credentials.id, id), eq(credentials.version, version)));
    },
  };
}
