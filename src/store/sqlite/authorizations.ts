import { and, eq, getTableColumns, gt, isNotNull, isNull, sql } from 'drizzle-orm';
import type { AuthorizationStore } from '../contract/authorizations.ts';
import { maximumFailedRedemptions, mismatchOf } from '../redemption.ts';
import { isGrantLive } from '../standing.ts';
import { endings } from './endings.ts';
import { familyStarter } from './families.ts';
import type { Connection } from './open.ts';
import { proofUser } from './proofs.ts';
import { refreshing } from './refreshing.ts';
import {
  authorizationCodes as codes,
  grants,
  pushedRequests as pushed,
  authorizationRequests as requests,
} from './schema.ts';
import { standingReader } from './standing.ts';

export function sqliteAuthorizations(connection: Connection): AuthorizationStore {
  const { db, clock, write, audit } = connection;
  const { placeholder } = sql;
  const end = endings(connection);
  const startFamily = familyStarter(connection);
  const standing = standingReader(connection);
  const useProof = proofUser(connection);

  const openRequest = db
    .select()
    .from(requests)
    .where(and(eq(requests.id, placeholder('id')), gt(requests.expiresAt, placeholder('now'))))
    .prepare();
  const collect = db
    .update(requests)
    .set({ codeIssuedAt: sql`${placeholder('now')}` })
    .where(
      and(
        eq(requests.id, placeholder('id')),
        eq(requests.browserHash, placeholder('browserHash')),
        eq(requests.userId, placeholder('userId')),
        eq(requests.decision, 'approved'),
        isNotNull(requests.redirectUri),
        isNull(requests.codeIssuedAt),
        gt(requests.expiresAt, placeholder('now')),
      ),
    )
    .returning()
    .prepare();
  const codeByHash = db
    .select()
    .from(codes)
    .where(eq(codes.hash, placeholder('hash')))
    .prepare();
  const approvalByHash = db
    .select({ scope: codes.scope, grant: getTableColumns(grants) })
    .from(codes)
    .innerJoin(grants, eq(grants.id, codes.grantId))
    .where(eq(codes.hash, placeholder('hash')))
    .prepare();
  const spend = db
    .update(codes)
    .set({ usedAt: sql`${placeholder('now')}`, familyId: sql`${placeholder('familyId')}` })
    .where(
      and(eq(codes.hash, placeholder('hash')), isNull(codes.usedAt), gt(codes.expiresAt, placeholder('now'))),
    )
    .prepare();
  const countFailure = db
    .update(codes)
    .set({ failedAttempts: sql`${codes.failedAttempts} + 1` })
    .where(and(eq(codes.hash, placeholder('hash')), isNull(codes.usedAt)))
    .returning({ failed: codes.failedAttempts })
    .prepare();
  const burn = db
    .delete(codes)
    .where(eq(codes.hash, placeholder('hash')))
    .prepare();

  return {
    async useProof(proof) {
      return useProof(proof);
    },

    async pushRequest(request, proof) {
      return write((createdAt) => {
        if (!useProof(proof)) return false;
        db.insert(pushed)
          .values({ ...request, createdAt })
          .run();
        return true;
      });
    },

    async findPushedRequest(hash) {
      const ofHash = and(eq(pushed.hash, hash), gt(pushed.expiresAt, clock()));
      return db.select().from(pushed).where(ofHash).get() ?? null;
    },

    async saveRequest(request, pushedHash) {
      return write((createdAt) => {
        if (pushedHash !== null) {
          // Kept as long as what it becomes, for a browser that comes back to it.
          const { changes } = db
            .update(pushed)
            .set({ requestId: request.id, expiresAt: request.expiresAt })
            .where(
              and(eq(pushed.hash, pushedHash), isNull(pushed.requestId), gt(pushed.expiresAt, createdAt)),
            )
            .run();
          if (changes === 0) return false;
        }
        db.insert(requests)
          .values({ ...request, createdAt })
          .run();
        return true;
      });
    },

    async findRequest(id) {
      return openRequest.get({ id, now: clock() }) ?? null;
    },

    async issueCode(requestId, browserHash, userId, { hash, expiresAt }) {
      return write((now) => {
        const request = collect.get({ id: requestId, browserHash, userId, now });
        if (!request) return false;
        const { clientId, grantId, redirectUri, codeChallenge, dpopThumbprint, grantedScope } = request;
        if (grantId === null || grantedScope === null) throw new Error('an approval without its grant');
        if (redirectUri === null || codeChallenge === null) throw new Error('a device has no code');
        db.insert(codes)
          .values({
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
          })
          .run();
        return true;
      });
    },

    async finishDenied(requestId, browserHash) {
      const denied = and(
        eq(requests.id, requestId),
        eq(requests.browserHash, browserHash),
        eq(requests.decision, 'denied'),
        gt(requests.expiresAt, clock()),
      );
      return db.delete(requests).where(denied).run().changes === 1;
    },

    async findCode(hash) {
      return approvalByHash.get({ hash }) ?? null;
    },

    async redeemCode(attempt, family) {
      const hash = attempt.codeHash;
      return write((now) => {
        if (!useProof(attempt.proof)) return { kind: 'proof_replayed' };
        const code = codeByHash.get({ hash });
        if (!code) return { kind: 'unknown' };
        const mismatch = mismatchOf(code, attempt);
        if (mismatch || !family) {
          const failed = countFailure.get({ hash })?.failed ?? 0;
          if (failed >= maximumFailedRedemptions) burn.run({ hash });
          return { kind: 'mismatch', of: mismatch ?? 'access' };
        }

        const { clientId, grantId, scope, familyId } = code;
        const actor = { kind: 'client', id: clientId } as const;
        const grant = standing.ofGrant(grantId, now);
        if (!grant) throw new Error('a code without its grant');
        const userId = grant.grant.userId;
        if (familyId !== null) {
          if (end.family(familyId, { at: now, actor, reason: 'code_replay' })) {
            audit({ at: now, actor, action: 'code.replayed', subject: familyId, userId });
          }
          return { kind: 'replayed' };
        }
        if (!isGrantLive(grant)) return { kind: 'ended' };
        if (spend.run({ hash, now, familyId: family.id }).changes === 0) return { kind: 'expired' };
        startFamily({ ...family, scope }, { grantId, clientId, userId }, { at: now, actor });
        return { kind: 'redeemed' };
      });
    },

    ...refreshing(connection),
  };
}
