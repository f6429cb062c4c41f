import { and, asc, desc, eq, getTableColumns, gte, isNotNull, isNull, SQL, sql } from 'drizzle-orm';
import type { SQLiteUpdateSetSource } from 'drizzle-orm/sqlite-core';
import type { AuditAction } from '../audit.ts';
import { newClient } from '../clients.ts';
import type { ClientStore } from '../contract/clients.ts';
import { mostFlagsCounted } from '../moderation.ts';
import type { Actor, AuditEvent } from '../records.ts';
import { userCount } from './client_users.ts';
import { endings } from './endings.ts';
import { flaggedCount } from './flagged_calls.ts';
import type { Connection } from './open.ts';
import { budgets, calls, clients, grants, users, wraps } from './schema.ts';

const { deletedAt, flagsCountedFrom, ...clientColumns } = getTableColumns(clients);

const hasRedirectUris = (uris: readonly string[] | SQL) =>
  sql`${clients.redirectUris} = ${uris instanceof SQL ? uris : JSON.stringify(uris)}`;

/** What was said of a client, as far as it is still true of this name and these redirect URIs; in SQL. */
function trustIn(name: string | SQL | undefined, redirectUris: readonly string[] | SQL | undefined) {
  const sameName = name === undefined ? sql`true` : sql`${clients.name} = ${name}`;
  const sameUris = redirectUris === undefined ? sql`true` : hasRedirectUris(redirectUris);
  return {
    verified: sql<boolean>`${clients.verified} and ${sameName} and ${sameUris}`,
    domainProvenAt: sql<number | null>`case when ${sameUris} then ${clients.domainProvenAt} end`,
  };
}

