import type { GrantStore } from '../store/contract/grants.ts';
import type { Actor, GrantEnd } from '../store/records.ts';
import type { Vault } from '../vault/vault.ts';

interface RevokeDeps {
  readonly store: { readonly grants: GrantStore };
  readonly vault: Vault;
}

/**
 * Ends a grant: its tokens are refused from the next call on, in every process.
 * @returns when it was revoked (milliseconds since the epoch), now or earlier; null when there is no such grant
 */
export async function revokeGrant(
  { store, vault }: RevokeDeps,
  grantId: string,
  reason: GrantEnd,
  actor: Actor,
): Promise<{ readonly revokedAt: number; readonly already: boolean } | null> {
  const revoked = await store.grants.revokeGrant(grantId, reason, actor);
  vault.forget(grantId);
  return revoked;
}
