import type { Redemption } from './store.ts';

/** The failed redemption with this number burns the code, so that a verifier cannot be guessed. */
export const maximumFailedRedemptions = 5;

interface Bound {
  readonly clientId: string;
  readonly codeChallenge: string;
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
  return null;
}
