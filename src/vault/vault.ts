import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { Secret } from '../lib/secret.ts';
import type { CredentialStore } from '../store/contract/credentials.ts';
import type { Credential, Holder, Sealed, Wrap } from '../store/records.ts';
import type { UsableKey } from './check_key.ts';
import { type Keyring, masterKeyOf } from './keyring.ts';
import { seal, unseal } from './seal.ts';

/** A provider key as it is used. */
export interface OpenedKey extends UsableKey {
  readonly resource: string | null;
  /** Of the credential. */
  readonly version: number;
}

/**
 * Envelope encryption of provider keys. Each key lies under a random data key of its own; the data key lies once per
 * holder (owner, grant or app) under a master key. Who has lost its wrap has nothing left to open.
 */
export interface Vault {
  /** Encrypts a newly deposited key under a fresh data key, wrapped for its owner. */
  deposit(
    credential: Pick<Credential, 'id' | 'userId' | 'provider' | 'resource'>,
    key: Secret,
  ): { readonly ciphertext: Sealed; readonly ownerWrap: Wrap };
  /**
   * Encrypts another key under the credential's data key, so that all its wraps go on working.
   * @returns null when there is no such credential any more
   */
  replace(credentialId: string, key: Secret): Promise<Sealed | null>;
  /**
   * Wraps the credential's data key for one more holder, by way of the owner's wrap. Nothing is stored here.
   * @returns null when there is no such credential any more
   */
  wrapFor(credentialId: string, holder: Holder): Promise<Wrap | null>;
  /**
   * Opens a credential through the holder's own wrap. Opened keys are kept for a few seconds.
   * @param version as the admission returned it: another version is another cache entry
   * @returns null when the holder has no wrap of it, or none any more
   * @throws KeyringError when its master key is missing; node's own error when what is stored has been tampered with
   */
  open(holder: Holder, credentialId: string, version: number): Promise<OpenedKey | null>;
  /** Forgets what this holder has opened. */
  forget(holder: Holder): void;
  /** The same wrap under the current master key. */
  rewrap(wrap: Wrap): Wrap;
}

export const ownerHolder: Holder = 'owner';

const dataKeyLength = 32;
const openedKeyLife = 5_000;
const openedKeysKept = 10_000;

/** A vault on these master keys. It keeps nothing but opened keys, for a few seconds each. */
export function createVault(keyring: Keyring, store: CredentialStore): Vault {
  const opened = new LRUCache<string, Promise<OpenedKey | null>>({
    max: openedKeysKept,
    ttl: openedKeyLife,
    // Without it what is too old stays in memory until it is asked for or pushed out.
    ttlAutopurge: true,
  });

  const wrap = (credentialId: string, holder: Holder, dataKey: Uint8Array): Wrap => {
    const master = keyring.current();
    return {
      credentialId,
      holder,
      masterKeyId: master.id,
      wrapped: seal(master.bytes, dataKey, ['wrap', credentialId, holder]),
    };
  };

  const unwrap = ({ credentialId, holder, masterKeyId, wrapped }: Wrap): Buffer => {
    const master = masterKeyOf(keyring, masterKeyId);
    return unseal(master.bytes, wrapped, ['wrap', credentialId, holder]);
  };

  const openThrough = async (holder: Holder, credentialId: string): Promise<OpenedKey | null> => {
    const sealed = await store.findSealed(credentialId, holder);
    if (!sealed) return null;
    const { credential, ciphertext, wrap: held } = sealed;
    const plaintext = unseal(unwrap(held), ciphertext, credentialBinding(credential));
    const { organization, project, resource, version } = credential;
    return { key: new Secret(plaintext.toString()), organization, project, resource, version };
  };

  return {
    deposit(credential, key) {
      const dataKey = randomBytes(dataKeyLength);
      return {
        ciphertext: seal(dataKey, Buffer.from(key.unwrap()), credentialBinding(credential)),
        ownerWrap: wrap(credential.id, ownerHolder, dataKey),
      };
    },

    async replace(credentialId, key) {
      const owned = await store.findSealed(credentialId, ownerHolder);
      return (
        owned && seal(unwrap(owned.wrap), Buffer.from(key.unwrap()), credentialBinding(owned.credential))
      );
    },

    async wrapFor(credentialId, holder) {
      const owned = await store.findSealed(credentialId, ownerHolder);
      return owned && wrap(credentialId, holder, unwrap(owned.wrap));
    },

    open(holder, credentialId, version) {
      const cacheKey = `${holder} ${credentialId} ${version}`;
      const known = opened.get(cacheKey);
      if (known) return known;
      const opening = openThrough(holder, credentialId);
      // Kept before it is done, so that of many first calls at once one opens the key for all.
      opened.set(cacheKey, opening);
      const drop = () => opened.delete(cacheKey);
      opening.then((key) => key?.version === version || drop(), drop);
      return opening;
    },

    forget(holder) {
      for (const cacheKey of opened.keys()) {
        if (cacheKey.startsWith(`${holder} `)) opened.delete(cacheKey);
      }
    },

    rewrap: (old) => wrap(old.credentialId, old.holder, unwrap(old)),
  };
}

/** What names the resource decides where the key is sent: a key opens for its own alone. */
function credentialBinding({
  id,
  userId,
  provider,
  resource,
}: Pick<Credential, 'id' | 'userId' | 'provider' | 'resource'>) {
  return ['credential', userId, provider, id, ...(resource === null ? [] : [resource])] as const;
}
