import type { Client, Family, Grant, User } from './records.ts';

/** A family and everything above it, read at one moment. */
export interface Standing {
  readonly family: Family;
  readonly grant: Grant;
  readonly userStatus: User['status'];
  /** `deleted` when the client is gone. */
  readonly clientStatus: Client['status'] | 'deleted';
  /** The store's clock at the moment of reading. */
  readonly now: number;
}

/** Whether a grant stands, or what ended it. @param now milliseconds */
export function grantStatus(
  { revokedAt, expiresAt }: Pick<Grant, 'revokedAt' | 'expiresAt'>,
  now: number,
): 'active' | 'expired' | 'revoked' {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && expiresAt <= now ? 'expired' : 'active';
}

/** What a grant and those who stand behind it are now; a `Standing` without its family. */
export type GrantStanding = Omit<Standing, 'family'>;

/** Whether new tokens may be issued under this grant. */
export function isGrantLive({ grant, userStatus, clientStatus, now }: GrantStanding): boolean {
  return grantStatus(grant, now) === 'active' && userStatus === 'active' && clientStatus === 'active';
}

/** Whether tokens of this family are good. */
export function isLive(standing: Standing): boolean {
  return standing.family.revokedAt === null && isGrantLive(standing);
}
