import { sha256 } from '../lib/hash.ts';
import { type AttemptLimit, countAttempts } from './attempts.ts';
import { normalizeEmail } from './email.ts';
import { verifyPassword } from './password.ts';
import { endSession, type SessionDeps, startSession } from './session.ts';

export interface SignInAttempt {
  readonly email: string;
  readonly password: string;
  /** Network address that the attempt comes from. */
  readonly address: string;
  /** Session token that the browser came with; it dies. */
  readonly previousToken: string | undefined;
}

export type SignInResult =
  | { readonly kind: 'signed_in'; readonly token: string }
  /** Wrong password, no such account, or a suspended one: nobody learns which. */
  | { readonly kind: 'wrong' }
  /** `retryAfter` in seconds. */
  | { readonly kind: 'too_many'; readonly retryAfter: number };

/** Checks a password and starts a session. Takes as long for an unknown address as for a known one. */
export async function signIn(deps: SessionDeps, attempt: SignInAttempt): Promise<SignInResult> {
  const { accounts } = deps.store;
  const email = normalizeEmail(attempt.email);
  const limits = signInLimits(email, attempt.address);
  const retryAfter = await countAttempts(accounts, Object.values(limits));
  if (retryAfter !== null) return { kind: 'too_many', retryAfter };
  const user = await accounts.findUserByEmail(email);
  const verified = await verifyPassword(attempt.password, user?.passwordHash ?? null);
  if (!user || !verified || user.status !== 'active') return { kind: 'wrong' };
  await accounts.clearAttempts(limits.accountFromHere.key);
  const token = await startSession(deps, user.id, attempt.previousToken);
  // A password changed while this one was being checked ended every session but this, which was yet to come.
  if ((await accounts.findUser(user.id))?.passwordHash !== user.passwordHash) {
    await endSession(deps, token);
    return { kind: 'wrong' };
  }
  return { kind: 'signed_in', token };
}

/**
 * Narrowest first. Per account and address, so that a stranger's guesses do not lock the owner out; the wide ones stop
 * guessing at many accounts and guessing from many addresses.
 */
function signInLimits(email: string, address: string) {
  const windowSeconds = 15 * 60;
  // Hashed, as anything may be typed there.
  const account = sha256(email);
  return {
    accountFromHere: { key: `sign_in:${account}:${address}`, limit: 10, windowSeconds },
    address: { key: `sign_in:${address}`, limit: 100, windowSeconds },
    account: { key: `sign_in:${account}`, limit: 100, windowSeconds },
  } satisfies Record<string, AttemptLimit>;
}
