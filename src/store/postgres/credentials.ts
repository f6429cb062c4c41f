import {
  and,
  desc,
  eq,
  getTableColumns,
  gt,
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
import type { Actor, GrantEnd, Wrap } from '../records.ts';
import { audit } from './audit.ts';
import { endGrants, lockGrants } from './endings.ts';
import { isKept } from './kept.ts';
import { postgresKeyHealth } from './key_health.ts';
import { postgresLending } from './lending.ts';
import { lockUser } from './lock_user.ts';
import { oncePer } from './once_per.ts';
import type { Connection, Session } from './open.ts';
import { presentOf } from './present.ts';
import { budgets, credentials, grants, wraps } from './schema.ts';
import { deleteWraps } from './wraps.ts';

const { ciphertext: ciphertextColumn, ...publicColumns } = getTableColumns(credentials);

/** What calls have shown of a key that has made none. */
const nothingSeen = { exhaustedAt: null, abilities: {} };

/** Wraps replaced in one transaction, so that none is locked for long. */
const rewrapBatch = 100;

const statements = oncePer((session: Session) => ({
  sealed: session
    .select({ credential: publicColumns, ciphertext: ciphertextColumn, wrap: wraps })
    .from(wraps)
    .innerJoin(credentials, eq(credentials.id, wraps.credentialId))
    .where(
      and(
        eq(wraps.credentialId, sql.placeholder('credentialId')),
        eq(wraps.holder, sql.placeholder('holder')),
        isKept(presentOf(sql.placeholder('now'))),
      ),
    )
    .prepare('sealed_credential'),
}));

export function postgresCredentials(connection: Connection): CredentialStore {
  const { db, givenNow, write } = connection;
  const isKeptNow = () => isKept(presentOf(givenNow()));

  /** Deletes a credential if it is as `condition` says once everything that it takes along is locked. */
  const remove = (
    id: string,
    condition: (at: number) => SQL | undefined,
    action: 'credential.deleted' | 'credential.expired',
    { actor, reason }: { readonly actor: Actor; readonly reason: GrantEnd },
  ): Promise<ExpiredCredential | null> =>
    write(async (tx, at) => {
      const ofId = eq(credentials.id, id);
      const [owner] = await tx.select({ id: credentials.userId }).from(credentials).where(ofId);
      if (!owner) return null;
      await lockUser(tx, owner.id);
      const [credential] = await tx
        .select(publicColumns)
        .from(credentials)
        .where(and(ofId, condition(at)))
        .for('update');
      if (!credential) return null;
      const holding = eq(wraps.credentialId, id);
      const granted = await tx.select({ holder: wraps.holder }).from(wraps).where(holding);
      const open = await lockGrants(
        tx,
        granted.map(({ holder }) => holder),
      );
      await deleteWraps(tx, holding);
      await tx.delete(credentials).where(ofId);
      await tx.delete(budgets).where(eq(budgets.holder, id));
      const { userId, provider } = credential;
      await audit(tx, { at, actor, action, subject: id, userId, detail: { provider } });
      const left = await tx
        .selectDistinct({ holder: wraps.holder })
        .from(wraps)
        .where(sql`${wraps.holder} = any(${sql.param(open)}::text[])`);
      const stillHolding = new Set(left.map(({ holder }) => holder));
      const empty = open.filter((grantId) => !stillHolding.has(grantId));
      return { credential, endedGrantIds: await endGrants(tx, empty, { at, actor, reason }) };
    });

  return {
    ...postgresKeyHealth(connection),
    ...postgresLending(connection),

    async insertCredential(credential, ownerWrap, actor) {
      await write(async (tx, at) => {
        await tx.insert(credentials).values({ ...credential, version: 1, createdAt: at, updatedAt: at });
        await tx.insert(wraps).values(ownerWrap);
        const { id: subject, userId, provider, sandbox } = credential;
        const detail = { provider, sandbox };
        await audit(tx, { at, actor, action: 'credential.deposited', subject, userId, detail });
      });
    },

    async findCredential(id) {
      const [credential] = await db
        .select(publicColumns)
        .from(credentials)
        .where(and(eq(credentials.id, id), isKeptNow()));
      return credential ?? null;
    },

    async listCredentials(userId) {
      return db
        .select(publicColumns)
        .from(credentials)
        .where(and(eq(credentials.userId, userId), isKeptNow()))
        .orderBy(desc(credentials.createdAt), desc(credentials.id));
    },

    async findSealed(credentialId, holder) {
      const [sealed] = await statements(db).sealed.execute({ credentialId, holder, now: givenNow() });
      return sealed ?? null;
    },

    async listHeldBy(holder) {
      return db
        .select(publicColumns)
        .from(wraps)
        .innerJoin(credentials, eq(credentials.id, wraps.credentialId))
        .where(and(eq(wraps.holder, holder), isKeptNow()))
        .orderBy(desc(credentials.createdAt), desc(credentials.id));
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
            or(isNull(grants.expiresAt), gt(grants.expiresAt, presentOf(givenNow()))),
          ),
        )
        .orderBy(desc(grants.createdAt), desc(grants.id));
    },

    async replaceKey(id, expectedVersion, { ciphertext, fingerprint, last4, status, checkedAt }, actor) {
      return write(async (tx, at) => {
        const version = expectedVersion + 1;
        const [row] = await tx
          .update(credentials)
          .set({ ciphertext, fingerprint, last4, status, checkedAt, ...nothingSeen, version, updatedAt: at })
          .where(and(eq(credentials.id, id), eq(credentials.version, expectedVersion), isKept(at)))
          .returning({ userId: credentials.userId });
        if (!row) return false;
        await audit(tx, {
          at,
          actor,
          action: 'credential.replaced',
          subject: id,
          ...row,
          detail: { version },
        });
        return true;
      });
    },

    async updateCredential(id, { name, organization, project, expiresAt, sessionHash }, actor) {
      const change = {
        ...(name !== undefined && { name }),
        ...(organization !== undefined && { organization }),
        ...(project !== undefined && { project }),
        ...(expiresAt !== undefined && { expiresAt }),
        ...(sessionHash !== undefined && { sessionHash }),
      };
      return write(async (tx, at) => {
        const [row] = await tx
          .update(credentials)
          .set({ ...change, updatedAt: at })
          .where(and(eq(credentials.id, id), isKept(at)))
          .returning({ userId: credentials.userId });
        if (!row) return false;
        const detail = { changed: Object.keys(change).join(' ') };
        await audit(tx, { at, actor, action: 'credential.updated', subject: id, ...row, detail });
        return true;
      });
    },

    async deleteCredential(id, actor) {
      const ending = { actor, reason: 'credential_deleted' } as const;
      const removed = await remove(id, () => undefined, 'credential.deleted', ending);
      return removed?.endedGrantIds ?? null;
    },

    async deleteExpired() {
      const isOver = (now: number | SQL<number>) => and(isNotNull(credentials.expiresAt), not(isKept(now)));
      const over = await db
        .select({ id: credentials.id })
        .from(credentials)
        .where(isOver(presentOf(givenNow())));
      const ending = { actor: { kind: 'system' }, reason: 'credential_expired' } as const;
      const removed: ExpiredCredential[] = [];
      for (const { id } of over) {
        const one = await remove(id, isOver, 'credential.expired', ending);
        if (one) removed.push(one);
      }
      return removed;
    },

    async listExpiring(within) {
      const now = presentOf(givenNow());
      return db
        .select(publicColumns)
        .from(credentials)
        .where(
          and(
            lte(credentials.expiresAt, sql`${now} + ${within}::bigint`),
            isNull(credentials.sessionHash),
            isKept(now),
          ),
        );
    },

    async listWrapsNotUnder(masterKeyId, limit) {
      return db.select().from(wraps).where(ne(wraps.masterKeyId, masterKeyId)).limit(limit);
    },

    async rewrap(changes) {
      let replaced = 0;
      for (let start = 0; start < changes.length; start += rewrapBatch) {
        const batch = changes
          .slice(start, start + rewrapBatch)
          .sort((one, other) => byKey(one.from, other.from));
        replaced += await write(async (tx) => {
          let count = 0;
          for (const { from, to } of batch) {
            const { rowCount } = await tx
              .update(wraps)
              .set({ masterKeyId: to.masterKeyId, wrapped: to.wrapped })
              .where(
                and(
                  eq(wraps.credentialId, from.credentialId),
                  eq(wraps.holder, from.holder),
                  eq(wraps.masterKeyId, from.masterKeyId),
                  eq(wraps.wrapped, from.wrapped),
                ),
              );
            count += rowCount ?? 0;
          }
          return count;
        });
      }
      return replaced;
    },
  };
}

/** The order in which wraps are locked. */
function byKey(one: Wrap, other: Wrap): number {
  const [a, b] = [`${one.credentialId} ${one.holder}`, `${other.credentialId} ${other.holder}`];
  return a < b ? -1 : Number(a > b);
}
