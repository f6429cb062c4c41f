import { eq, getTableColumns, sql } from 'drizzle-orm';
import type { ClientStatus } from '../records.ts';
import { oncePer } from './once_per.ts';
import type { Session } from './open.ts';
import { databaseClock, presentOf } from './present.ts';
import { clients, families, grants, refreshTokens, users } from './schema.ts';

/** A grant with who stands behind it, in one row. */
const grantStanding = {
  grant: getTableColumns(grants),
  userStatus: users.status,
  clientStatus: sql<
    ClientStatus | 'deleted'
  >`case when ${clients.deletedAt} is null then ${clients.status} else 'deleted' end`,
  now: presentOf(sql.placeholder('now')),
};
const family = getTableColumns(families);
const id = sql.placeholder('id');

/** Everything that decides whether tokens are good, by grant, by family and by refresh token. */
export const standings = oncePer((session: Session) => ({
  ofGrant: session
    .select(grantStanding)
    .from(grants)
    .innerJoin(users, eq(users.id, grants.userId))
    .innerJoin(clients, eq(clients.id, grants.clientId))
    .where(eq(grants.id, id))
    .prepare('standing_of_grant'),
  ofFamily: session
    .select({ family, ...grantStanding })
    .from(families)
    .innerJoin(grants, eq(grants.id, families.grantId))
    .innerJoin(users, eq(users.id, grants.userId))
    .innerJoin(clients, eq(clients.id, grants.clientId))
    .where(eq(families.id, id))
    .prepare('standing_of_family'),
  ofRefreshToken: session
    .select({ token: refreshTokens, family, ...grantStanding })
    .from(refreshTokens)
    .innerJoin(families, eq(families.id, refreshTokens.familyId))
    .innerJoin(grants, eq(grants.id, families.grantId))
    .innerJoin(users, eq(users.id, grants.userId))
    .innerJoin(clients, eq(clients.id, grants.clientId))
    .where(eq(refreshTokens.hash, sql.placeholder('hash')))
    .prepare('standing_of_refresh_token'),
}));

/**
 * Those of some families whose tokens are not good any more. A subquery in this place is run for each family by the
 * indexes; as a join the planner would sometimes go through the whole tables.
 */
export const endedFamilies = {
  name: 'ended_families',
  text: `
    select asked.id from unnest($1::text[]) as asked (id) where coalesce((
      select families.revoked_at is not null
        or grants.revoked_at is not null
        or (grants.expires_at is not null and grants.expires_at <= coalesce($2::bigint, ${databaseClock}))
        or users.status <> 'active' or clients.status <> 'active' or clients.deleted_at is not null
      from families
      join grants on grants.id = families.grant_id
      join users on users.id = grants.user_id
      join clients on clients.id = grants.client_id
      where families.id = asked.id
    ), true)`,
};
