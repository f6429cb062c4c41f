import { and, eq, gt, isNull, sql } from 'drizzle-orm';
import type { AuthorizationStore } from '../contract/authorizations.ts';
import { givesSameSuccessor } from '../rotation.ts';
import { isLive } from '../standing.ts';
import { endings } from './endings.ts';
import type { Connection } from './open.ts';
import { proofUser } from './proofs.ts';
import { families, refreshTokens as tokens } from './schema.ts';
import { standingReader } from './standing.ts';

/** The part of the authorization store that is about refresh tokens. */
export function refreshing(
  connection: Connection,
): Pick<AuthorizationStore, 'findRefreshToken' | 'rotateRefreshToken'> {
  const { client, db, clock, write, audit } = connection;
  const { placeholder } = sql;
  const end = endings(connection);
  const standings = standingReader(connection);
  const useProof = proofUser(connection);

  const byHash = db
    .select()
    .from(tokens)
    .where(eq(tokens.hash, placeholder('hash')))
    .prepare();
  const spend = db
    .update(tokens)
    .set({
      usedAt: sql`${placeholder('now')}`,
      salt: sql`${placeholder('salt')}`,
      successorHash: sql`${placeholder('successorHash')}`,
    })
    .where(
      and(
        eq(tokens.hash, placeholder('hash')),
        isNull(tokens.usedAt),
        gt(tokens.expiresAt, placeholder('now')),
      ),
    )
    .prepare();
  const insert = db
    .insert(tokens)
    .values({
      hash: placeholder('hash'),
      familyId: placeholder('familyId'),
      seq: placeholder('seq'),
      createdAt: placeholder('now'),
      expiresAt: placeholder('expiresAt'),
    })
    .prepare();
  const advance = db
    .update(families)
    .set({ seq: sql`${placeholder('seq')}` })
    .where(eq(families.id, placeholder('id')))
    .prepare();
  const forgetSalt = db
    .update(tokens)
    .set({ salt: null })
    .where(and(eq(tokens.familyId, placeholder('familyId')), eq(tokens.seq, placeholder('seq'))))
    .prepare();

  const find = (hash: string, now: number) => {
    const token = byHash.get({ hash });
    const standing = token && standings.ofFamily(token.familyId, now);
    return token && standing ? { token, standing } : null;
  };

  return {
    async findRefreshToken(hash) {
      // One transaction, so that both are read at one moment.
      return client.transaction(() => find(hash, clock()))();
    },

    async rotateRefreshToken(hash, { salt, expiresAt, successorHash, graceSeconds, proof }) {
      return write((now) => {
        if (!useProof(proof)) return { kind: 'proof_replayed' };
        const found = find(hash, now);
        if (!found) return { kind: 'unknown' };
        const { token, standing } = found;
        const { family } = standing;
        const live = isLive(standing);

        const seq = token.seq + 1;
        const nextHash = successorHash(family.id, seq, salt);
        if (live && spend.run({ hash, now, salt, successorHash: nextHash }).changes === 1) {
          insert.run({ hash: nextHash, familyId: family.id, seq, now, expiresAt });
          advance.run({ id: family.id, seq });
          // What this token itself followed from: nobody may ask for it again.
          forgetSalt.run({ familyId: family.id, seq: token.seq - 1 });
          return {
            kind: 'rotated',
            standing: { ...standing, family: { ...family, seq } },
            seq,
            salt,
            expiresAt,
          };
        }
        if (token.usedAt === null) return { kind: live ? 'expired' : 'ended' };

        const successor = (token.successorHash && byHash.get({ hash: token.successorHash })) || null;
        const sameSalt = token.salt;
        const follows = sameSalt && successorHash(family.id, seq, sameSalt) === token.successorHash;
        if (follows && givesSameSuccessor(token, successor, family, graceSeconds, now)) {
          if (!live) return { kind: 'ended' };
          if (successor.expiresAt <= now) return { kind: 'expired' };
          return { kind: 'rotated', standing, seq, salt: sameSalt, expiresAt: successor.expiresAt };
        }
        const actor = { kind: 'client', id: family.clientId } as const;
        if (end.family(family.id, { at: now, actor, reason: 'refresh_reuse' })) {
          const { userId } = standing.grant;
          audit({
            at: now,
            actor,
            action: 'refresh.reused',
            subject: family.id,
            userId,
            detail: { seq: token.seq },
          });
        }
        return { kind: 'reused' };
      });
    },
  };
}
