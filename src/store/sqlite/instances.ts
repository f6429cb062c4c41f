import { and, eq, inArray, isNotNull, isNull, lte, ne, notExists, sql } from 'drizzle-orm';
import type { InstanceStore } from '../contract/instances.ts';
import { countersOn } from './counters.ts';
import type { Connection } from './open.ts';
import { calls, instances } from './schema.ts';

export function sqliteInstances(connection: Connection): InstanceStore {
  const { db, write } = connection;
  const counters = countersOn(connection);
  // Not as a parameter: the index of pending calls serves only where the statement says so.
  const isPending = sql`${calls.state} = 'pending'`;
  const pendingOfDead = (limit: number) =>
    db
      .select({ id: calls.id })
      .from(instances)
      .innerJoin(calls, and(eq(calls.instanceId, instances.id), isPending))
      .where(isNotNull(instances.declaredDeadAt))
      .limit(limit);

  return {
    async beat(id, leaseSeconds) {
      return write((now) => {
        const leaseUntil = now + leaseSeconds * 1000;
        const { changes } = db
          .insert(instances)
          .values({ id, leaseUntil })
          .onConflictDoUpdate({
            target: instances.id,
            set: { leaseUntil },
            setWhere: isNull(instances.declaredDeadAt),
          })
          .run();
        return { isDead: changes === 0, now };
      });
    },

    async recover(id, limit) {
      return write((now) => {
        const isLiving = isNull(instances.declaredDeadAt);
        const own = db
          .select()
          .from(instances)
          .where(and(eq(instances.id, id), isLiving))
          .get();
        if (!own || own.leaseUntil <= now) return { declaredDead: [], settled: 0 };
        const declaredDead = db
          .update(instances)
          .set({ declaredDeadAt: now })
          .where(and(ne(instances.id, id), lte(instances.leaseUntil, now), isLiving))
          .returning({ id: instances.id })
          .all();
        const lost = db
          .update(calls)
          .set({
            state: 'settled',
            outcome: 'lost',
            costNanoUsd: sql`nullif(${calls.reservedNanoUsd}, 0)`,
            countedNanoUsd: calls.reservedNanoUsd,
            endedAt: now,
          })
          .where(and(isPending, inArray(calls.id, pendingOfDead(limit))))
          .returning({ holds: calls.holds, reservedNanoUsd: calls.reservedNanoUsd })
          .all();
        for (const { holds, reservedNanoUsd } of lost) {
          const unknown = { outcome: 'lost', countedNanoUsd: null, isEstimated: true } as const;
          counters.settle({ ...unknown, holds: holds ?? [], reservedNanoUsd });
        }
        return { declaredDead: declaredDead.map((instance) => instance.id), settled: lost.length };
      });
    },

    async leave(id) {
      write((now) => {
        const ofId = and(eq(instances.id, id), isNull(instances.declaredDeadAt));
        const pending = db
          .select()
          .from(calls)
          .where(and(eq(calls.instanceId, id), isPending));
        const { changes } = db
          .delete(instances)
          .where(and(ofId, notExists(pending)))
          .run();
        if (changes === 0) db.update(instances).set({ leaseUntil: now }).where(ofId).run();
      });
    },
  };
}
