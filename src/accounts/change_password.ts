import type { AccountStore } from '../store/contract/accounts.ts';
import type { GrantStore } from '../store/contract/grants.ts';
import type { Vault } from '../vault/vault.ts';
import { type AttemptLimit, countAttempts } from './attempts.ts';
import { hashPassword, passwordComplaint, verifyPassword } from './password.ts';

interface ChangeDeps {
  readonly store: { readonly accounts: AccountStore; readonly grants: GrantStore };
  readonly vault: Vault;
}

export type ChangeResult =
  | { readonly kind: 'changed' }
  | { readonly kind: 'complaints'; readonly current: string | null; readonly next: string | null }
  /** `retryAfter` in seconds. */
  | { readonly kind: 'too_many'; readonly retryAfter: number };

/**
 * Sets a new password, given the current one. Every session and every grant of the user ends.
 * @param address network address that the attempt comes from
 */
export async function changePassword(
  { store, vault }: ChangeDeps,
  user: { readonly id: string; readonly passwordHash: string },
  passwords: { readonly current: string; readonly next: string },
  address: string,
): Promise<ChangeResult> {
  const limits = guessLimits(user.id, address);
  const retryAfter = await countAttempts(store.accounts, Object.values(limits));
  if (retryAfter !== null) return { kind: 'too_many', retryAfter };
  const known = await verifyPassword(passwords.current, user.passwordHash);
  const current = known ? null : 'This is not your current password.';
  const next =
    passwordComplaint(passwords.next) ??
    (passwords.next === passwords.current ? 'Choose a password other than the current one.' : null);
  if (current !== null || next !== null) return { kind: 'complaints', current, next };
  const grants = await store.grants.listGrants({ userId: user.id });
  const actor = { kind: 'user', id: user.id } as const;
  await store.accounts.changePassword(user.id, await hashPassword(passwords.next), actor);
  await store.accounts.clearAttempts(limits.fromHere.key);
  for (const { grant } of grants) vault.forget(grant.id);
  return { kind: 'changed' };
}

/** Narrowest first, so that whoever guesses in a session that is not theirs does not keep the owner from ending it. */
function guessLimits(userId: string, address: string) {
  const windowSeconds = 15 * 60;
  return {
    fromHere: { key: `password:${userId}:${address}`, limit: 10, windowSeconds },
    anywhere: { key: `password:${userId}`, limit: 100, windowSeconds },
  } satisfies Record<string, AttemptLimit>;
}
