import { type SQL, sql } from 'drizzle-orm';
import type { Session } from './open.ts';
import { wraps } from './schema.ts';

/** Deletes the wraps that match, locking them in their order first. @returns who held them */
export async function deleteWraps(tx: Session, condition: SQL): Promise<readonly string[]> {
  const deleted = await tx
    .delete(wraps)
    .where(
      sql`(${wraps.credentialId}, ${wraps.holder}) in (
        select credential_id, holder from ${wraps} where ${condition} order by credential_id, holder for update
      )`,
    )
    .returning({ holder: wraps.holder });
  return deleted.map(({ holder }) => holder);
}
