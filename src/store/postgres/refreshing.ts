import { eq, sql } from 'drizzle-orm';
import type { AuthorizationStore } from '../contract/authorizations.ts';
import type { RefreshToken } from '../records.ts';
import { givesSameSuccessor } from '../rotation.ts';
import type { Standing } from '../standing.ts';
import { isLive } from '../standing.ts';
import { audit } from './audit.ts';
import { endFamily } from './endings.ts';
import type { Connection, Session } from './open.ts';
import { useProof } from './proofs.ts';
import { families, refreshTokens as tokens } from './schema.ts';
import { standings } from './standing.ts';

/** The part of the authorization store that is about refresh tokens. */
export function refreshing({
  db,
  givenNow,
  write,
}: Connection): Pick<AuthorizationStore, 'findRefreshToken' | 'rotateRefreshToken'> {
  return {
    async findRefreshToken(hash) {
      return findToken(db, hash, givenNow());
    },

    async rotateRefreshToken(hash, { salt, expiresAt, successorHash, graceSeconds, proof }) {
      return write(async (tx) => {
        if (!(await useProof(tx, proof))) return { kind: 'proof_replayed' };
        await lockFamilyOf(tx, hash);
        const found = await findToken(tx, hash, givenNow());
        if (!found) return { kind: 'unknown' };
        const { token, standing } = found;
        const { family, now } = standing;
        const live = isLive(standing);

        const seq = token.seq + 1;
        const nextHash = successorHash(family.id, seq, salt);
        if (live && (await spend(tx, token, now, { hash: nextHash, salt, expiresAt }))) {
          return {
            kind: 'rotated',
            standing: { ...standing, family: { ...family, seq } },
            seq,
            salt,
            expiresAt,
          };
        }
        if (token.usedAt === null) return { kind: live ? 'expired' : 'ended' };

        const successor = token.successorHash === null ? null : await findByHash(tx, token.successorHash);
        const sameSalt = token.salt;
        const follows = sameSalt && successorHash(family.id, seq, sameSalt) === token.successorHash;
        if (follows && givesSameSuccessor(token, successor, family, graceSeconds, now)) {
          if (!live) return { kind: 'ended' };
          if (successor.expiresAt <= now) return { kind: 'expired' };
          return { kind: 'rotated', standing, seq, salt: sameSalt, expiresAt: successor.expiresAt };
        }
        const by = { at: now, actor: { kind: 'client', id: family.clientId } } as const;
        if (await endFamily(tx, family.id, { ...by, reason: 'refresh_reuse' })) {
          const { userId } = standing.grant;
          const detail = { seq: token.seq };
          await audit(tx, { ...by, action: 'refresh.reused', subject: family.id, userId, detail });
        }
        return { kind: 'reused' };
      });
    },
  };
}

/** Whatever happens to a family's tokens happens one after the other. */
async function lockFamilyOf(tx: Session, hash: string): Promise<void> {
  const familyId = tx.select({ id: tokens.familyId }).from(tokens).where(eq(tokens.hash, hash));
  await tx.select({ id: families.id }).from(families).where(eq(families.id, familyId)).for('no key update');
}

async function findToken(
  session: Session,
  hash: string,
  now: number | null,
): Promise<{ readonly token: RefreshToken; readonly standing: Standing } | null> {
  const [row] = await standings(session).ofRefreshToken.execute({ hash, now });
  if (!row) return null;
  const { token, ...standing } = row;
  return { token, standing };
}

async function findByHash(tx: Session, hash: string): Promise<RefreshToken | null> {
  const [token] = await tx.select().from(tokens).where(eq(tokens.hash, hash));
  return token ?? null;
}

/** Spends a token that is unused and not expired, puts its successor in place and advances the family, or does nothing. */
async function spend(
  tx: Session,
  { hash }: Pick<RefreshToken, 'hash'>,
  now: number,
  successor: Pick<RefreshToken, 'hash' | 'expiresAt'> & { readonly salt: Buffer },
): Promise<boolean> {
  const { rowCount } = await tx.execute(sql`
    with spent as (
      update ${tokens} set used_at = ${now}, salt = ${successor.salt}, successor_hash = ${successor.hash}
      where hash = ${hash} and used_at is null and expires_at > ${now}
      returning family_id, seq
    ), advanced as (
      update ${families} set seq = spent.seq + 1 from spent where families.id = spent.family_id
    ), forgotten as (
      -- What this token itself followed from: nobody may ask for it again.
      update ${tokens} set salt = null from spent
      where refresh_tokens.family_id = spent.family_id and refresh_tokens.seq = spent.seq - 1
    )
    insert into ${tokens} (hash, family_id, seq, created_at, expires_at)
    select ${successor.hash}, family_id, seq + 1, ${now}::bigint, ${successor.expiresAt}::bigint from spent`);
  return rowCount === 1;
}
