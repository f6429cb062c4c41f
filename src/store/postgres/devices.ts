import { and, eq, getTableColumns, gt, isNull, sql } from 'drizzle-orm';
import type { DeviceStore } from '../contract/devices.ts';
import { judgePoll, slowDownBy } from '../polling.ts';
import { isGrantLive } from '../standing.ts';
import { startFamily } from './families.ts';
import type { Connection, Session } from './open.ts';
import { presentOf } from './present.ts';
import { useProof } from './proofs.ts';
import { deviceAuthorizations as devices, grants, authorizationRequests as requests } from './schema.ts';
import { standings } from './standing.ts';

async function requestById(tx: Session, id: string) {
  const [request] = await tx.select().from(requests).where(eq(requests.id, id));
  return request ?? null;
}

export function postgresDevices({ db, givenNow, write }: Connection): DeviceStore {
  return {
    async startDevice(device) {
      const { rowCount } = await db
        .insert(devices)
        .values({ ...device, createdAt: presentOf(givenNow()) })
        .onConflictDoNothing();
      return rowCount === 1;
    },

    async claimDevice(userCodeHash, { requestId, browserHash, userCode }) {
      return write(async (tx, now) => {
        const waiting = and(eq(devices.userCodeHash, userCodeHash), gt(devices.expiresAt, now));
        const [claimed] = await tx
          .update(devices)
          .set({ requestId })
          .where(and(waiting, isNull(devices.requestId)))
          .returning();
        if (!claimed) {
          const [device] = await tx.select().from(devices).where(waiting);
          const request = device?.requestId ? await requestById(tx, device.requestId) : null;
          return request?.browserHash === browserHash && request.decision === null ? request.id : null;
        }
        const { clientId, scope, authorizationDetails, expiresAt } = claimed;
        await tx.insert(requests).values({
          id: requestId,
          clientId,
          scope,
          authorizationDetails,
          browserHash,
          userCode,
          expiresAt,
          createdAt: now,
        });
        return requestId;
      });
    },

    async findApproval(deviceCodeHash) {
      const [approved] = await db
        .select({ scope: requests.grantedScope, grant: getTableColumns(grants) })
        .from(devices)
        .innerJoin(requests, eq(requests.id, devices.requestId))
        .innerJoin(grants, eq(grants.id, requests.grantId))
        .where(eq(devices.deviceCodeHash, deviceCodeHash));
      return approved?.scope ? { ...approved, scope: approved.scope } : null;
    },

    async pollDevice({ deviceCodeHash, clientId, proof }, family) {
      const ofHash = eq(devices.deviceCodeHash, deviceCodeHash);
      return write(async (tx, now) => {
        if (!(await useProof(tx, proof))) return { kind: 'proof_replayed' };
        const [device] = await tx.select().from(devices).where(ofHash).for('update');
        if (!device) return { kind: 'unknown' };
        const request = device.requestId === null ? null : await requestById(tx, device.requestId);
        const verdict = judgePoll(device, request, { clientId, now });
        switch (verdict) {
          case 'unknown':
          case 'expired':
            return { kind: verdict };
          case 'slow_down':
            await tx
              .update(devices)
              .set({ polledAt: now, interval: sql`${devices.interval} + ${slowDownBy}` })
              .where(ofHash);
            return { kind: verdict };
          case 'pending':
          case 'denied':
            await tx.update(devices).set({ polledAt: now }).where(ofHash);
            return { kind: verdict };
          case 'approved': {
            const { grantId, grantedScope: scope } = request ?? {};
            if (!grantId || !scope) throw new Error('an approval without its grant');
            const [grant] = await standings(tx).ofGrant.execute({ id: grantId, now });
            if (!grant || !isGrantLive(grant)) return { kind: 'ended' };
            if (!family) {
              await tx.update(devices).set({ polledAt: now }).where(ofHash);
              return { kind: 'not_begun' };
            }
            const redeemed = await tx
              .update(devices)
              .set({ redeemedAt: now })
              .where(and(ofHash, isNull(devices.redeemedAt)));
            if (redeemed.rowCount === 0) return { kind: 'unknown' };
            const by = { at: now, actor: { kind: 'client', id: clientId } } as const;
            const { userId } = grant.grant;
            await startFamily(tx, { ...family, scope }, { grantId, clientId, userId }, by);
            return { kind: 'redeemed' };
          }
        }
      });
    },
  };
}
