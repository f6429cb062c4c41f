import { and, desc, eq, getTableColumns, gt, isNull, ne, or, sql } from 'drizzle-orm';
import type { CredentialStore } from '../contract/credentials.ts';
import type { Wrap } from '../records.ts';
import { audit } from './audit.ts';
import { endGrants, lockGrants } from './endings.ts';
import { lockUser } from './lock_user.ts';
import { oncePer } from './once_per.ts';
import type { Connection, Session } from './open.ts';
import { presentOf } from './present.ts';
import { credentials, grants, wraps } from './schema.ts';
import { deleteWraps } from './wraps.ts';

const { ciphertext: ciphertextColumn, ...publicColumns } = getTableColumns(credentials);

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
      ),
    )
    .prepare('sealed_credential'),
}));

export function postgresCredentials({ db, givenNow, write }: Connection): CredentialStore {
  return {
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
      const [credential] = await db.select(publicColumns).from(credentials).where(eq(credentials.id, id));
      return credential ?? null;
    },

    async listCredentials(userId) {
      return db
        .select(publicColumns)
        .from(credentials)
        .where(eq(credentials.userId, userId))
        .orderBy(desc(credentials.createdAt), desc(credentials.id));
    },

    async findSealed(credentialId, holder) {
      const [sealed] = await statements(db).sealed.execute({ credentialId, holder });
      return sealed ?? null;
    },

    async listHeldBy(holder) {
      return db
        .select(publicColumns)
        .from(wraps)
        .innerJoin(credentials, eq(credentials.id, wraps.credentialId))
        .where(eq(wraps.holder, holder))
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
          .set({ ciphertext, fingerprint, last4, status, checkedAt, version, updatedAt: at })
          .where(and(eq(credentials.id, id), eq(credentials.version, expectedVersion)))
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

    async updateCredential(id, { name, organization, project }, actor) {
      const change = {
        ...(name !== undefined && { name }),
        ...(organization !== undefined && { organization }),
        ...(project !== undefined && { project }),
      };
      return write(async (tx, at) => {
        const [row] = await tx
          .update(credentials)
          .set({ ...change, updatedAt: at })
          .where(eq(credentials.id, id))
          .returning({ userId: credentials.userId });
        if (!row) return false;
        const detail = { changed: Object.keys(change).join(' ') };
        await audit(tx, { at, actor, action: 'credential.updated', subject: id, ...row, detail });
        return true;
      });
    },

    async markCredential(id, status, version) {
      await write(async (tx, at) => {
        const [found] = await tx
          .select({ userId: credentials.userId, status: credentials.status })
          .from(credentials)
          .where(
            and(eq(credentials.id, id), version === undefined ? undefined : eq(credentials.version, version)),
          )
          .for('no key update');
        if (!found) return;
        await tx.update(credentials).set({ status, checkedAt: at }).where(eq(credentials.id, id));
        if (found.status === status) return;
        await audit(tx, {
          at,
          actor: { kind: 'system' },
          action: 'credential.status_changed',
          subject: id,
          userId: found.userId,
          detail: { status },
        });
      });
    },

    async deleteCredential(id, actor) {
      return write(async (tx, at) => {
        const ofId = eq(credentials.id, id);
        const [owner] = await tx.select({ id: credentials.userId }).from(credentials).where(ofId);
        if (!owner) return null;
        await lockUser(tx, owner.id);
        const [found] = await tx.select(publicColumns).from(credentials).where(ofId).for('update');
        if (!found) return null;
        const holding = eq(wraps.credentialId, id);
        const granted = await tx.select({ holder: wraps.holder }).from(wraps).where(holding);
        const open = await lockGrants(
          tx,
          granted.map(({ holder }) => holder),
        );
        await deleteWraps(tx, holding);
        await tx.delete(credentials).where(ofId);
        const { userId, provider } = found;
        await audit(tx, {
          at,
          actor,
          action: 'credential.deleted',
          subject: id,
          userId,
          detail: { provider },
        });
        const left = await tx
          .selectDistinct({ holder: wraps.holder })
          .from(wraps)
          .where(sql`${wraps.holder} = any(${sql.param(open)}::text[])`);
        const stillHolding = new Set(left.map(({ holder }) => holder));
        const empty = open.filter((grantId) => !stillHolding.has(grantId));
        return endGrants(tx, empty, { at, actor, reason: 'credential_deleted' });
      });
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
