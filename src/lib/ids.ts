import { randomBytes, randomFillSync } from 'node:crypto';

/** What an identifier names; the prefix is part of the id, so that an id in a log says what it is. */
export type IdPrefix = 'usr' | 'cli' | 'key' | 'grt' | 'fam' | 'call' | 'arq' | 'aud' | 'ins' | 'sig' | 'jti';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** Encodes bytes in base 32 (Crockford's letters, lower case), five bits a character. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let buffered = 0;
  for (const byte of bytes) {
    buffered = (buffered << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(buffered >> bits) & 31];
    }
    buffered &= (1 << bits) - 1;
  }
  return bits > 0 ? text + alphabet[(buffered << (5 - bits)) & 31] : text;
}

const idLength = 16;
/** Randomness for many ids: drawn for each by itself it costs five times as much as the rest of the id. */
const drawn = Buffer.alloc(256 * idLength);
let used = drawn.length;

/**
 * A new id such as `grt_06f3…`: 48 bits of time, then 80 random bits. Ids sort by creation, which keeps inserts at
 * one end of an index and makes an id usable as a page cursor. Not a secret.
 * @param now milliseconds since the epoch
 */
export function newId(prefix: IdPrefix, now: number = Date.now()): string {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  const bytes = drawn.subarray(used, used + idLength);
  used += idLength;
  bytes.writeUIntBE(now, 0, 6);
  return `${prefix}_${base32(bytes)}`;
}

/** Not greater than any id of this kind that was made at that time or later. @param time milliseconds since the epoch */
export function firstId(prefix: IdPrefix, time: number): string {
  const bytes = Buffer.alloc(idLength);
  bytes.writeUIntBE(time, 0, 6);
  return `${prefix}_${base32(bytes)}`;
}

/** What an opaque secret is for. The prefix lets secret scanners recognise a leaked one. */
export type TokenPrefix =
  | 'ccac'
  | 'ccrt'
  | 'cccs'
  | 'ccse'
  | 'ccbr'
  | 'ccin'
  | 'ccpr'
  | 'ccdc'
  | 'ccrg'
  | 'ccvt';

/** A new 256-bit secret such as `ccrt_…`, in unreserved characters only (RFC 3986 §2.3). */
export function newToken(prefix: TokenPrefix): string {
  return tokenFrom(prefix, randomBytes(32));
}

/** Writes 32 given bytes as a token of that kind. */
export function tokenFrom(prefix: TokenPrefix, bytes: Uint8Array): string {
  return `${prefix}_${Buffer.from(bytes).toString('base64url')}`;
}
