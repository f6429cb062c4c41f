import { and, eq, inArray, isNull } from 'drizzle-orm';
import type { CredentialStore } from '../contract/credentials.ts';
import { isKept } from './kept.ts';
import type { Connection } from './open.ts';
import { clients, credentials, wraps } from './schema.ts';

/** How apps come to pay with keys of their owners. */
export function sqliteLending({ db, write, audit }: Connection): Pick<CredentialStore, 'lend' | 'withdraw'> {
  const isLentTo = (clientId: string, provider: string) =>
    and(
      eq(wraps.holder, clientId),
      inArray(
        wraps.credentialId,
        db.select({ id: credentials.id }).from(credentials).where(eq(credentials.provider, provider)),
      ),
    );

  return {
    async lend(wrap, actor) {
      const { credentialId, holder: clientId } = wrap;
      return write((at) => {
        const lent = db
          .select({ userId: credentials.userId, provider: credentials.provider })
          .from(credentials)
          .innerJoin(clients, eq(clients.ownerId, credentials.userId))
          .where(
            and(
              eq(credentials.id, credentialId),
              isKept(at),
              eq(clients.id, clientId),
              isNull(clients.deletedAt),
            ),
          )
          .get();
        if (!lent) return false;
        const { userId, provider } = lent;
        db.delete(wraps).where(isLentTo(clientId, provider)).run();
        db.insert(wraps).values(wrap).run();
        const detail = { provider, key: credentialId };
        audit({ at, actor, action: 'client.key_lent', subject: clientId, userId, detail });
        return true;
      });
    },

    async withdraw(clientId, provider, actor) {
      return write((at) => {
        const { changes } = db.delete(wraps).where(isLentTo(clientId, provider)).run();
        if (changes === 0) return false;
        const owner = db
          .select({ userId: clients.ownerId })
          .from(clients)
          .where(eq(clients.id, clientId))
          .get();
        const { userId = null } = owner ?? {};
        const action = 'client.key_withdrawn';
        audit({ at, actor, action, subject: clientId, userId, detail: { provider } });
        return true;
      });
    },
  };
}
