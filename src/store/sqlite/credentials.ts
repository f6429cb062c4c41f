import { setImmediate } from 'node:timers/promises';
import {
  and,
  desc,
  eq,
  getTableColumns,
  gt,
  inArray,
  isNotNull,
  isNull,
  lte,
  ne,
  not,
  or,
  type SQL,
  sql,
} from 'drizzle-orm';
import type { CredentialStore, ExpiredCredential } from '../contract/credentials.ts';
import type { Actor, GrantEnd } from '../records.ts';
import { endings } from './endings.ts';
import { isKept } from './kept.ts';
import { sqliteKeyHealth } from './key_health.ts';
import { sqliteLending } from './lending.ts';
import type { Connection } from './open.ts';
import { textParameter } from './parameters.ts';
import { budgets, credentials, grants, wraps } from './schema.ts';

const { ciphertext: ciphertextColumn, ...publicColumns } = getTableColumns(credentials);

/** What calls have shown of a key that has made none. */
const nothingSeen = { exhaustedAt: null, abilities: {} };

/** Wraps replaced in one transaction, so that the write lock is never held long. */
const rewrapBatch = 100;

export function sqliteCredentials(connection: Connection): CredentialStore {
  const { client, db, clock, write, audit } = connection;
  const end = endings(connection);
  const { placeholder } = sql;

  const byId = db
    .select(publicColumns)
    .from(credentials)
    .where(and(eq(credentials.id, placeholder('id')), isKept(placeholder('now'))))
    .prepare();
  const sealed = db
    .select({ credential: publicColumns, ciphertext: ciphertextColumn, wrap: wraps })
    .from(wraps)
    .innerJoin(credentials, eq(credentials.id, wraps.credentialId))
    .where(
      and(
        eq(wraps.credentialId, textParameter('credentialId')),
        eq(wraps.holder, textParameter('holder')),
        isKept(placeholder('now')),
      ),
    )
    .prepare();

  /** Old key bytes also lie in the log until it is written back and cut; `sweep` does what a reader keeps from it here. */
  const forgetDeletedBytes = () => client.pragma('wal_checkpoint(TRUNCATE)');

  /** Deletes a credential that is as `condition` says. */
  const remove = (
    condition: SQL | undefined,
    action: 'credential.deleted' | 'credential.expired',
    { at, actor, reason }: { readonly at: number; readonly actor: Actor; readonly reason: GrantEnd },
  ): ExpiredCredential | null => {
    const credential = db.select(publicColumns).from(credentials).where(condition).get();
    if (!credential) return null;
    const { id, userId, provider } = credential;
    const removed = db
      .delete(wraps)
      .where(eq(wraps.credentialId, id))
      .returning({ holder: wraps.holder })
      .all();
    db.delete(credentials).where(eq(credentials.id, id)).run();
    db.delete(budgets).where(eq(budgets.holder, id)).run();
    audit({ at, actor, action, subject: id, userId, detail: { provider } });
    const holders = removed.map(({ holder }) => holder);
    const left = db
      .selectDistinct({ holder: wraps.holder })
      .from(wraps)
      .where(inArray(wraps.holder, holders))
      .all();
    const holding = new Set(left.map(({ holder }) => holder));
    const endedGrantIds = holders.filter(
      (holder) => !holding.has(holder) && end.grant(holder, { at, actor, reason }),
    );
    return { credential, endedGrantIds };
  };

  return {
    ...sqliteKeyHealth(connection),
    ...sqliteLending(connection),

    async insertCredential(credential, ownerWrap, actor) {
      write((at) => {
        db.insert(credentials)
          .values({ ...credential, version: 1, createdAt: at, updatedAt: at })
          .run();
        db.insert(wraps).values(ownerWrap).run();
        const { id, userId, provider, sandbox } = credential;
        audit({
          at,
          actor,
          action: 'credential.deposited',
          subject: id,
          userId,
          detail: { provider, sandbox },
        });
      });
    },

    async findCredential(id) {
      return byId.get({ id, now: clock() }) ?? null;
    },

    async listCredentials(userId) {
      return db
        .select(publicColumns)
        .from(credentials)
        .where(and(eq(credentials.userId, userId), isKept(clock())))
        .orderBy(desc(credentials.createdAt), desc(credentials.id))
        .all();
    },

    async findSealed(credentialId, holder) {
      return sealed.get({ credentialId, holder, now: clock() }) ?? null;
    },

    async listHeldBy(holder) {
      return db
        .select(publicColumns)
        .from(wraps)
        .innerJoin(credentials, eq(credentials.id, wraps.credentialId))
        .where(and(eq(wraps.holder, holder), isKept(clock())))
        .orderBy(desc(credentials.createdAt), desc(credentials.id))
        .all();
    },

    async listGrantsOf(credentialId) {
      return db
        .select(getTableColumns(grants))
        .from(wraps)
        .innerJoin(grants, eq(grants.id, wraps.holder))
        .where(
          and(
            eq(wraps.credentialId, credentialId),
            isNull(grants.revokedAt),
            or(isNull(grants.expiresAt), gt(grants.expiresAt, clock())),
          ),
        )
        .orderBy(desc(grants.createdAt), desc(grants.id))
        .all();
    },

    async replaceKey(id, expectedVersion, { ciphertext, fingerprint, last4, status, checkedAt }, actor) {
      const replaced = write((at) => {
        const version = expectedVersion + 1;
        const row = db
          .update(credentials)
          .set({ ciphertext, fingerprint, last4, status, checkedAt, ...nothingSeen, version, updatedAt: at })
          .where(and(eq(credentials.id, id), eq(credentials.version, expectedVersion), isKept(at)))
          .returning({ userId: credentials.userId })
          .get();
        if (!row) return false;
        const { userId } = row;
        audit({ at, actor, action: 'credential.replaced', subject: id, userId, detail: { version } });
        return true;
      });
      if (replaced) forgetDeletedBytes();
      return replaced;
    },

    async updateCredential(id, { name, organization, project, expiresAt, sessionHash }, actor) {
      const change = {
        ...(name !== undefined && { name }),
        ...(organization !== undefined && { organization }),
        ...(project !== undefined && { project }),
        ...(expiresAt !== undefined && { expiresAt }),
        ...(sessionHash !== undefined && { sessionHash }),
      };
      return write((at) => {
        const row = db
          .update(credentials)
          .set({ ...change, updatedAt: at })
          .where(and(eq(credentials.id, id), isKept(at)))
          .returning({ userId: credentials.userId })
          .get();
        if (!row) return false;
        const { userId } = row;
        const detail = { changed: Object.keys(change).join(' ') };
        audit({ at, actor, action: 'credential.updated', subject: id, userId, detail });
        return true;
      });
    },

    async deleteCredential(id, actor) {
      const removed = write((at) =>
        remove(eq(credentials.id, id), 'credential.deleted', { at, actor, reason: 'credential_deleted' }),
      );
      if (removed) forgetDeletedBytes();
      return removed?.endedGrantIds ?? null;
    },

    async deleteExpired() {
      const actor = { kind: 'system' } as const;
      const removed: ExpiredCredential[] = [];
      for (;;) {
        const one = write((at) => {
          const isOver = and(isNotNull(credentials.expiresAt), not(isKept(at)));
          return remove(isOver, 'credential.expired', { at, actor, reason: 'credential_expired' });
        });
        if (!one) break;
        removed.push(one);
        await setImmediate();
      }
      if (removed.length > 0) forgetDeletedBytes();
      return removed;
    },

    async listExpiring(within) {
      const now = clock();
      return db
        .select(publicColumns)
        .from(credentials)
        .where(and(lte(credentials.expiresAt, now + within), isNull(credentials.sessionHash), isKept(now)))
        .all();
    },

    async listWrapsNotUnder(masterKeyId, limit) {
      return db.select().from(wraps).where(ne(wraps.masterKeyId, masterKeyId)).limit(limit).all();
    },

    async rewrap(changes) {
      const replaceWrap = ({ from, to }: (typeof changes)[number]) =>
        db
          .update(wraps)
          .set({ masterKeyId: to.masterKeyId, wrapped: to.wrapped })
          .where(
            and(
              eq(wraps.credentialId, from.credentialId),
              eq(wraps.holder, from.holder),
              eq(wraps.masterKeyId, from.masterKeyId),
              eq(wraps.wrapped, from.wrapped),
            ),
          )
          .run().changes;
      let replaced = 0;
      for (let start = 0; start < changes.length; start += rewrapBatch) {
        const batch = changes.slice(start, start + rewrapBatch);
        replaced += write(() => batch.reduce((sum, change) => sum + replaceWrap(change), 0));
      }
      return replaced;
    },
  };
}
