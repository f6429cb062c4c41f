import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Actor, FamilyEnd, GrantEnd } from '../records.ts';
import type { Connection } from './open.ts';
import { families, grants, wraps } from './schema.ts';

interface Ending<Reason> {
  readonly at: number;
  readonly actor: Actor;
  readonly reason: Reason;
}

/** How grants and families end, for use inside a write transaction. Each tells whether it ended now. */
export interface Endings {
  /** Ends a grant and deletes its wraps; its families stand and fall with it. */
  grant(id: string, ending: Ending<GrantEnd>): boolean;
  family(id: string, ending: Ending<FamilyEnd>): boolean;
}

export function endings({ db, audit }: Connection): Endings {
  const id = sql.placeholder('id');
  const ending = {
    revokedAt: sql`${sql.placeholder('at')}`,
    revokedReason: sql`${sql.placeholder('reason')}`,
  };
  const endGrant = db
    .update(grants)
    .set(ending)
    .where(and(eq(grants.id, id), isNull(grants.revokedAt)))
    .returning({ userId: grants.userId, client: grants.clientId })
    .prepare();
  const deleteWraps = db.delete(wraps).where(eq(wraps.holder, id)).prepare();
  const endFamily = db
    .update(families)
    .set(ending)
    .where(and(eq(families.id, id), isNull(families.revokedAt)))
    .returning({
      userId: sql<string>`(select user_id from grants where grants.id = grant_id)`,
      grant: families.grantId,
    })
    .prepare();

  return {
    grant(subject, { at, actor, reason }) {
      const ended = endGrant.get({ id: subject, at, reason });
      if (!ended) return false;
      deleteWraps.run({ id: subject });
      const { userId, client } = ended;
      audit({ at, actor, action: 'grant.revoked', subject, userId, detail: { reason, client } });
      return true;
    },
    family(subject, { at, actor, reason }) {
      const ended = endFamily.get({ id: subject, at, reason });
      if (!ended) return false;
      const { userId, grant } = ended;
      audit({ at, actor, action: 'family.revoked', subject, userId, detail: { reason, grant } });
      return true;
    },
  };
}
