import type { Actor, Sealed, SigningKey } from '../records.ts';

export type NewSigningKey = Omit<SigningKey, 'createdAt' | 'retiredAt' | 'withdrawnAt'>;

export interface SigningKeyStore {
  /** All keys that are not withdrawn, newest first. */
  listSigningKeys(): Promise<readonly SigningKey[]>;
  /**
   * Adds a key; the ones before it retire, or are withdrawn when they must not verify any more.
   * @param previous `only_first`: do nothing when there is an active key already (two processes starting at once)
   */
  addSigningKey(
    key: NewSigningKey,
    previous: 'retire' | 'withdraw' | 'only_first',
    actor: Actor,
  ): Promise<void>;
  /**
   * Retires the key of this id and adds the next one.
   * @returns false when it signs no more already: another process was first, and nothing happens
   */
  succeedSigningKey(kid: string, next: NewSigningKey, actor: Actor): Promise<boolean>;
  /** Puts a re-sealed private key in place of the one sealed under `fromMasterKeyId`. */
  resealSigningKey(
    kid: string,
    fromMasterKeyId: string,
    sealed: Sealed,
    masterKeyId: string,
  ): Promise<boolean>;
}
