import { sha256 } from '../lib/hash.ts';

/** `plain` protects nothing that S256 does not (RFC 9700 §2.1.1). */
export const codeChallengeMethods = ['S256'] as const;

/** SHA-256 in base64url without padding has 43 characters, the last of which carries four bits only. */
export function isCodeChallenge(text: string): boolean {
  return /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(text);
}

/**
 * The S256 challenge of a verifier (RFC 7636 §4.6).
 * @returns null when it does not have the grammar of one (§4.1): then it is not even hashed
 */
export function codeChallengeOf(verifier: string): string | null {
  return /^[A-Za-z0-9._~-]{43,128}$/.test(verifier) ? sha256(verifier) : null;
}
