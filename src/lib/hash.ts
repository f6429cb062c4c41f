import { createHmac, hash, timingSafeEqual } from 'node:crypto';

/** SHA-256 of a string, as base64url without padding. How opaque tokens, codes and client secrets are stored. */
export function sha256(value: string): string {
  return hash('sha256', value, 'base64url');
}

/** HMAC-SHA-256 of `message` under `key`, as base64url without padding. */
export function hmac(key: string, message: string): string {
  return createHmac('sha256', key).update(message).digest('base64url');
}

/** Compares two strings without telling by timing where they differ. */
export function constantTimeEqual(a: string, b: string): boolean {
  const left = Buffer.from(hash('sha256', a, 'buffer'));
  const right = Buffer.from(hash('sha256', b, 'buffer'));
  return timingSafeEqual(left, right);
}
