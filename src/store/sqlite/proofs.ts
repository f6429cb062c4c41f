import type { ProofUse } from '../records.ts';
import type { Connection } from './open.ts';
import { dpopProofs } from './schema.ts';

/** Uses up a proof, in the transaction that it is for, if any. @returns false when it has been used before; no proof is always good */
export type ProofUser = (proof: ProofUse | null) => boolean;

export function proofUser({ db }: Connection): ProofUser {
  return (proof) =>
    proof === null || db.insert(dpopProofs).values(proof).onConflictDoNothing().run().changes === 1;
}