export function sqliteClients(connection: Connection): ClientStore {
  const { db, clock, write, audit } = connection;
  const end = endings(connection);

  const byId = db
    .select(clientColumns)
    .from(clients)
    .where(and(eq(clients.id, sql.placeholder('id')), isNull(deletedAt)))
    .prepare();

  /** Changes a client that has not been deleted, inside a write transaction. */
  const change = (
    id: string,
    set: SQLiteUpdateSetSource<typeof clients>,
    event: {
      readonly at: number;
      readonly actor: Actor;
      readonly action: AuditAction;
      readonly detail?: AuditEvent['detail'];
    },
    condition?: SQL,
  ): boolean => {
    const changed = db
      .update(clients)
      .set(set)
      .where(and(eq(clients.id, id), isNull(deletedAt), condition))
      .returning({ userId: clients.ownerId })
      .get();
    if (!changed) return false;
    audit({ ...event, ...changed, subject: id });
    return true;
  };

  return {
    async createClient(registration, actor) {
      return write((createdAt) => {
        const client = { ...newClient, ...registration, createdAt };
        db.insert(clients).values(client).run();
        const { id, ownerId, type, scope } = client;
        audit({
          at: createdAt,
          actor,
          action: 'client.created',
          subject: id,
          userId: ownerId,
          detail: { type, scope },
        });
        return client;
      });
    },

    async saveDocument(document) {
      return write((at) => {
        const { id, ...said } = document;
        const trust = trustIn(sql`excluded.name`, sql`excluded.redirect_uris`);
        const known = byId.get({ id });
        const saved = db
          .insert(clients)
          .values({ ...newClient, ...document, ownerId: null, createdAt: at })
          .onConflictDoUpdate({
            target: clients.id,
            set: { ...said, ...trust },
            setWhere: isNull(deletedAt),
          })
          .returning(clientColumns)
          .get();
        if (!saved) return null;
        if (!known) {
          const detail = { type: said.type, scope: said.scope };
          audit({
            at,
            actor: { kind: 'client', id },
            action: 'client.created',
            subject: id,
            userId: null,
            detail,
          });
        }
        return saved;
      });
    },

    async findClient(id) {
      return byId.get({ id }) ?? null;
    },

    async listClients(ownerId) {
      return db
        .select(clientColumns)
        .from(clients)
        .where(and(eq(clients.ownerId, ownerId), isNull(deletedAt)))
        .orderBy(desc(clients.createdAt), desc(clients.id))
        .all();
    },

    async listAllClients(limit) {
      return db
        .select({
          client: clientColumns,
          ownerEmail: users.email,
          users: userCount(clock()),
          flagged: flaggedCount(clock(), mostFlagsCounted),
        })
        .from(clients)
        .leftJoin(users, eq(users.id, clients.ownerId))
        .where(isNull(deletedAt))
        .orderBy(desc(isNotNull(clients.verificationAskedAt)), desc(clients.createdAt), asc(clients.id))
        .limit(limit)
        .all();
    },

    async updateClient(id, wanted, actor) {
      const { name, jwks, redirectUris, scope, secretMethod } = wanted;
      const { requiresDpop, requiresPushedRequests, paysWhenUsedUp, moderation, requiredModeration } = wanted;
      const set = {
        ...(name !== undefined && { name }),
        ...(jwks !== undefined && { jwks, secretHash: null }),
        ...(scope !== undefined && { scope }),
        ...(redirectUris !== undefined && { redirectUris }),
        ...(secretMethod !== undefined && { secretMethod }),
        ...(requiresDpop !== undefined && { requiresDpop }),
        ...(requiresPushedRequests !== undefined && { requiresPushedRequests }),
        ...(paysWhenUsedUp !== undefined && { paysWhenUsedUp }),
        ...(moderation !== undefined && { moderation }),
        ...(requiredModeration !== undefined && { requiredModeration }),
      };
      if (Object.keys(set).length === 0) return byId.get({ id }) !== undefined;
      const detail = { changed: Object.keys(set).join(' ') };
      const trust = trustIn(name, redirectUris);
      return write((at) => change(id, { ...set, ...trust }, { at, actor, action: 'client.updated', detail }));
    },

    async replaceClientSecret(id, secretHash, actor) {
      return write((at) =>
        change(id, { secretHash, jwks: null }, { at, actor, action: 'client.secret_replaced' }),
      );
    },

    async setClientStatus(id, status, actor) {
      return write((at) => {
        const set = { status, ...(status === 'active' && { flagsCountedFrom: at }) };
        return change(id, set, { at, actor, action: 'client.status_changed', detail: { status } });
      });
    },

    async countFlagged(id) {
      const found = db
        .select({ flagged: flaggedCount(clock(), mostFlagsCounted) })
        .from(clients)
        .where(eq(clients.id, id))
        .get();
      return found?.flagged ?? 0;
    },

    async suspendFlagged(callId, most) {
      return write((at) => {
        const call = db.select({ id: calls.clientId }).from(calls).where(eq(calls.id, callId)).get();
        if (!call) return null;
        const { id } = call;
        const status = 'suspended';
        const event = { at, actor: { kind: 'system' }, action: 'client.status_changed' } as const;
        const isDue = and(eq(clients.status, 'active'), gte(flaggedCount(at, most), most));
        const isSuspended = change(id, { status }, { ...event, detail: { status, flagged: most } }, isDue);
        return isSuspended ? (byId.get({ id }) ?? null) : null;
      });
    },

    async askForVerification(id, token, actor) {
      return write((at) => {
        const verificationToken = sql<string>`coalesce(${clients.verificationToken}, ${token})`;
        const set = { verificationToken, verificationAskedAt: at };
        return change(id, set, { at, actor, action: 'client.verification_asked' });
      });
    },

    async markDomainProven(id, redirectUris, actor) {
      const action = 'client.domain_proven';
      return write((at) =>
        change(id, { domainProvenAt: at }, { at, actor, action }, hasRedirectUris(redirectUris)),
      );
    },

    async setVerified(id, verified, actor, seen) {
      const set = { verified, verificationAskedAt: null };
      const action = 'client.verification_changed';
      const asSeen = seen && and(eq(clients.name, seen.name), hasRedirectUris(seen.redirectUris));
      return write((at) => change(id, set, { at, actor, action, detail: { verified } }, asSeen));
    },

    async deleteClient(id, actor) {
      return write((at) => {
        if (!change(id, { deletedAt: at }, { at, actor, action: 'client.deleted' })) return null;
        db.delete(budgets).where(eq(budgets.holder, id)).run();
        db.delete(wraps).where(eq(wraps.holder, id)).run();
        const granted = db
          .select({ id: grants.id })
          .from(grants)
          .where(and(eq(grants.clientId, id), isNull(grants.revokedAt)))
          .all();
        return granted
          .map((grant) => grant.id)
          .filter((grantId) => end.grant(grantId, { at, actor, reason: 'client_deleted' }));
      });
    },
  };
}
