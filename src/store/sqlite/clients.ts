import { and, desc, eq, getTableColumns, isNull, sql } from 'drizzle-orm';
import type { AuditAction } from '../audit.ts';
import type { Actor, AuditEvent } from '../records.ts';
import type { ClientStore } from '../store.ts';
import { endings } from './endings.ts';
import type { Connection } from './open.ts';
import { clients, grants } from './schema.ts';

const { deletedAt, ...clientColumns } = getTableColumns(clients);

export function sqliteClients(connection: Connection): ClientStore {
  const { db, write, audit } = connection;
  const end = endings(connection);

  const byId = db
    .select(clientColumns)
    .from(clients)
    .where(and(eq(clients.id, sql.placeholder('id')), isNull(deletedAt)))
    .prepare();

  /** Changes a client that has not been deleted, inside a write transaction. */
  const change = (
    id: string,
    set: Partial<typeof clients.$inferInsert>,
    event: {
      readonly at: number;
      readonly actor: Actor;
      readonly action: AuditAction;
      readonly detail?: AuditEvent['detail'];
    },
  ): boolean => {
    const changed = db
      .update(clients)
      .set(set)
      .where(and(eq(clients.id, id), isNull(deletedAt)))
      .returning({ userId: clients.ownerId })
      .get();
    if (!changed) return false;
    audit({ ...event, ...changed, subject: id });
    return true;
  };

  return {
    async createClient(registration, actor) {
      return write((createdAt) => {
        const defaults = {
          requiresDpop: false,
          requiresPushedRequests: false,
          verified: false,
          status: 'active',
        } as const;
        const client = { ...registration, ...defaults, createdAt };
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

    async updateClient(id, { name, jwks, redirectUris, scope, requiresDpop, requiresPushedRequests }, actor) {
      const set = {
        ...(name !== undefined && { name }),
        ...(jwks !== undefined && { jwks, secretHash: null }),
        ...(scope !== undefined && { scope }),
        ...(redirectUris !== undefined && { redirectUris }),
        ...(requiresDpop !== undefined && { requiresDpop }),
        ...(requiresPushedRequests !== undefined && { requiresPushedRequests }),
      };
      if (Object.keys(set).length === 0) return byId.get({ id }) !== undefined;
      const detail = { changed: Object.keys(set).join(' ') };
      return write((at) => change(id, set, { at, actor, action: 'client.updated', detail }));
    },

    async replaceClientSecret(id, secretHash, actor) {
      return write((at) =>
        change(id, { secretHash, jwks: null }, { at, actor, action: 'client.secret_replaced' }),
      );
    },

    async setClientStatus(id, status, actor) {
      return write((at) =>
        change(id, { status }, { at, actor, action: 'client.status_changed', detail: { status } }),
      );
    },

    async deleteClient(id, actor) {
      return write((at) => {
        if (!change(id, { deletedAt: at }, { at, actor, action: 'client.deleted' })) return null;
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
