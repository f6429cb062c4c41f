import { type SQL, sql } from 'drizzle-orm';
import { flagsCountFor } from '../moderation.ts';

/**
 * How many flagged calls of the client in the surrounding statement count now.
 * @param now milliseconds since the epoch
 * @param most counts no further
 */
export function flaggedCount(now: number, most: number): SQL<number> {
  // Names are written out: drizzle leaves out the table where a statement has but one.
  return sql`(
    select count(*) from (
      select 1 from calls join grants on grants.id = calls.grant_id
      where calls.client_id = clients.id and calls.flags <> 'unchecked' and not grants.test
        and calls.started_at > max(${now - flagsCountFor}, clients.flags_counted_from)
      limit ${most}
    ) as counted
  )`.mapWith(Number);
}
