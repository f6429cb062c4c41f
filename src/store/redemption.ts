/** What came of presenting an authorization code. */
export type Redemption =
  /** The code was good: its family is begun. */
  | { readonly kind: 'redeemed' }
  /** Used before by the same rightful redemption: its family is now revoked (OAuth 2.1 §4.1.3). */
  | { readonly kind: 'replayed' }
  /** No such code, or a burnt one. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'expired' }
  /** The proof of possession has been used before. */
  | { readonly kind: 'proof_replayed' }
  /** Wrong client, redirect URI, verifier or key, or asked for what it does not stand for; the fifth one burns the code. */
  | { readonly kind: 'mismatch'; readonly of: 'client' | 'redirect_uri' | 'code_verifier' | 'key' | 'access' }
  /** Grant, user or client ended since. */
  | { readonly kind: 'ended' };

/** The failed redemption with this number burns the code, so that a verifier cannot be guessed. */
export const maximumFailedRedemptions = 5;

interface Bound {
  readonly clientId: string;
  readonly codeChallenge: string;
  readonly dpopThumbprint: string | null;
}

/**
 * Which part of what was presented does not belong to the code (OAuth 2.1 §4.1.3). A redirect URI left out is no mismatch:
 * OAuth 2.1 §10.2 drops the parameter.
 */
export function mismatchOf(
  code: Bound & { readonly redirectUri: string },
  presented: Bound & { readonly redirectUri: string | null },
): Extract<Redemption, { kind: 'mismatch' }>['of'] | null {
  if (presented.clientId !== code.clientId) return 'client';
  if (presented.redirectUri !== null && presented.redirectUri !== code.redirectUri) return 'redirect_uri';
  if (presented.codeChallenge !== code.codeChallenge) return 'code_verifier';
  if (code.dpopThumbprint !== null && presented.dpopThumbprint !== code.dpopThumbprint) return 'key';
  return null;
}
