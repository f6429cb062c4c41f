import { findProvider } from '../catalog/catalog.ts';
import type { Credential } from '../store/records.ts';
import { checkKey, type KeyCheck } from './check_key.ts';
import type { DepositDeps } from './deposit.ts';
import { probeKey } from './probe_key.ts';
import { ownerHolder } from './vault.ts';

/**
 * Asks the provider about a deposited key anew: whether it is good, and what it can do. What it says is put on record.
 * @returns what it said; null when there is no such key any more
 */
export async function lookAgain(
  { store, vault, upstreamOf }: DepositDeps,
  { id, provider: name, sandbox, version }: Credential,
): Promise<KeyCheck | null> {
  const provider = findProvider(name);
  const key = await vault.open(ownerHolder, id, version);
  if (!key) return null;
  const baseUrl = upstreamOf(name, sandbox, key.resource);
  if (!provider || baseUrl === null) {
    return { kind: 'unknown', reason: 'Nobody answers for such keys here' };
  }
  const check = await checkKey(provider, baseUrl, key);
  if (check.kind === 'invalid') await store.credentials.markCredential(id, 'invalid', key.version);
  if (check.kind !== 'verified') return check;
  await store.credentials.markCredential(id, 'verified', key.version);
  await store.credentials.noteAbilities(id, await probeKey(provider, baseUrl, key), key.version);
  return check;
}
