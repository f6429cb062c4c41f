import { and, eq, isNotNull, isNull, lte, type SQL, sql } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import { memory } from '../memory.ts';
import type { Connection } from './open.ts';
import { presentOf } from './present.ts';
import {
  attempts,
  authorizationCodes,
  authorizationRequests,
  calls,
  clients,
  counters,
  deviceAuthorizations,
  dpopProofs,
  grants,
  instances,
  invitations,
  notices,
  pushedRequests,
  refreshTokens,
  sessions,
  signingKeys,
} from './schema.ts';

/** Rows per statement, so that none is locked for long. */
const step = 1000;

/** Deletes what has expired, in short statements. What somebody else holds, another sweep among them, is left alone. */
export async function sweep({ db, givenNow }: Connection): Promise<void> {
  const { rows } = await db.execute<{ now: number }>(sql`select ${presentOf(givenNow())} as now`);
  const now = rows[0]?.now ?? 0;
  const expired: readonly (readonly [PgTable, SQL])[] = [
    [sessions, lte(sessions.expiresAt, now)],
    [invitations, lte(invitations.expiresAt, now)],
    [attempts, lte(attempts.resetsAt, now)],
    [authorizationRequests, lte(authorizationRequests.expiresAt, now)],
    [pushedRequests, lte(pushedRequests.expiresAt, now)],
    [deviceAuthorizations, lte(deviceAuthorizations.expiresAt, now - memory.deviceCode)],
    [dpopProofs, lte(dpopProofs.expiresAt, now)],
    [authorizationCodes, lte(authorizationCodes.expiresAt, now - memory.usedCode)],
    [refreshTokens, lte(refreshTokens.expiresAt, now - memory.usedRefreshToken)],
    [counters, lte(counters.endsAt, now - memory.endedCounter)],
    [notices, lte(notices.createdAt, now - memory.notice)],
    [signingKeys, lte(signingKeys.retiredAt, now - memory.endedSigningKey)],
    [signingKeys, lte(signingKeys.withdrawnAt, now - memory.endedSigningKey)],
    [
      clients,
      // An operator's word on an app with a document stays: the document would bring it back.
      sql`${isNull(clients.ownerId)} and ${lte(clients.createdAt, now - memory.unusedClient)}
        and ${eq(clients.status, 'active')} and (${isNull(clients.deletedAt)} or ${isNull(clients.freshUntil)})
        and not exists (select 1 from ${grants} where ${eq(grants.clientId, clients.id)})`,
    ],
    [
      instances,
      sql`${lte(instances.declaredDeadAt, now - memory.deadInstance)} and not exists
        (select 1 from ${calls} where ${eq(calls.instanceId, instances.id)} and ${calls.state} = 'pending')`,
    ],
  ];
  for (const [table, condition] of expired) {
    await repeat(() => db.execute(sql`delete from ${table} where ${some(table, condition)}`));
  }
  const stale = and(isNotNull(refreshTokens.salt), lte(refreshTokens.usedAt, now - memory.salt));
  await repeat(() =>
    db.execute(sql`update ${refreshTokens} set salt = null where ${some(refreshTokens, stale)}`),
  );
}

/** Up to a step of the rows that match, locked. */
function some(table: PgTable, condition: SQL | undefined): SQL {
  return sql`ctid = any(array(select ctid from ${table} where ${condition} limit ${step} for update skip locked))`;
}

async function repeat(sweepStep: () => Promise<{ readonly rowCount: number | null }>): Promise<void> {
  while ((await sweepStep()).rowCount === step);
}
