import { and, desc, eq, isNull } from 'drizzle-orm';
import type { NewSigningKey, SigningKeyStore } from '../contract/signing_keys.ts';
import type { Actor } from '../records.ts';
import type { Connection } from './open.ts';
import { signingKeys } from './schema.ts';

export function sqliteSigningKeys({ db, write, audit }: Connection): SigningKeyStore {
  const active = and(isNull(signingKeys.retiredAt), isNull(signingKeys.withdrawnAt));

  /** Inside a write transaction. */
  const add = (key: NewSigningKey, at: number, actor: Actor): void => {
    db.insert(signingKeys)
      .values({ ...key, createdAt: at })
      .run();
    const { kid, algorithm } = key;
    audit({ at, actor, action: 'signing_key.added', subject: kid, userId: null, detail: { algorithm } });
  };

  return {
    async listSigningKeys() {
      return db
        .select()
        .from(signingKeys)
        .where(isNull(signingKeys.withdrawnAt))
        .orderBy(desc(signingKeys.createdAt), desc(signingKeys.kid))
        .all();
    },

    async addSigningKey(key, previous, actor) {
      write((at) => {
        if (previous === 'only_first' && db.select().from(signingKeys).where(active).get()) return;
        if (previous === 'retire') {
          db.update(signingKeys).set({ retiredAt: at }).where(active).run();
        }
        if (previous === 'withdraw') {
          const withdrawn = db
            .update(signingKeys)
            .set({ withdrawnAt: at })
            .where(isNull(signingKeys.withdrawnAt))
            .returning({ kid: signingKeys.kid })
            .all();
          for (const { kid } of withdrawn) {
            audit({ at, actor, action: 'signing_key.withdrawn', subject: kid, userId: null });
          }
        }
        add(key, at, actor);
      });
    },

    async succeedSigningKey(kid, next, actor) {
      return write((at) => {
        const { changes } = db
          .update(signingKeys)
          .set({ retiredAt: at })
          .where(and(eq(signingKeys.kid, kid), active))
          .run();
        if (changes === 0) return false;
        add(next, at, actor);
        return true;
      });
    },

    async resealSigningKey(kid, fromMasterKeyId, sealed, masterKeyId) {
      const { changes } = db
        .update(signingKeys)
        .set({ sealedPrivateJwk: sealed, masterKeyId })
        .where(and(eq(signingKeys.kid, kid), eq(signingKeys.masterKeyId, fromMasterKeyId)))
        .run();
      return changes === 1;
    },
  };
}
