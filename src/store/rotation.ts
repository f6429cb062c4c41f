import type { Family, RefreshToken } from './records.ts';
import type { Standing } from './standing.ts';

/** What came of presenting a refresh token. */
export type Rotation =
  /** First use, or the immediate predecessor again within the grace: both give the same successor. */
  | {
      readonly kind: 'rotated';
      readonly standing: Standing;
      /** Sequence number and salt from which the successor follows, and its expiry. */
      readonly seq: number;
      readonly salt: Buffer;
      readonly expiresAt: number;
    }
  /** Used before, outside the grace: the family is now revoked (OAuth 2.1 §4.3.1). */
  | { readonly kind: 'reused' }
  | { readonly kind: 'expired' }
  /** The proof of possession has been used before. */
  | { readonly kind: 'proof_replayed' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'ended' };

/**
 * Whether a spent refresh token still gives its successor: it is the immediate predecessor, was spent just now, and the
 * successor is as it was made. Two processes of one app refresh at once; outside of this a second use means theft.
 * @param successor the token that follows from the spent one, null when it is gone
 * @param now the store's clock in milliseconds
 */
export function givesSameSuccessor(
  spent: RefreshToken,
  successor: RefreshToken | null,
  family: Family,
  graceSeconds: number,
  now: number,
): successor is RefreshToken {
  return (
    spent.usedAt !== null &&
    // Both ways: a clock that is set back does not make the grace any longer.
    Math.abs(now - spent.usedAt) <= graceSeconds * 1000 &&
    spent.seq === family.seq - 1 &&
    successor?.usedAt === null
  );
}
