import { and, eq, isNull, lte, ne, notExists, sql } from 'drizzle-orm';
import type { InstanceStore } from '../contract/instances.ts';
import type { Settlement } from '../contract/ledger.ts';
import type { Call } from '../records.ts';
import { writeCallRecords } from './call_records.ts';
import type { Connection } from './open.ts';
import { calls, instances } from './schema.ts';

export function postgresInstances(connection: Connection): InstanceStore {
  const { db, pool, write } = connection;
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
      const declaredDead = await write(async (tx, now) => {
        const [own] = await tx
          .select()
          .from(instances)
          .where(and(eq(instances.id, id), isLiving));
        if (!own || own.leaseUntil <= now) return null;
        // What somebody else holds is left alone: an instance that is just renewing its lease.
        const overdue = and(ne(instances.id, id), lte(instances.leaseUntil, now), isLiving);
        return tx
          .update(instances)
          .set({ declaredDeadAt: now })
          .where(
            sql`${instances.id} in (select id from ${instances} where ${overdue} for update skip locked)`,
          )
          .returning({ id: instances.id });
      });
      if (!declaredDead) return { declaredDead: [], settled: 0 };
      // Who is dead stays dead: their calls are nobody else's to settle as anything but lost.
      const ofDead = sql`${calls.instanceId} in (select id from ${instances} where declared_dead_at is not null)`;
      const pending = await db
        .select({ id: calls.id, reservedNanoUsd: calls.reservedNanoUsd })
        .from(calls)
        .where(sql`${isPending} and ${ofDead}`)
        .limit(limit);
      const settled =
        pending.length === 0 ? new Set() : await writeCallRecords(pool, connection, pending.map(lost), []);
      return { declaredDead: declaredDead.map((instance) => instance.id), settled: settled.size };
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

/** What becomes of a call that nobody can tell the end of. */
function lost({ id, reservedNanoUsd }: Pick<Call, 'id' | 'reservedNanoUsd'>): Settlement {
  return {
    callId: id,
    status: null,
    outcome: 'lost',
    usage: null,
    costNanoUsd: reservedNanoUsd || null,
    countedNanoUsd: null,
    isEstimated: true,
    upstreamRequestId: null,
  };
}
