import type { AccountStore, GrantStore } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';
import { countAttempts } from './attempts.ts';
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

/** Sets a new password, given the current one. Every session and every grant of the user ends. */
export async function changePassword(
  { store, vault }: ChangeDeps,
  user: { readonly id: string; readonly passwordHash: string },
  passwords: { readonly current: string; readonly next: string },
): Promise<ChangeResult> {
  const limit = { key: `password:${user.id}`, limit: 10, windowSeconds: 15 * 60 };
  const retryAfter = await countAttempts(store.accounts, [limit]);
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
  await store.accounts.clearAttempts(limit.key);
  for (const { grant } of grants) vault.forget(grant.id);
  return { kind: 'changed' };
}
