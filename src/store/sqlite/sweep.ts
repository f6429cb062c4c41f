import { setImmediate } from 'node:timers/promises';
import { and, eq, isNotNull, isNull, lte, type SQL, sql } from 'drizzle-orm';
import type { SQLiteTable } from 'drizzle-orm/sqlite-core';
import { memory } from '../memory.ts';
import type { Connection } from './open.ts';
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

/** Rows per statement, so that the write lock is never held long. */
const step = 100;

/** Deletes what has expired, in short transactions between which others get their turn. */
export async function sweep({ client, db, clock }: Connection): Promise<void> {
  const now = clock();
  const expired: readonly (readonly [SQLiteTable, SQL])[] = [
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
    await repeat(() => db.delete(table).where(condition).limit(step).run().changes);
  }
  const stale = and(isNotNull(refreshTokens.salt), lte(refreshTokens.usedAt, now - memory.salt));
  await repeat(() => db.update(refreshTokens).set({ salt: null }).where(stale).limit(step).run().changes);
  cutLog(client);
}

/** Cuts the log, which still holds the bytes of what was deleted; the next sweep does when a backup is being read. */
function cutLog(client: Connection['client']): void {
  const patience = client.pragma('busy_timeout', { simple: true });
  // Waiting would keep everything else waiting too.
  client.pragma('busy_timeout = 0');
  client.pragma('wal_checkpoint(TRUNCATE)');
  client.pragma(`busy_timeout = ${patience}`);
}

async function repeat(sweepStep: () => number): Promise<void> {
  while (sweepStep() === step) await setImmediate();
}
