import { and, asc, desc, eq, getTableColumns, gte, isNotNull, isNull, SQL, sql } from 'drizzle-orm';
import type { PgUpdateSetSource } from 'drizzle-orm/pg-core';
import type { AuditEntry } from '../audit.ts';
import { newClient } from '../clients.ts';
import type { ClientStore } from '../contract/clients.ts';
import { mostFlagsCounted } from '../moderation.ts';
import { audit } from './audit.ts';
import { userCount } from './client_users.ts';
import { endGrants } from './endings.ts';
import { flaggedCount } from './flagged_calls.ts';
import { oncePer } from './once_per.ts';
import type { Connection, Session } from './open.ts';
import { presentOf } from './present.ts';
import { budgets, calls, clients, grants, users, wraps } from './schema.ts';
import { deleteWraps } from './wraps.ts';

const { deletedAt, flagsCountedFrom, ...clientColumns } = getTableColumns(clients);

const hasRedirectUris = (uris: readonly string[] | SQL) =>
  sql`${clients.redirectUris}::text = ${uris instanceof SQL ? uris : JSON.stringify(uris)}`;

/** What was said of a client, as far as it is still true of this name and these redirect URIs; in SQL. */
function trustIn(name: string | SQL | undefined, redirectUris: readonly string[] | SQL | undefined) {
  const sameName = name === undefined ? sql`true` : sql`${clients.name} = ${name}`;
  const sameUris = redirectUris === undefined ? sql`true` : hasRedirectUris(redirectUris);
  return {
    verified: sql<boolean>`${clients.verified} and ${sameName} and ${sameUris}`,
    domainProvenAt: sql<number | null>`case when ${sameUris} then ${clients.domainProvenAt} end`,
  };
}

const statements = oncePer((session: Session) => ({
  byId: session
    .select(clientColumns)
    .from(clients)
    .where(and(eq(clients.id, sql.placeholder('id')), isNull(deletedAt)))
    .prepare('client_by_id'),
}));

