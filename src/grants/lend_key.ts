import type { CredentialStore } from '../store/contract/credentials.ts';
import type { Actor } from '../store/records.ts';
import type { Vault } from '../vault/vault.ts';

interface LendDeps {
  readonly store: { readonly credentials: CredentialStore };
  readonly vault: Vault;
}

/**
 * Has an app pay with a key of its owner, in the place of another of the same provider.
 * @returns false when app or key is gone, or they are not of the same owner
 */
export async function lendKey(
  { store, vault }: LendDeps,
  clientId: string,
  credentialId: string,
  actor: Actor,
): Promise<boolean> {
  const wrap = await vault.wrapFor(credentialId, clientId);
  return wrap !== null && store.credentials.lend(wrap, actor);
}

/** Has an app pay for a provider no more. @returns false when it did not */
export async function withdrawKey(
  { store, vault }: LendDeps,
  clientId: string,
  provider: string,
  actor: Actor,
): Promise<boolean> {
  const withdrawn = await store.credentials.withdraw(clientId, provider, actor);
  if (withdrawn) vault.forget(clientId);
  return withdrawn;
}
