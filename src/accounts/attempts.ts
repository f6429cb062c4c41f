import type { AccountStore } from '../store/contract/accounts.ts';

/** One count that an attempt adds to. */
export interface AttemptLimit {
  readonly key: string;
  readonly limit: number;
  readonly windowSeconds: number;
}

/**
 * Counts one attempt under each limit in turn, up to the first that is used up: what is refused under a narrow limit
 * takes nothing from the wider ones after it, which others share.
 * @returns in how many seconds to come back when one of them is used up; null when the attempt may go on
 */
export async function countAttempts(
  accounts: AccountStore,
  limits: readonly AttemptLimit[],
): Promise<number | null> {
  for (const { key, limit, windowSeconds } of limits) {
    const { allowed, retryAfter } = await accounts.countAttempt(key, limit, windowSeconds);
    if (!allowed) return retryAfter;
  }
  return null;
}
