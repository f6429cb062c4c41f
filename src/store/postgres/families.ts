import type { NewFamily } from '../contract/grants.ts';
import type { Actor, Family } from '../records.ts';
import { audit } from './audit.ts';
import type { Session } from './open.ts';
import { families, refreshTokens } from './schema.ts';

/** Begins a family with its first refresh token. */
export async function startFamily(
  tx: Session,
  { id, scope, dpopThumbprint, refreshTokenHash, refreshTokenExpiresAt }: NewFamily,
  {
    grantId,
    clientId,
    userId,
  }: { readonly grantId: string; readonly clientId: string; readonly userId: string },
  by: { readonly at: number; readonly actor: Actor },
): Promise<Family> {
  const started = { id, grantId, clientId, scope, dpopThumbprint, seq: 1, createdAt: by.at };
  await tx.insert(families).values(started);
  await tx.insert(refreshTokens).values({
    hash: refreshTokenHash,
    familyId: id,
    seq: started.seq,
    createdAt: by.at,
    expiresAt: refreshTokenExpiresAt,
  });
  await audit(tx, {
    ...by,
    action: 'family.started',
    subject: id,
    userId,
    detail: { grant: grantId, scope },
  });
  return { ...started, revokedAt: null, revokedReason: null };
}
