import type { Abilities } from '../catalog/abilities.ts';
import { findProvider } from '../catalog/catalog.ts';
import type { Provider } from '../catalog/provider.ts';
import type { Clock } from '../lib/clock.ts';
import { sha256 } from '../lib/hash.ts';
import { newId } from '../lib/ids.ts';
import { Secret } from '../lib/secret.ts';
import type { CredentialStore } from '../store/contract/credentials.ts';
import type { Actor, Credential, CredentialStatus } from '../store/records.ts';
import { checkKey } from './check_key.ts';
import { type KeyLife, untilDeleted } from './key_life.ts';
import { probeKey } from './probe_key.ts';
import type { Vault } from './vault.ts';

export interface DepositDeps {
  readonly store: { readonly credentials: CredentialStore };
  readonly vault: Vault;
  readonly clock: Clock;
  /** Base URL that keys of this provider are good for; null when the sandbox is off. */
  readonly upstreamOf: (providerName: string, sandbox: boolean, resource?: string | null) => string | null;
}

const firstVersion = 1;

/** What a person gives when depositing a key. */
export interface Deposit {
  readonly userId: string;
  readonly provider: string;
  /** As pasted; space around it is trimmed. */
  readonly pasted: string;
  readonly name: string | null;
  readonly organization: string | null;
  readonly project: string | null;
  /** What of the provider's address the key is for; left out for providers that have one for all. */
  readonly resource?: string | null;
  /** Absent: it is kept until it is deleted. */
  readonly life?: KeyLife;
}

export type DepositResult =
  | { readonly kind: 'saved'; readonly credential: Credential; readonly note: string | null }
  /** Not saved. `advice` says what is wrong and what to do. */
  | { readonly kind: 'refused'; readonly advice: string };

/**
 * Checks a pasted key by its shape, then with the provider, and stores it encrypted. A key that the provider does not
 * know is refused; when the provider cannot be asked it is saved as unverified, and `note` says so.
 */
export async function depositKey(deps: DepositDeps, deposit: Deposit, actor: Actor): Promise<DepositResult> {
  const provider = findProvider(deposit.provider);
  if (!provider) return { kind: 'refused', advice: `There is no provider called ${deposit.provider}.` };
  const resource = deposit.resource?.trim() || null;
  const examined = await examine(deps, provider, deposit.pasted, { ...deposit, resource });
  if (examined.kind === 'refused') return examined;
  const { key, sandbox, status, abilities, note } = examined;
  const credential = {
    id: newId('key', deps.clock()),
    userId: deposit.userId,
    provider: provider.name,
    name: deposit.name?.trim() || (sandbox ? `${provider.title} sandbox` : provider.title),
    organization: deposit.organization?.trim() || null,
    project: deposit.project?.trim() || null,
    resource,
    sandbox,
    status,
    checkedAt: status === 'verified' ? deps.clock() : null,
    ...(deposit.life ?? untilDeleted),
    ...traces(key),
  };
  const { ciphertext, ownerWrap } = deps.vault.deposit(credential, key);
  await deps.store.credentials.insertCredential({ ...credential, ciphertext }, ownerWrap, actor);
  await deps.store.credentials.noteAbilities(credential.id, abilities, firstVersion);
  const saved = await deps.store.credentials.findCredential(credential.id);
  if (!saved) return { kind: 'refused', advice: 'The key was deleted while it was being saved.' };
  return { kind: 'saved', credential: saved, note };
}

