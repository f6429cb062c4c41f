import { sql } from 'drizzle-orm';
import type { NewFamily } from '../contract/grants.ts';
import type { Actor, Family } from '../records.ts';
import type { Connection } from './open.ts';
import { families, refreshTokens } from './schema.ts';

/** Begins a family with its first refresh token, inside a write transaction. */
export type FamilyStarter = (
  family: NewFamily,
  under: { readonly grantId: string; readonly clientId: string; readonly userId: string },
  by: { readonly at: number; readonly actor: Actor },
) => Family;

export function familyStarter({ db, audit }: Connection): FamilyStarter {
  const { placeholder } = sql;
  const insertFamily = db
    .insert(families)
    .values({
      id: placeholder('id'),
      grantId: placeholder('grantId'),
      clientId: placeholder('clientId'),
      scope: placeholder('scope'),
      dpopThumbprint: placeholder('dpopThumbprint'),
      seq: placeholder('seq'),
      createdAt: placeholder('createdAt'),
    })
    .prepare();
  const insertToken = db
    .insert(refreshTokens)
    .values({
      hash: placeholder('hash'),
      familyId: placeholder('familyId'),
      seq: placeholder('seq'),
      createdAt: placeholder('createdAt'),
      expiresAt: placeholder('expiresAt'),
    })
    .prepare();

  return (
    { id, scope, dpopThumbprint, refreshTokenHash, refreshTokenExpiresAt },
    { grantId, clientId, userId },
    by,
  ) => {
    const started = { id, grantId, clientId, scope, dpopThumbprint, seq: 1, createdAt: by.at };
    insertFamily.run(started);
    insertToken.run({
      hash: refreshTokenHash,
      familyId: id,
      seq: started.seq,
      createdAt: by.at,
      expiresAt: refreshTokenExpiresAt,
    });
    audit({ ...by, action: 'family.started', subject: id, userId, detail: { grant: grantId, scope } });
    return { ...started, revokedAt: null, revokedReason: null };
  };
}
