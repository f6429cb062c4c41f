import { and, eq, getTableColumns, gt, isNull, sql } from 'drizzle-orm';
import type { DeviceStore } from '../contract/devices.ts';
import { judgePoll, slowDownBy } from '../polling.ts';
import { isGrantLive } from '../standing.ts';
import { familyStarter } from './families.ts';
import type { Connection } from './open.ts';
import { proofUser } from './proofs.ts';
import { deviceAuthorizations as devices, grants, authorizationRequests as requests } from './schema.ts';
import { standingReader } from './standing.ts';

export function sqliteDevices(connection: Connection): DeviceStore {
  const { db, clock, write } = connection;
  const startFamily = familyStarter(connection);
  const standing = standingReader(connection);
  const useProof = proofUser(connection);
  const requestById = (id: string) => db.select().from(requests).where(eq(requests.id, id)).get() ?? null;

  return {
    async startDevice(device) {
      const { changes } = db
        .insert(devices)
        .values({ ...device, createdAt: clock() })
        .onConflictDoNothing()
        .run();
      return changes === 1;
    },

    async claimDevice(userCodeHash, { requestId, browserHash, userCode }) {
      return write((now) => {
        const waiting = and(eq(devices.userCodeHash, userCodeHash), gt(devices.expiresAt, now));
        const claimed = db
          .update(devices)
          .set({ requestId })
          .where(and(waiting, isNull(devices.requestId)))
          .returning()
          .get();
        if (!claimed) {
          const device = db.select().from(devices).where(waiting).get();
          const request = device?.requestId ? requestById(device.requestId) : null;
          return request?.browserHash === browserHash && request.decision === null ? request.id : null;
        }
        const { clientId, scope, authorizationDetails, expiresAt } = claimed;
        db.insert(requests)
          .values({
            id: requestId,
            clientId,
            scope,
            authorizationDetails,
            browserHash,
            userCode,
            expiresAt,
            createdAt: now,
          })
          .run();
        return requestId;
      });
    },

    async findApproval(deviceCodeHash) {
      const approved = db
        .select({ scope: requests.grantedScope, grant: getTableColumns(grants) })
        .from(devices)
        .innerJoin(requests, eq(requests.id, devices.requestId))
        .innerJoin(grants, eq(grants.id, requests.grantId))
        .where(eq(devices.deviceCodeHash, deviceCodeHash))
        .get();
      return approved?.scope ? { ...approved, scope: approved.scope } : null;
    },

    async pollDevice({ deviceCodeHash, clientId, proof }, family) {
      const ofHash = eq(devices.deviceCodeHash, deviceCodeHash);
      return write((now) => {
        if (!useProof(proof)) return { kind: 'proof_replayed' };
        const device = db.select().from(devices).where(ofHash).get();
        if (!device) return { kind: 'unknown' };
        const request = device.requestId === null ? null : requestById(device.requestId);
        const verdict = judgePoll(device, request, { clientId, now });
        switch (verdict) {
          case 'unknown':
          case 'expired':
            return { kind: verdict };
          case 'slow_down':
            db.update(devices)
              .set({ polledAt: now, interval: sql`${devices.interval} + ${slowDownBy}` })
              .where(ofHash)
              .run();
            return { kind: verdict };
          case 'pending':
          case 'denied':
            db.update(devices).set({ polledAt: now }).where(ofHash).run();
            return { kind: verdict };
          case 'approved': {
            const { grantId, grantedScope: scope } = request ?? {};
            if (!grantId || !scope) throw new Error('an approval without its grant');
            const grant = standing.ofGrant(grantId, now);
            if (!grant || !isGrantLive(grant)) return { kind: 'ended' };
            if (!family) {
              db.update(devices).set({ polledAt: now }).where(ofHash).run();
              return { kind: 'not_begun' };
            }
            const redeemed = db
              .update(devices)
              .set({ redeemedAt: now })
              .where(and(ofHash, isNull(devices.redeemedAt)))
              .run();
            if (redeemed.changes === 0) return { kind: 'unknown' };
            const actor = { kind: 'client', id: clientId } as const;
            const { userId } = grant.grant;
            startFamily({ ...family, scope }, { grantId, clientId, userId }, { at: now, actor });
            return { kind: 'redeemed' };
          }
        }
      });
    },
  };
}
