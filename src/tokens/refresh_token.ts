import { hkdfSync } from 'node:crypto';
import { tokenFrom } from '../lib/ids.ts';

/** How long, in seconds, the predecessor of an unused refresh token still gives that same token. */
export const refreshGraceSeconds = 10;

/**
 * The successor of a refresh token. It follows from the token and a random salt that is stored only for the grace: so a
 * repeated request can be given the same successor although no token is ever stored, and the token alone tells nothing
 * of the one after it.
 * @param seq sequence number of the successor
 */
export function successorOf(token: string, familyId: string, seq: number, salt: Uint8Array): string {
  return tokenFrom('ccrt', new Uint8Array(hkdfSync('sha256', token, salt, `${familyId}:${seq}`, 32)));
}
