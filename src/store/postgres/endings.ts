import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Actor, FamilyEnd, GrantEnd } from '../records.ts';
import { audit } from './audit.ts';
import type { Session } from './open.ts';
import { families, grants, wraps } from './schema.ts';
import { deleteWraps } from './wraps.ts';

interface Ending<Reason> {
  readonly at: number;
  readonly actor: Actor;
  readonly reason: Reason;
}

/** Locks those of these grants that have not ended. @returns their ids, in the order of the locks */
export async function lockGrants(tx: Session, ids: readonly string[]): Promise<readonly string[]> {
  const locked = await tx
    .select({ id: grants.id })
    .from(grants)
    .where(and(sql`${grants.id} = any(${sql.param(ids)}::text[])`, isNull(grants.revokedAt)))
    .orderBy(grants.id)
    .for('no key update');
  return locked.map(({ id }) => id);
}

/**
 * Ends grants and deletes their wraps; their families stand and fall with them.
 * @returns the ids of those that ended now
 */
export async function endGrants(
  tx: Session,
  ids: readonly string[],
  { at, actor, reason }: Ending<GrantEnd>,
): Promise<readonly string[]> {
  const open = await lockGrants(tx, ids);
  if (open.length === 0) return [];
  const chosen = sql`any(${sql.param(open)}::text[])`;
  const ended = await tx
    .update(grants)
    .set({ revokedAt: at, revokedReason: reason })
    .where(sql`${grants.id} = ${chosen}`)
    .returning({ subject: grants.id, userId: grants.userId, client: grants.clientId });
  await deleteWraps(tx, sql`${wraps.holder} = ${chosen}`);
  const entries = ended.map(
    ({ client, ...grant }) =>
      ({ at, actor, action: 'grant.revoked', ...grant, detail: { reason, client } }) as const,
  );
  await audit(tx, ...entries);
  return open;
}

/** Ends a family. @returns whether it ended now */
export async function endFamily(
  tx: Session,
  subject: string,
  { at, actor, reason }: Ending<FamilyEnd>,
): Promise<boolean> {
  const [ended] = await tx
    .update(families)
    .set({ revokedAt: at, revokedReason: reason })
    .where(and(eq(families.id, subject), isNull(families.revokedAt)))
    .returning({
      userId: sql<string>`(select user_id from grants where grants.id = grant_id)`,
      grant: families.grantId,
    });
  if (!ended) return false;
  const { userId, grant } = ended;
  await audit(tx, { at, actor, action: 'family.revoked', subject, userId, detail: { reason, grant } });
  return true;
}
