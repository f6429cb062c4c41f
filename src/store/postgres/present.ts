import { type Placeholder, type SQL, sql } from 'drizzle-orm';

/** The clock of the database in milliseconds; unlike `now()` it goes on within a transaction. */
export const databaseClock = 'floor(extract(epoch from clock_timestamp()) * 1000)::bigint';

/** The present in a statement: what `Connection.givenNow` gave, or the placeholder for it. */
export function presentOf(given: number | null | Placeholder): SQL<number> {
  return sql`coalesce(${given}::bigint, ${sql.raw(databaseClock)})`.mapWith(Number);
}
