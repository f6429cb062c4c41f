import type { AccountStore } from '../store/store.ts';

/** One count that an attempt adds to. */
export interface AttemptLimit {
  readonly key: string;
  readonly limit: number;
  readonly windowSeconds: number;
}

/**
 * Counts one attempt under every limit.
 * @returns in how many seconds to come back when one of them is used up; null when the attempt may go on
 */
export async function countAttempts(
  accounts: AccountStore,
  limits: readonly AttemptLimit[],
): Promise<number | null> {
  let wait: number | null = null;
  for (const { key, limit, windowSeconds } of limits) {
    const { allowed, retryAfter } = await accounts.countAttempt(key, limit, windowSeconds);
    if (!allowed) wait = Math.max(wait ?? 0, retryAfter);
  }
  return wait;
}
