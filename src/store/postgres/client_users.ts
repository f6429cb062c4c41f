import { and, eq, gt, isNull, or, type SQL, sql } from 'drizzle-orm';
import { clients, grants } from './schema.ts';

/** A grant of the client in the surrounding statement that makes somebody one of its users now. */
function ofUser(now: number | SQL, userId?: string): SQL | undefined {
  return and(
    eq(grants.clientId, clients.id),
    eq(grants.test, false),
    isNull(grants.revokedAt),
    or(isNull(grants.expiresAt), gt(grants.expiresAt, now)),
    userId === undefined
      ? sql`${grants.userId} is distinct from ${clients.ownerId}`
      : eq(grants.userId, userId),
  );
}

/** How many people let the client in the surrounding statement use their keys; its owner does not count. */
export function userCount(now: number | SQL): SQL<number> {
  return sql`(select count(*) from ${grants} where ${ofUser(now)})`.mapWith(Number);
}

/** Whether the client in the surrounding statement lets this user in: it is theirs, or they are a user of it already. */
export function isUser(userId: string, now: number | SQL): SQL {
  return sql`(${clients.ownerId} is not distinct from ${userId} or exists (select 1 from ${grants} where ${ofUser(now, userId)}))`;
}
