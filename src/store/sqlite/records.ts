import { and, desc, eq, getTableColumns, inArray, lt, type SQL, sql } from 'drizzle-orm';
import type { RecordStore } from '../contract/records.ts';
import type { Connection } from './open.ts';
import { auditEvents, calls, clients, grants } from './schema.ts';

const { seq, ...eventColumns } = getTableColumns(auditEvents);
const { holds, ...callColumns } = getTableColumns(calls);

/** Sorts after every call id. */
const pastNewest = 'call_~';

export function sqliteRecords({ db }: Connection): RecordStore {
  const newestOfGrant = db
    .select({ id: calls.id })
    .from(calls)
    .where(and(eq(calls.grantId, sql.placeholder('grantId')), lt(calls.id, sql.placeholder('before'))))
    .orderBy(desc(calls.id))
    .limit(sql.placeholder('limit'))
    .prepare();

  /** The newest calls under the grants that match: a page of each, then the newest of those. */
  const newestUnder = (condition: SQL | undefined, before: string, limit: number): string[] =>
    db
      .select({ grantId: grants.id })
      .from(grants)
      .where(condition)
      .all()
      .flatMap(({ grantId }) => newestOfGrant.all({ grantId, before, limit }))
      .map(({ id }) => id)
      .sort()
      .slice(-limit);

  return {
    async listCalls({ userId, grantId, clientId, test }, { before, limit }) {
      const past = before ?? pastNewest;
      const ofGrants = and(
        userId === undefined ? undefined : eq(grants.userId, userId),
        grantId === undefined ? undefined : eq(grants.id, grantId),
        clientId === undefined ? undefined : eq(grants.clientId, clientId),
        test === undefined ? undefined : eq(grants.test, test),
      );
      const fewGrants = userId !== undefined || grantId !== undefined;
      return db
        .select({ ...callColumns, clientName: clients.name })
        .from(calls)
        .innerJoin(grants, eq(grants.id, calls.grantId))
        .innerJoin(clients, eq(clients.id, calls.clientId))
        .where(
          fewGrants
            ? inArray(calls.id, newestUnder(ofGrants, past, limit))
            : and(
                ofGrants,
                clientId === undefined ? undefined : eq(calls.clientId, clientId),
                lt(calls.id, past),
              ),
        )
        .orderBy(desc(calls.id))
        .limit(limit)
        .all();
    },

    async listAuditEvents({ userId }, limit) {
      return db
        .select(eventColumns)
        .from(auditEvents)
        .where(userId === undefined ? undefined : eq(auditEvents.userId, userId))
        .orderBy(desc(seq))
        .limit(limit)
        .all();
    },
  };
}
