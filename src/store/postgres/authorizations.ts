import { and, eq, getTableColumns, gt, isNotNull, isNull, sql } from 'drizzle-orm';
import type { AuthorizationStore } from '../contract/authorizations.ts';
import { maximumFailedRedemptions, mismatchOf } from '../redemption.ts';
import { isGrantLive } from '../standing.ts';
import { audit } from './audit.ts';
import { endFamily } from './endings.ts';
import { startFamily } from './families.ts';
import type { Connection } from './open.ts';
import { presentOf } from './present.ts';
import { useProof } from './proofs.ts';
import { refreshing } from './refreshing.ts';
import {
  authorizationCodes as codes,
  grants,
  pushedRequests as pushed,
  authorizationRequests as requests,
} from './schema.ts';
import { standings } from './standing.ts';

export function postgresAuthorizations(connection: Connection): AuthorizationStore {
  const { db, givenNow, write } = connection;
  return {
    async useProof(proof) {
      return useProof(db, proof);
    },

    async pushRequest(request, proof) {
      return write(async (tx, createdAt) => {
        if (!(await useProof(tx, proof))) return false;
        await tx.insert(pushed).values({ ...request, createdAt });
        return true;
      });
    },

    async findPushedRequest(hash) {
      const [found] = await db
        .select()
        .from(pushed)
        .where(and(eq(pushed.hash, hash), gt(pushed.expiresAt, presentOf(givenNow()))));
      return found ?? null;
    },

    async saveRequest(request, pushedHash) {
      return write(async (tx, now) => {
        if (pushedHash !== null) {
          // Kept as long as what it becomes, for a browser that comes back to it.
          const { rowCount } = await tx
            .update(pushed)
            .set({ requestId: request.id, expiresAt: request.expiresAt })
            .where(and(eq(pushed.hash, pushedHash), isNull(pushed.requestId), gt(pushed.expiresAt, now)));
          if (rowCount === 0) return false;
        }
        await tx.insert(requests).values({ ...request, createdAt: now });
        return true;
      });
    },

    async findRequest(id) {
      const [request] = await db
        .select()
        .from(requests)
        .where(and(eq(requests.id, id), gt(requests.expiresAt, presentOf(givenNow()))));
      return request ?? null;
    },

    async issueCode(requestId, browserHash, userId, { hash, expiresAt }) {
      return write(async (tx, now) => {
        const [request] = await tx
          .update(requests)
          .set({ codeIssuedAt: now })
          .where(
            and(
              eq(requests.id, requestId),
              eq(requests.browserHash, browserHash),
              eq(requests.userId, userId),
              eq(requests.decision, 'approved'),
              isNotNull(requests.redirectUri),
              isNull(requests.codeIssuedAt),
              gt(requests.expiresAt, now),
            ),
          )
          .returning();
        if (!request) return false;
        const { clientId, grantId, redirectUri, codeChallenge, dpopThumbprint, grantedScope } = request;
        if (grantId === null || grantedScope === null) throw new Error('an approval without its grant');
        if (redirectUri === null || codeChallenge === null) throw new Error('a device has no code');
        await tx.insert(codes).values({
          hash,
          clientId,
          grantId,
          redirectUri,
          codeChallenge,
          dpopThumbprint,
          scope: grantedScope,
          createdAt: now,
          expiresAt,
          failedAttempts: 0,
        });
        return true;
      });
    },

    async finishDenied(requestId, browserHash) {
      const { rowCount } = await db
        .delete(requests)
        .where(
          and(
            eq(requests.id, requestId),
            eq(requests.browserHash, browserHash),
            eq(requests.decision, 'denied'),
            gt(requests.expiresAt, presentOf(givenNow())),
          ),
        );
      return rowCount === 1;
    },

    async findCode(hash) {
      const [approval] = await db
        .select({ scope: codes.scope, grant: getTableColumns(grants) })
        .from(codes)
        .innerJoin(grants, eq(grants.id, codes.grantId))
        .where(eq(codes.hash, hash));
      return approval ?? null;
    },

    async redeemCode(attempt, family) {
      const ofHash = eq(codes.hash, attempt.codeHash);
      return write(async (tx, now) => {
        if (!(await useProof(tx, attempt.proof))) return { kind: 'proof_replayed' };
        const [code] = await tx.select().from(codes).where(ofHash).for('update');
        if (!code) return { kind: 'unknown' };
        const mismatch = mismatchOf(code, attempt);
        if (mismatch || !family) {
          const [counted] = await tx
            .update(codes)
            .set({ failedAttempts: sql`${codes.failedAttempts} + 1` })
            .where(and(ofHash, isNull(codes.usedAt)))
            .returning({ failed: codes.failedAttempts });
          if (counted && counted.failed >= maximumFailedRedemptions) await tx.delete(codes).where(ofHash);
          return { kind: 'mismatch', of: mismatch ?? 'access' };
        }

        const { clientId, grantId, scope, familyId } = code;
        const by = { at: now, actor: { kind: 'client', id: clientId } } as const;
        const [grant] = await standings(tx).ofGrant.execute({ id: grantId, now });
        if (!grant) throw new Error('a code without its grant');
        const userId = grant.grant.userId;
        if (familyId !== null) {
          if (await endFamily(tx, familyId, { ...by, reason: 'code_replay' })) {
            await audit(tx, { ...by, action: 'code.replayed', subject: familyId, userId });
          }
          return { kind: 'replayed' };
        }
        if (!isGrantLive(grant)) return { kind: 'ended' };
        const spent = await tx
          .update(codes)
          .set({ usedAt: now, familyId: family.id })
          .where(and(ofHash, isNull(codes.usedAt), gt(codes.expiresAt, now)));
        if (spent.rowCount === 0) return { kind: 'expired' };
        await startFamily(tx, { ...family, scope }, { grantId, clientId, userId }, by);
        return { kind: 'redeemed' };
      });
    },

    ...refreshing(connection),
  };
}
