import type {
  Actor,
  Credential,
  CredentialStatus,
  Grant,
  Sealed,
  SealedCredential,
  Wrap,
} from '../records.ts';

export type NewCredential = Omit<
  Credential,
  'version' | 'exhaustedAt' | 'abilities' | 'createdAt' | 'updatedAt'
> & {
  readonly ciphertext: Sealed;
};

/** A key that is kept no longer. */
export interface ExpiredCredential {
  readonly credential: Credential;
  /** Of the grants that ended with it. */
  readonly endedGrantIds: readonly string[];
}

/** One that is not kept any more is not found, by whatever method. */

export interface CredentialStore {
  insertCredential(credential: NewCredential, ownerWrap: Wrap, actor: Actor): Promise<void>;
  findCredential(id: string): Promise<Credential | null>;
  listCredentials(userId: string): Promise<readonly Credential[]>;
  /** The credential as the holder may open it; null when it holds no wrap of it. */
  findSealed(credentialId: string, holder: string): Promise<SealedCredential | null>;
  /** The credentials this holder has wraps for. */
  listHeldBy(holder: string): Promise<readonly Credential[]>;
  /**
   * Lets an app of the credential's owner (the wrap's holder) pay with it, in the place of another of the same provider.
   * @returns false when the app or the credential is gone, or they are not of the same owner
   */
  lend(wrap: Wrap, actor: Actor): Promise<boolean>;
  /** The app pays for this provider no more. @returns false when it did not */
  withdraw(clientId: string, provider: string, actor: Actor): Promise<boolean>;
  /** The live grants that can open this credential. */
  listGrantsOf(credentialId: string): Promise<readonly Grant[]>;
  /**
   * Puts a new provider key in the place of the old, under the same data key, so that every wrap goes on working.
   * What the old one was seen to do is forgotten.
   * @returns false when the credential is gone or no longer at `expectedVersion`
   */
  replaceKey(
    id: string,
    expectedVersion: number,
    next: Pick<Credential, 'fingerprint' | 'last4' | 'status' | 'checkedAt'> & {
      readonly ciphertext: Sealed;
    },
    actor: Actor,
  ): Promise<boolean>;
  updateCredential(
    id: string,
    change: Partial<Pick<Credential, 'name' | 'organization' | 'project' | 'expiresAt' | 'sessionHash'>>,
    actor: Actor,
  ): Promise<boolean>;
  /**
   * Records what checking the key with its provider showed.
   * @param version the version that was checked: if the key has been replaced since, nothing happens
   * @returns whether it had another status
   */
  markCredential(id: string, status: CredentialStatus, version?: number): Promise<boolean>;
  /**
   * Records whether the account behind the key has quota left, as the provider has shown with this version of the key.
   * @returns whether something else was on record
   */
  markExhausted(id: string, isExhausted: boolean, version: number): Promise<boolean>;
  /** Records what this version of the key turned out to be permitted to do. */
  noteAbilities(id: string, abilities: Credential['abilities'], version: number): Promise<void>;
  /**
   * Deletes the credential and its wraps for good; a grant that has no other wrap left ends with it.
   * @returns the ids of the grants that ended, null when there was no such credential
   */
  deleteCredential(id: string, actor: Actor): Promise<readonly string[] | null>;
  /** Deletes likewise what is not kept any more. */
  deleteExpired(): Promise<readonly ExpiredCredential[]>;
  /** The keys that will have to go within so many milliseconds, other than with their session. */
  listExpiring(within: number): Promise<readonly Credential[]>;

  /** Up to `limit` wraps that are not under this master key, for re-wrapping. */
  listWrapsNotUnder(masterKeyId: string, limit: number): Promise<readonly Wrap[]>;
  /** Replaces wraps that still are as they were read, at most 100 in one transaction. @returns how many were replaced */
  rewrap(changes: readonly { readonly from: Wrap; readonly to: Wrap }[]): Promise<number>;
}
