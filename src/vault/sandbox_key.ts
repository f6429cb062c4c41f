import { findProvider } from '../catalog/catalog.ts';
import { newId } from '../lib/ids.ts';
import type { Actor, Credential } from '../store/records.ts';
import { type DepositDeps, type DepositResult, depositKey } from './deposit.ts';

/** Deposits a fresh key of the simulated provider: it costs nothing and opens nothing. */
export function depositSandboxKey(
  deps: DepositDeps,
  owner: Pick<Credential, 'userId' | 'provider'>,
  actor: Actor,
): Promise<DepositResult> {
  const prefix = findProvider(owner.provider)?.sandboxKeyPrefix ?? '';
  const pasted = prefix + newId('key', deps.clock());
  return depositKey(deps, { ...owner, pasted, name: null, organization: null, project: null }, actor);
}