export function postgresClients({ db, givenNow, write }: Connection): ClientStore {
  const find = async (id: string) => (await statements(db).byId.execute({ id }))[0] ?? null;

  /** Changes a client that has not been deleted. */
  const change = async (
    tx: Session,
    id: string,
    set: PgUpdateSetSource<typeof clients>,
    event: Omit<AuditEntry, 'subject' | 'userId'>,
    condition?: SQL,
  ): Promise<boolean> => {
    const [changed] = await tx
      .update(clients)
      .set(set)
      .where(and(eq(clients.id, id), isNull(deletedAt), condition))
      .returning({ userId: clients.ownerId });
    if (!changed) return false;
    await audit(tx, { ...event, ...changed, subject: id });
    return true;
  };

  return {
    async createClient(registration, actor) {
      return write(async (tx, at) => {
        const client = { ...newClient, ...registration, createdAt: at };
        await tx.insert(clients).values(client);
        const { id: subject, ownerId: userId, type, scope } = client;
        await audit(tx, { at, actor, action: 'client.created', subject, userId, detail: { type, scope } });
        return client;
      });
    },

    async saveDocument(document) {
      return write(async (tx, at) => {
        const { id, ...said } = document;
        const trust = trustIn(sql`excluded.name`, sql`excluded.redirect_uris::text`);
        const [saved] = await tx
          .insert(clients)
          .values({ ...newClient, ...document, ownerId: null, createdAt: at })
          .onConflictDoUpdate({ target: clients.id, set: { ...said, ...trust }, setWhere: isNull(deletedAt) })
          .returning({ ...clientColumns, isNew: sql<boolean>`xmax = 0` });
        if (!saved) return null;
        const { isNew, ...client } = saved;
        if (isNew) {
          const { type, scope } = client;
          const by = { at, actor: { kind: 'client', id } } as const;
          await audit(tx, {
            ...by,
            action: 'client.created',
            subject: id,
            userId: null,
            detail: { type, scope },
          });
        }
        return client;
      });
    },

    async findClient(id) {
      return find(id);
    },

    async listClients(ownerId) {
      return db
        .select(clientColumns)
        .from(clients)
        .where(and(eq(clients.ownerId, ownerId), isNull(deletedAt)))
        .orderBy(desc(clients.createdAt), desc(clients.id));
    },

    async listAllClients(limit) {
      return db
        .select({
          client: clientColumns,
          ownerEmail: users.email,
          users: userCount(presentOf(givenNow())),
          flagged: flaggedCount(presentOf(givenNow()), mostFlagsCounted),
        })
        .from(clients)
        .leftJoin(users, eq(users.id, clients.ownerId))
        .where(isNull(deletedAt))
        .orderBy(desc(isNotNull(clients.verificationAskedAt)), desc(clients.createdAt), asc(clients.id))
        .limit(limit);
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
      if (Object.keys(set).length === 0) return (await find(id)) !== null;
      const detail = { changed: Object.keys(set).join(' ') };
      const trust = trustIn(name, redirectUris);
      return write((tx, at) =>
        change(tx, id, { ...set, ...trust }, { at, actor, action: 'client.updated', detail }),
      );
    },

    async replaceClientSecret(id, secretHash, actor) {
      return write((tx, at) =>
        change(tx, id, { secretHash, jwks: null }, { at, actor, action: 'client.secret_replaced' }),
      );
    },

    async setClientStatus(id, status, actor) {
      const action = 'client.status_changed';
      return write((tx, at) => {
        const set = { status, ...(status === 'active' && { flagsCountedFrom: at }) };
        return change(tx, id, set, { at, actor, action, detail: { status } });
      });
    },

    async countFlagged(id) {
      const [found] = await db
        .select({ flagged: flaggedCount(presentOf(givenNow()), mostFlagsCounted) })
        .from(clients)
        .where(eq(clients.id, id));
      return found?.flagged ?? 0;
    },

    async suspendFlagged(callId, most) {
      return write(async (tx, at) => {
        const [call] = await tx.select({ id: calls.clientId }).from(calls).where(eq(calls.id, callId));
        if (!call) return null;
        const status = 'suspended';
        const event = { at, actor: { kind: 'system' }, action: 'client.status_changed' } as const;
        const isDue = and(eq(clients.status, 'active'), gte(flaggedCount(at, most), most));
        const set = { ...event, detail: { status, flagged: most } };
        if (!(await change(tx, call.id, { status }, set, isDue))) return null;
        const [client] = await tx.select(clientColumns).from(clients).where(eq(clients.id, call.id));
        return client ?? null;
      });
    },

    async askForVerification(id, token, actor) {
      const verificationToken = sql<string>`coalesce(${clients.verificationToken}, ${token})`;
      const action = 'client.verification_asked';
      return write((tx, at) =>
        change(tx, id, { verificationToken, verificationAskedAt: at }, { at, actor, action }),
      );
    },

    async markDomainProven(id, redirectUris, actor) {
      const action = 'client.domain_proven';
      return write((tx, at) =>
        change(tx, id, { domainProvenAt: at }, { at, actor, action }, hasRedirectUris(redirectUris)),
      );
    },

    async setVerified(id, verified, actor, seen) {
      const set = { verified, verificationAskedAt: null };
      const action = 'client.verification_changed';
      const asSeen = seen && and(eq(clients.name, seen.name), hasRedirectUris(seen.redirectUris));
      return write((tx, at) => change(tx, id, set, { at, actor, action, detail: { verified } }, asSeen));
    },

    async deleteClient(id, actor) {
      return write(async (tx, at) => {
        if (!(await change(tx, id, { deletedAt: at }, { at, actor, action: 'client.deleted' }))) return null;
        await deleteWraps(tx, eq(wraps.holder, id));
        await tx.delete(budgets).where(eq(budgets.holder, id));
        const granted = await tx
          .select({ id: grants.id })
          .from(grants)
          .where(and(eq(grants.clientId, id), isNull(grants.revokedAt)));
        const ids = granted.map((grant) => grant.id);
        return endGrants(tx, ids, { at, actor, reason: 'client_deleted' });
      });
    },
  };
}
