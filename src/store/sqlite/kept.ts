import { type Placeholder, type SQL, sql } from 'drizzle-orm';
import { credentials, sessions } from './schema.ts';

/** A key is kept until its time is over, or until the session has ended that it was given for. */
export function isKept(now: number | Placeholder): SQL {
  const { expiresAt, sessionHash } = credentials;
  return sql`(${expiresAt} is null or (${expiresAt} > ${now} and
    (${sessionHash} is null or exists (select 1 from ${sessions} where ${sessions.hash} = ${sessionHash}))))`;
}
