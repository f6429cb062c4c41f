import { and, desc, eq, getTableColumns, isNull, sql } from 'drizzle-orm';
import type { AuditEntry } from '../audit.ts';
import type { ClientStore } from '../store.ts';
import { audit } from './audit.ts';
import { endGrants } from './endings.ts';
import { oncePer } from './once_per.ts';
import type { Connection, Session } from './open.ts';
import { clients, grants } from './schema.ts';

const { deletedAt, ...clientColumns } = getTableColumns(clients);

const statements = oncePer((session: Session) => ({
  byId: session
    .select(clientColumns)
    .from(clients)
    .where(and(eq(clients.id, sql.placeholder('id')), isNull(deletedAt)))
    .prepare('client_by_id'),
}));

export function postgresClients({ db, write }: Connection): ClientStore {
  const find = async (id: string) => (await statements(db).byId.execute({ id }))[0] ?? null;

  /** Changes a client that has not been deleted. */
  const change = async (
    tx: Session,
    id: string,
    set: Partial<typeof clients.$inferInsert>,
    event: Omit<AuditEntry, 'subject' | 'userId'>,
  ): Promise<boolean> => {
    const [changed] = await tx
      .update(clients)
      .set(set)
      .where(and(eq(clients.id, id), isNull(deletedAt)))
      .returning({ userId: clients.ownerId });
    if (!changed) return false;
    await audit(tx, { ...event, ...changed, subject: id });
    return true;
  };

  return {
    async createClient(registration, actor) {
      return write(async (tx, at) => {
        const defaults = {
          requiresDpop: false,
          requiresPushedRequests: false,
          verified: false,
          status: 'active',
        } as const;
        const client = { ...registration, ...defaults, createdAt: at };
        await tx.insert(clients).values(client);
        const { id: subject, ownerId: userId, type, scope } = client;
        await audit(tx, { at, actor, action: 'client.created', subject, userId, detail: { type, scope } });
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

    async updateClient(id, { name, jwks, redirectUris, scope, requiresDpop, requiresPushedRequests }, actor) {
      const set = {
        ...(name !== undefined && { name }),
        ...(jwks !== undefined && { jwks, secretHash: null }),
        ...(scope !== undefined && { scope }),
        ...(redirectUris !== undefined && { redirectUris }),
        ...(requiresDpop !== undefined && { requiresDpop }),
        ...(requiresPushedRequests !== undefined && { requiresPushedRequests }),
      };
      if (Object.keys(set).length === 0) return (await find(id)) !== null;
      const detail = { changed: Object.keys(set).join(' ') };
      return write((tx, at) => change(tx, id, set, { at, actor, action: 'client.updated', detail }));
    },

    async replaceClientSecret(id, secretHash, actor) {
      return write((tx, at) =>
        change(tx, id, { secretHash, jwks: null }, { at, actor, action: 'client.secret_replaced' }),
      );
    },

    async setClientStatus(id, status, actor) {
      const action = 'client.status_changed';
      return write((tx, at) => change(tx, id, { status }, { at, actor, action, detail: { status } }));
    },

    async deleteClient(id, actor) {
      return write(async (tx, at) => {
        if (!(await change(tx, id, { deletedAt: at }, { at, actor, action: 'client.deleted' }))) return null;
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
