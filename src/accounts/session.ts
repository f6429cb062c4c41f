import type { Clock } from '../lib/clock.ts';
import { sha256 } from '../lib/hash.ts';
import { newToken } from '../lib/ids.ts';
import type { AccountStore } from '../store/contract/accounts.ts';
import type { Session, User } from '../store/records.ts';

/** What starting, finding and ending sessions works with. */
export interface SessionDeps {
  readonly store: { readonly accounts: AccountStore };
  readonly clock: Clock;
  readonly config: { readonly sessionTtl: number };
}

/** A signed-in user, with the session's own token: forms are bound to it. */
export interface SignedIn {
  readonly token: string;
  readonly session: Session;
  readonly user: User;
}

/**
 * Starts a session under a fresh token; the token the browser came with dies, so that nobody can plant one before
 * sign-in and use it after.
 * @returns the token for the session cookie
 */
export async function startSession(
  { store, clock, config }: SessionDeps,
  userId: string,
  previousToken: string | undefined,
): Promise<string> {
  const token = newToken('ccse');
  const session = { hash: sha256(token), userId, expiresAt: clock() + config.sessionTtl * 1000 };
  await store.accounts.startSession(session, previousToken === undefined ? null : sha256(previousToken));
  return token;
}

/** Who is signed in with this cookie value; null when nobody is. */
export async function findSignedIn(
  { store }: Pick<SessionDeps, 'store'>,
  token: string | undefined,
): Promise<SignedIn | null> {
  if (!token) return null;
  const found = await store.accounts.findSession(sha256(token));
  return found && { token, ...found };
}

/** Ends the session of this cookie value, if it still lives. */
export async function endSession({ store }: Pick<SessionDeps, 'store'>, token: string): Promise<void> {
  await store.accounts.endSession(sha256(token));
}
