import type { CredentialStore } from '../store/contract/credentials.ts';
import type { Keyring } from '../vault/keyring.ts';
import type { Vault } from '../vault/vault.ts';
import type { SigningKeys } from './signing_keys.ts';

interface RotateDeps {
  readonly store: { readonly credentials: CredentialStore };
  readonly keyring: Keyring;
  readonly vault: Vault;
  readonly signingKeys: SigningKeys;
}

/** Small enough that a running server hardly waits for the write lock. */
const step = 100;

/**
 * Brings everything that lies under an older master key under the current one, while servers go on. Stopped half-way it
 * has lost nothing, and goes on where it was when run again.
 * @returns how many wraps and signing keys were moved
 */
export async function moveToCurrentMasterKey(
  deps: RotateDeps,
): Promise<{ readonly wraps: number; readonly signingKeys: number }> {
  const { store, keyring, vault } = deps;
  let wraps = 0;
  for (;;) {
    const old = await store.credentials.listWrapsNotUnder(keyring.current().id, step);
    if (old.length === 0) break;
    wraps += await store.credentials.rewrap(old.map((from) => ({ from, to: vault.rewrap(from) })));
  }
  return { wraps, signingKeys: await deps.signingKeys.reseal() };
}
