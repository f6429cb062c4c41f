import type { ProofUse } from '../records.ts';
import type { Session } from './open.ts';
import { dpopProofs } from './schema.ts';

/**
 * Uses up a proof, before anything is locked: of two transactions with one proof, the second waits for the first.
 * @returns false when it has been used before; no proof is always good
 */
export async function useProof(tx: Session, proof: ProofUse | null): Promise<boolean> {
  if (proof === null) return true;
  const { rowCount } = await tx.insert(dpopProofs).values(proof).onConflictDoNothing();
  return rowCount === 1;
}
