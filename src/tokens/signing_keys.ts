import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import type { Clock } from '../lib/clock.ts';
import { newId } from '../lib/ids.ts';
import type { SigningKeyStore } from '../store/contract/signing_keys.ts';
import type { Actor, SigningKey } from '../store/records.ts';
import { type Keyring, masterKeyOf } from '../vault/keyring.ts';
import { seal, unseal } from '../vault/seal.ts';

/** The one algorithm access tokens are signed with. */
export const signingAlgorithm = 'ES256';

interface ActiveKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
}

/** The keys that sign and verify access tokens, shared by every process on the store. */
export interface SigningKeys {
  /** The key to sign with. */
  active(): Promise<ActiveKey>;
  /** The public key of that id; undefined when there is none that verifies. */
  find(kid: string): Promise<CryptoKey | undefined>;
  /** The public keys, for the JWKS document (RFC 7517). */
  publicJwks(): Promise<readonly JWK[]>;
  /** Makes a new key; what was there retires (still verifies) or is withdrawn (verifies no more). */
  rotate(previous: 'retire' | 'withdraw', actor: Actor): Promise<string>;
  /**
   * Makes a new key when the one to sign with is older than that; of several processes one does. The old one retires.
   * @param life in seconds
   * @returns the id of the new key; null when none was due, or another process made it
   */
  rotateWhenDue(life: number): Promise<string | null>;
  /** Re-seals private keys that are not under the current master key. @returns how many */
  reseal(): Promise<number>;
}

/** How long another process may go on with what it read: a rotated key is picked up within it. */
const rereadAfter = 5_000;
/** How long an unknown key id is not looked for again. */
const rereadUnknownAfter = 1_000;

interface LoadedKey {
  readonly record: SigningKey;
  readonly publicKey: CryptoKey;
}

/**
 * The signing keys in the store; the first one is made when there is none. Private keys are stored under the master key.
 */
export function createSigningKeys(store: SigningKeyStore, keyring: Keyring, clock: Clock): SigningKeys {
  let loaded: Promise<readonly LoadedKey[]> | undefined;
  let loadedAt = Number.NEGATIVE_INFINITY;
  let signer: Promise<ActiveKey> | undefined;

  const read = async (): Promise<readonly LoadedKey[]> => {
    let records = await store.listSigningKeys();
    if (!records.some((record) => record.retiredAt === null)) {
      await store.addSigningKey(await makeKey(keyring, clock()), 'only_first', { kind: 'system' });
      records = await store.listSigningKeys();
    }
    return Promise.all(
      records.map(async (record) => ({ record, publicKey: await importKey(record.publicJwk) })),
    );
  };

  /** Counted both ways, so that a clock that is set back does not keep what was read. */
  const age = () => Math.abs(clock() - loadedAt);

  const keys = (fresh = false): Promise<readonly LoadedKey[]> => {
    if (!loaded || fresh || age() > rereadAfter) {
      loadedAt = clock();
      signer = undefined;
      loaded = read();
      loaded.catch(() => {
        loaded = undefined;
      });
    }
    return loaded;
  };

  const activeRecord = async (): Promise<SigningKey> => {
    const active = (await keys()).find(({ record }) => record.retiredAt === null);
    if (!active) throw new Error('There is no active signing key');
    return active.record;
  };

  const openSigner = async (): Promise<ActiveKey> => {
    const { kid, sealedPrivateJwk, masterKeyId } = await activeRecord();
    const jwk = unseal(masterKeyOf(keyring, masterKeyId).bytes, sealedPrivateJwk, ['signing key', kid]);
    return { kid, privateKey: await importKey(JSON.parse(jwk.toString()) as JWK) };
  };

  return {
    async active() {
      await keys();
      signer ??= openSigner();
      return signer;
    },

    async find(kid) {
      const publicKeyIn = (list: readonly LoadedKey[]) =>
        list.find(({ record }) => record.kid === kid)?.publicKey;
      const known = publicKeyIn(await keys());
      // Another process may just have rotated; forged key ids must not make us read the store at each of them.
      return known ?? publicKeyIn(await keys(age() > rereadUnknownAfter));
    },

    async publicJwks() {
      return (await keys()).map(({ record }) => record.publicJwk as JWK);
    },

    async rotate(previous, actor) {
      const key = await makeKey(keyring, clock());
      await store.addSigningKey(key, previous, actor);
      await keys(true);
      return key.kid;
    },

    async rotateWhenDue(life) {
      const { kid, createdAt } = await activeRecord();
      if (clock() - createdAt < life * 1000) return null;
      const next = await makeKey(keyring, clock());
      const succeeded = await store.succeedSigningKey(kid, next, { kind: 'system' });
      await keys(true);
      return succeeded ? next.kid : null;
    },

    async reseal() {
      const current = keyring.current();
      let count = 0;
      for (const { kid, masterKeyId, sealedPrivateJwk } of await store.listSigningKeys()) {
        if (masterKeyId === current.id) continue;
        const jwk = unseal(masterKeyOf(keyring, masterKeyId).bytes, sealedPrivateJwk, ['signing key', kid]);
        const sealed = seal(current.bytes, jwk, ['signing key', kid]);
        if (await store.resealSigningKey(kid, masterKeyId, sealed, current.id)) count += 1;
      }
      return count;
    },
  };
}

async function makeKey(keyring: Keyring, now: number) {
  const kid = newId('sig', now);
  const pair = await generateKeyPair(signingAlgorithm, { extractable: true });
  const described = { kid, alg: signingAlgorithm, use: 'sig' };
  const privateJwk = JSON.stringify({ ...(await exportJWK(pair.privateKey)), ...described });
  const master = keyring.current();
  return {
    kid,
    algorithm: signingAlgorithm,
    publicJwk: { ...(await exportJWK(pair.publicKey)), ...described },
    sealedPrivateJwk: seal(master.bytes, Buffer.from(privateJwk), ['signing key', kid]),
    masterKeyId: master.id,
  };
}

async function importKey(jwk: JWK): Promise<CryptoKey> {
  return (await importJWK(jwk, signingAlgorithm)) as CryptoKey;
}
