import { and, count, desc, eq, getTableColumns, inArray, max, sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { GrantView } from '../contract/grants.ts';
import { calls, clients, credentials, grants, wraps } from './schema.ts';

/** The grants of a user, of a client or of all, newest first, with what pages show beside them. */
export function listGrantViews(
  db: BetterSQLite3Database,
  { userId, clientId }: { readonly userId?: string; readonly clientId?: string },
): readonly GrantView[] {
  const wanted = and(
    userId === undefined ? undefined : eq(grants.userId, userId),
    clientId === undefined ? undefined : eq(grants.clientId, clientId),
  );
  const wantedIds = db.select({ id: grants.id }).from(grants).where(wanted);

  const used = db
    .select({
      grantId: calls.grantId,
      calls: count().as('calls'),
      costNanoUsd: sql<number>`sum(${calls.costNanoUsd})`.as('cost_nano_usd'),
      lastCallAt: max(calls.startedAt).as('last_call_at'),
    })
    .from(calls)
    .where(inArray(calls.grantId, wantedIds))
    .groupBy(calls.grantId)
    .as('used');
  const { id, name, type, status, verified } = clients;
  const rows = db
    .select({
      grant: getTableColumns(grants),
      client: { id, name, type, status, verified },
      calls: sql<number>`coalesce(${used.calls}, 0)`,
      costNanoUsd: sql<number>`coalesce(${used.costNanoUsd}, 0)`,
      lastCallAt: used.lastCallAt,
    })
    .from(grants)
    .innerJoin(clients, eq(clients.id, grants.clientId))
    .leftJoin(used, eq(used.grantId, grants.id))
    .where(wanted)
    .orderBy(desc(grants.createdAt), desc(grants.id))
    .all();

  const held = db
    .select({
      holder: wraps.holder,
      credential: {
        id: credentials.id,
        provider: credentials.provider,
        name: credentials.name,
        last4: credentials.last4,
        sandbox: credentials.sandbox,
      },
    })
    .from(wraps)
    .innerJoin(credentials, eq(credentials.id, wraps.credentialId))
    .where(inArray(wraps.holder, wantedIds))
    .orderBy(credentials.provider, credentials.id)
    .all();
  const byHolder = Map.groupBy(held, ({ holder }) => holder);
  return rows.map((row) => ({
    ...row,
    credentials: (byHolder.get(row.grant.id) ?? []).map(({ credential }) => credential),
  }));
}
