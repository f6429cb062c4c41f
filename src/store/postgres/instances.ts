import { and, eq, isNull, lte, ne, notExists, sql } from 'drizzle-orm';
import type { InstanceStore } from '../contract/instances.ts';
import type { Connection } from './open.ts';
import { calls, instances } from './schema.ts';

export function postgresInstances({ write }: Connection): InstanceStore {
  const isLiving = isNull(instances.declaredDeadAt);
  // Not as a parameter: the index of pending calls serves only where the statement says so.
  const isPending = sql`${calls.state} = 'pending'`;

  return {
    async beat(id, leaseSeconds) {
      return write(async (tx, now) => {
        const leaseUntil = now + leaseSeconds * 1000;
        const { rowCount } = await tx
          .insert(instances)
          .values({ id, leaseUntil })
          .onConflictDoUpdate({ target: instances.id, set: { leaseUntil }, setWhere: isLiving });
        return { isDead: rowCount === 0, now };
      });
    },

    async recover(id, limit) {
      return write(async (tx, now) => {
        const [own] = await tx
          .select()
          .from(instances)
          .where(and(eq(instances.id, id), isLiving));
        if (!own || own.leaseUntil <= now) return { declaredDead: [], settled: 0 };
        // What somebody else holds is left alone: an instance that is just renewing its lease, a call being settled.
        const overdue = and(ne(instances.id, id), lte(instances.leaseUntil, now), isLiving);
        const declaredDead = await tx
          .update(instances)
          .set({ declaredDeadAt: now })
          .where(
            sql`${instances.id} in (select id from ${instances} where ${overdue} for update skip locked)`,
          )
          .returning({ id: instances.id });
        const ofDead = sql`${calls.instanceId} in (select id from ${instances} where declared_dead_at is not null)`;
        const { rowCount } = await tx
          .update(calls)
          .set({
            state: 'settled',
            outcome: 'lost',
            costNanoUsd: sql`nullif(${calls.reservedNanoUsd}, 0)`,
            endedAt: now,
          })
          .where(
            sql`${calls.id} = any(array(
              select id from ${calls} where ${isPending} and ${ofDead} limit ${limit} for update of calls skip locked
            ))`,
          );
        return { declaredDead: declaredDead.map((instance) => instance.id), settled: rowCount ?? 0 };
      });
    },

    async leave(id) {
      await write(async (tx, now) => {
        const ofId = and(eq(instances.id, id), isLiving);
        const pending = tx
          .select()
          .from(calls)
          .where(and(eq(calls.instanceId, id), isPending));
        const { rowCount } = await tx.delete(instances).where(and(ofId, notExists(pending)));
        if (rowCount === 0) await tx.update(instances).set({ leaseUntil: now }).where(ofId);
      });
    },
  };
}
