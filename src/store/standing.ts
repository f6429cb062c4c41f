import type { Standing } from './store.ts';

/** What a grant and those who stand behind it are now; a `Standing` without its family. */
export type GrantStanding = Omit<Standing, 'family'>;

/** Whether new tokens may be issued under this grant. */
export function isGrantLive({ grant, userStatus, clientStatus, now }: GrantStanding): boolean {
  const ended = grant.revokedAt !== null || (grant.expiresAt !== null && grant.expiresAt <= now);
  return !ended && userStatus === 'active' && clientStatus === 'active';
}

/** Whether tokens of this family are good. */
export function isLive(standing: Standing): boolean {
  return standing.family.revokedAt === null && isGrantLive(standing);
}
