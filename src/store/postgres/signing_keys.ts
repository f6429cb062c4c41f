import { and, desc, eq, isNull, sql } from 'drizzle-orm';
import type { NewSigningKey, SigningKeyStore } from '../contract/signing_keys.ts';
import type { Actor } from '../records.ts';
import { audit } from './audit.ts';
import type { Connection, Session } from './open.ts';
import { signingKeys } from './schema.ts';

export function postgresSigningKeys({ db, write }: Connection): SigningKeyStore {
  const active = and(isNull(signingKeys.retiredAt), isNull(signingKeys.withdrawnAt));

  const add = async (tx: Session, key: NewSigningKey, at: number, actor: Actor): Promise<void> => {
    await tx.insert(signingKeys).values({ ...key, createdAt: at });
    const { kid: subject, algorithm } = key;
    const detail = { algorithm };
    await audit(tx, { at, actor, action: 'signing_key.added', subject, userId: null, detail });
  };

  return {
    async listSigningKeys() {
      return db
        .select()
        .from(signingKeys)
        .where(isNull(signingKeys.withdrawnAt))
        .orderBy(desc(signingKeys.createdAt), desc(signingKeys.kid));
    },

    async addSigningKey(key, previous, actor) {
      await write(async (tx, at) => {
        // There may be no row to lock yet. Readers go on.
        await tx.execute(sql`lock table ${signingKeys} in share row exclusive mode`);
        if (previous === 'only_first') {
          const [found] = await tx.select({ kid: signingKeys.kid }).from(signingKeys).where(active).limit(1);
          if (found) return;
        }
        if (previous === 'retire') {
          await tx.update(signingKeys).set({ retiredAt: at }).where(active);
        }
        if (previous === 'withdraw') {
          const withdrawn = await tx
            .update(signingKeys)
            .set({ withdrawnAt: at })
            .where(isNull(signingKeys.withdrawnAt))
            .returning({ subject: signingKeys.kid });
          const entries = withdrawn.map(
            ({ subject }) => ({ at, actor, action: 'signing_key.withdrawn', subject, userId: null }) as const,
          );
          await audit(tx, ...entries);
        }
        await add(tx, key, at, actor);
      });
    },

    async succeedSigningKey(kid, next, actor) {
      return write(async (tx, at) => {
        const { rowCount } = await tx
          .update(signingKeys)
          .set({ retiredAt: at })
          .where(and(eq(signingKeys.kid, kid), active));
        if (rowCount === 0) return false;
        await add(tx, next, at, actor);
        return true;
      });
    },

    async resealSigningKey(kid, fromMasterKeyId, sealed, masterKeyId) {
      const { rowCount } = await db
        .update(signingKeys)
        .set({ sealedPrivateJwk: sealed, masterKeyId })
        .where(and(eq(signingKeys.kid, kid), eq(signingKeys.masterKeyId, fromMasterKeyId)));
      return rowCount === 1;
    },
  };
}