/** Puts a new key in the place of an old one; every grant goes on with it. Checked as a deposit is. */
export async function replaceKey(
  deps: DepositDeps,
  credential: Credential,
  pasted: string,
  actor: Actor,
): Promise<DepositResult> {
  const provider = findProvider(credential.provider);
  if (!provider) return { kind: 'refused', advice: `There is no provider called ${credential.provider}.` };
  const examined = await examine(deps, provider, pasted, credential);
  if (examined.kind === 'refused') return examined;
  const { key, sandbox, status, abilities, note } = examined;
  if (sandbox !== credential.sandbox) {
    const advice = credential.sandbox
      ? 'A sandbox key can only be replaced by a sandbox key. Deposit the real one as a new key.'
      : 'A real key cannot be replaced by a sandbox key. Deposit the sandbox key as a new key.';
    return { kind: 'refused', advice };
  }
  // What was deleted while the new key was looked at has no lock any more to be put under.
  const ciphertext = await deps.vault.replace(credential.id, key);
  if (!ciphertext) return goneMeanwhile;
  const replaced = await deps.store.credentials.replaceKey(
    credential.id,
    credential.version,
    {
      ciphertext,
      status,
      checkedAt: status === 'verified' ? deps.clock() : null,
      ...traces(key),
    },
    actor,
  );
  await deps.store.credentials.noteAbilities(credential.id, abilities, credential.version + 1);
  const saved = replaced ? await deps.store.credentials.findCredential(credential.id) : null;
  if (!saved) return goneMeanwhile;
  return { kind: 'saved', credential: saved, note };
}

const goneMeanwhile: DepositResult = {
  kind: 'refused',
  advice: 'The key was changed or deleted meanwhile. Look again.',
};

type Examined =
  | {
      readonly kind: 'good';
      readonly key: Secret;
      readonly sandbox: boolean;
      readonly status: CredentialStatus;
      readonly abilities: Abilities;
      readonly note: string | null;
    }
  | { readonly kind: 'refused'; readonly advice: string };

async function examine(
  deps: DepositDeps,
  provider: Provider,
  pasted: string,
  { resource, ...billing }: Pick<Credential, 'organization' | 'project' | 'resource'>,
): Promise<Examined> {
  if (![billing.organization, billing.project].every(isBillingId)) {
    return { kind: 'refused', advice: 'This is no organisation or project id of a provider.' };
  }
  if (!provider.billsByProject && (billing.organization?.trim() || billing.project?.trim())) {
    return {
      kind: 'refused',
      advice: `${provider.title} knows no such ids. Leave organisation and project empty.`,
    };
  }
  const trimmed = pasted.trim();
  if (trimmed === '') return { kind: 'refused', advice: 'Paste the key first.' };
  const shape = provider.keyShape(trimmed);
  if (shape.kind === 'refused') return shape;
  const advice = adviceOnResource(provider, resource, shape.sandbox);
  if (advice !== null) return { kind: 'refused', advice };
  const baseUrl = deps.upstreamOf(provider.name, shape.sandbox, resource);
  if (baseUrl === null) {
    return { kind: 'refused', advice: 'Sandbox keys are not accepted here: the sandbox is off.' };
  }
  const key = new Secret(trimmed);
  const usable = { ...billing, key };
  const check = await checkKey(provider, baseUrl, usable);
  switch (check.kind) {
    case 'verified': {
      const abilities = await probeKey(provider, baseUrl, usable);
      return { kind: 'good', key, sandbox: shape.sandbox, status: 'verified', abilities, note: null };
    }
    case 'refused':
      return check;
    case 'invalid':
      return {
        kind: 'refused',
        advice: `${provider.title} does not accept this key. Make a new one at ${provider.keysPage}.`,
      };
    case 'unknown':
      return {
        kind: 'good',
        key,
        sandbox: shape.sandbox,
        status: 'unverified',
        abilities: {},
        note: `${check.reason}, so the key is saved unverified.`,
      };
  }
}

/** What is wrong with the resource that a deposit names, or does not name; null when nothing is. */
function adviceOnResource(
  { resource: rules, title }: Provider,
  resource: string | null,
  sandbox: boolean,
): string | null {
  if (!rules) return resource === null ? null : `${title} knows no resources. Leave it empty.`;
  if (resource === null) return sandbox ? null : `Name the resource that the key is for. ${rules.hint}`;
  return rules.pattern.test(resource) ? null : `That is not the name of a resource. ${rules.hint}`;
}

/** Whether this may be the id of an organisation or project, or is none: they go into headers to the provider as they are. */
export function isBillingId(id: string | null): boolean {
  return /^[\w-]{0,100}$/.test(id?.trim() ?? '');
}

/** What stays visible of a key: enough to tell two apart, nothing to use. */
function traces(key: Secret): Pick<Credential, 'fingerprint' | 'last4'> {
  const value = key.unwrap();
  return { fingerprint: sha256(value).slice(0, 16), last4: value.slice(-4) };
}
