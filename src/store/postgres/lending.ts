import { and, eq, isNull, sql } from 'drizzle-orm';
import type { CredentialStore } from '../contract/credentials.ts';
import { audit } from './audit.ts';
import { isKept } from './kept.ts';
import { lockUser } from './lock_user.ts';
import type { Connection } from './open.ts';
import { clients, credentials, wraps } from './schema.ts';
import { deleteWraps } from './wraps.ts';

/** How apps come to pay with keys of their owners. */
export function postgresLending({ write }: Connection): Pick<CredentialStore, 'lend' | 'withdraw'> {
  return {
    async lend(wrap, actor) {
      const { credentialId, holder: clientId } = wrap;
      return write(async (tx, at) => {
        const [client] = await tx
          .select({ ownerId: clients.ownerId })
          .from(clients)
          .where(eq(clients.id, clientId));
        if (!client?.ownerId) return false;
        await lockUser(tx, client.ownerId);
        const [lent] = await tx
          .select({ userId: credentials.userId, provider: credentials.provider })
          .from(clients)
          .innerJoin(credentials, eq(credentials.userId, clients.ownerId))
          .where(
            and(
              eq(credentials.id, credentialId),
              isKept(at),
              eq(clients.id, clientId),
              isNull(clients.deletedAt),
            ),
          )
          .for('no key update', { of: clients });
        if (!lent) return false;
        const { userId, provider } = lent;
        await deleteWraps(tx, isLentTo(clientId, provider));
        await tx.insert(wraps).values(wrap);
        const detail = { provider, key: credentialId };
        await audit(tx, { at, actor, action: 'client.key_lent', subject: clientId, userId, detail });
        return true;
      });
    },

    async withdraw(clientId, provider, actor) {
      return write(async (tx, at) => {
        const withdrawn = await deleteWraps(tx, isLentTo(clientId, provider));
        if (withdrawn.length === 0) return false;
        const [owner] = await tx
          .select({ userId: clients.ownerId })
          .from(clients)
          .where(eq(clients.id, clientId));
        const { userId = null } = owner ?? {};
        const action = 'client.key_withdrawn';
        await audit(tx, { at, actor, action, subject: clientId, userId, detail: { provider } });
        return true;
      });
    },
  };
}

const isLentTo = (clientId: string, provider: string) =>
  sql`${wraps.holder} = ${clientId} and exists (
    select from ${credentials} where ${credentials.id} = ${wraps.credentialId} and ${credentials.provider} = ${provider}
  )`;
