import type {
  Actor,
  Credential,
  CredentialStatus,
  Grant,
  Sealed,
  SealedCredential,
  Wrap,
} from '../records.ts';

export type NewCredential = Omit<Credential, 'version' | 'createdAt' | 'updatedAt'> & {
  readonly ciphertext: Sealed;
};

export interface CredentialStore {
  insertCredential(credential: NewCredential, ownerWrap: Wrap, actor: Actor): Promise<void>;
  findCredential(id: string): Promise<Credential | null>;
  listCredentials(userId: string): Promise<readonly Credential[]>;
  /** The credential as the holder may open it; null when it holds no wrap of it. */
  findSealed(credentialId: string, holder: string): Promise<SealedCredential | null>;
  /** The credentials this holder has wraps for. */
  listHeldBy(holder: string): Promise<readonly Credential[]>;
  /** The live grants that can open this credential. */
  listGrantsOf(credentialId: string): Promise<readonly Grant[]>;
  /**
   * Puts a new provider key in the place of the old, under the same data key, so that every wrap goes on working.
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
    change: Partial<Pick<Credential, 'name' | 'organization' | 'project'>>,
    actor: Actor,
  ): Promise<boolean>;
  /**
   * Records what checking the key with its provider showed.
   * @param version the version that was checked: if the key has been replaced since, nothing happens
   */
  markCredential(id: string, status: CredentialStatus, version?: number): Promise<void>;
  /**
   * Deletes the credential and its wraps for good; a grant that has no other wrap left ends with it.
   * @returns the ids of the grants that ended, null when there was no such credential
   */
  deleteCredential(id: string, actor: Actor): Promise<readonly string[] | null>;

  /** Up to `limit` wraps that are not under this master key, for re-wrapping. */
  listWrapsNotUnder(masterKeyId: string, limit: number): Promise<readonly Wrap[]>;
  /** Replaces wraps that still are as they were read, at most 100 in one transaction. @returns how many were replaced */
  rewrap(changes: readonly { readonly from: Wrap; readonly to: Wrap }[]): Promise<number>;
}
