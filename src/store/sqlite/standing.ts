import { eq, getTableColumns, sql } from 'drizzle-orm';
import type { ClientStatus } from '../records.ts';
import type { GrantStanding, Standing } from '../standing.ts';
import type { Connection } from './open.ts';
import { textParameter } from './parameters.ts';
import { clients, families, grants, users } from './schema.ts';

/** A grant with who stands behind it, in one row. */
const grantStandingColumns = {
  grant: getTableColumns(grants),
  userStatus: users.status,
  clientStatus: sql<
    ClientStatus | 'deleted'
  >`iif(${clients.deletedAt} is null, ${clients.status}, 'deleted')`,
};

/** One parameter for any number of families, as JSON; cast for the reason given at `textParameter`. */
const endedFamilies = `
  SELECT value FROM json_each(cast(? AS text)) WHERE NOT EXISTS (
    SELECT 1 FROM families
    JOIN grants ON grants.id = families.grant_id
    JOIN users ON users.id = grants.user_id
    JOIN clients ON clients.id = grants.client_id
    WHERE families.id = value AND families.revoked_at IS NULL
      AND grants.revoked_at IS NULL AND (grants.expires_at IS NULL OR grants.expires_at > ?)
      AND users.status = 'active' AND clients.status = 'active' AND clients.deleted_at IS NULL
  )`;

export interface StandingReader {
  ofFamily(familyId: string, now: number): Standing | null;
  ofGrant(grantId: string, now: number): GrantStanding | null;
  /** Those of these families whose tokens are not good any more. */
  ended(familyIds: readonly string[], now: number): readonly string[];
}

export function standingReader({ client, db }: Connection): StandingReader {
  const ofGrant = db
    .select(grantStandingColumns)
    .from(grants)
    .innerJoin(users, eq(users.id, grants.userId))
    .innerJoin(clients, eq(clients.id, grants.clientId))
    .where(eq(grants.id, textParameter('id')))
    .prepare();
  const ofFamily = db
    .select({ family: getTableColumns(families), ...grantStandingColumns })
    .from(families)
    .innerJoin(grants, eq(grants.id, families.grantId))
    .innerJoin(users, eq(users.id, grants.userId))
    .innerJoin(clients, eq(clients.id, grants.clientId))
    .where(eq(families.id, textParameter('id')))
    .prepare();
  const ended = client.prepare<[string, number], string>(endedFamilies).pluck();
  return {
    ended: (familyIds, now) => ended.all(JSON.stringify(familyIds), now),
    ofFamily(id, now) {
      const row = ofFamily.get({ id });
      return row ? { ...row, now } : null;
    },
    ofGrant(id, now) {
      const row = ofGrant.get({ id });
      return row ? { ...row, now } : null;
    },
  };
}
