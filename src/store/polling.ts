import type { AuthorizationRequest, DeviceAuthorization } from './records.ts';

/** What a device is told that asks whether it has been allowed (RFC 8628 §3.5). */
export type Poll =
  /** Allowed: its family is begun. */
  | { readonly kind: 'redeemed' }
  /** Allowed, but no family was given to begin. */
  | { readonly kind: 'not_begun' }
  | { readonly kind: 'pending' }
  /** It asks too often, and has to wait longer from now on. */
  | { readonly kind: 'slow_down' }
  | { readonly kind: 'denied' }
  | { readonly kind: 'expired' }
  /** The proof of possession has been used before. */
  | { readonly kind: 'proof_replayed' }
  /** No such code, another client's, or one that has had its tokens. */
  | { readonly kind: 'unknown' }
  /** Grant, user or client ended since. */
  | { readonly kind: 'ended' };

/** Seconds added to the interval each time that a device asks too early (RFC 8628 §3.5). */
export const slowDownBy = 5;

/** What to tell a device, before anything changes; `approved` when it may have its tokens. */
export function judgePoll(
  device: Pick<DeviceAuthorization, 'clientId' | 'expiresAt' | 'interval' | 'polledAt' | 'redeemedAt'>,
  request: Pick<AuthorizationRequest, 'decision'> | null,
  asking: { readonly clientId: string; readonly now: number },
): Exclude<Poll['kind'], 'redeemed' | 'not_begun' | 'ended' | 'proof_replayed'> | 'approved' {
  const { clientId, now } = asking;
  if (device.clientId !== clientId || device.redeemedAt !== null) return 'unknown';
  if (device.expiresAt <= now) return 'expired';
  if (device.polledAt !== null && now - device.polledAt < device.interval * 1000) return 'slow_down';
  switch (request?.decision ?? null) {
    case 'approved':
      return 'approved';
    case 'denied':
      return 'denied';
    case null:
      return 'pending';
  }
}
