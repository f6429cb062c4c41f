import { eq, getTableColumns, sql } from 'drizzle-orm';
import type { ClientStatus } from '../records.ts';
import type { GrantStanding } from '../standing.ts';
import type { Standing } from '../store.ts';
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

export interface StandingReader {
  ofFamily(familyId: string, now: number): Standing | null;
  ofGrant(grantId: string, now: number): GrantStanding | null;
}

export function standingReader({ db }: Connection): StandingReader {
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
  return {
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
