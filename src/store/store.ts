import type { AccountStore } from './contract/accounts.ts';
import type { AuthorizationStore } from './contract/authorizations.ts';
import type { BudgetStore } from './contract/budgets.ts';
import type { ClientStore } from './contract/clients.ts';
import type { CredentialStore } from './contract/credentials.ts';
import type { DeviceStore } from './contract/devices.ts';
import type { GrantStore } from './contract/grants.ts';
import type { InstanceStore } from './contract/instances.ts';
import type { LedgerStore } from './contract/ledger.ts';
import type { NoticeStore } from './contract/notices.ts';
import type { ObjectStore } from './contract/objects.ts';
import type { RecordStore } from './contract/records.ts';
import type { SigningKeyStore } from './contract/signing_keys.ts';

/**
 * Where everything is kept. Methods are named for what somebody wants done; each is one transaction, and each one-time
 * step is one conditional statement whose row count decides. A change writes its audit event in the same transaction.
 * The store reads its own clock. Methods reject only when the store itself fails.
 */
export interface Store {
  readonly accounts: AccountStore;
  readonly credentials: CredentialStore;
  readonly clients: ClientStore;
  readonly grants: GrantStore;
  readonly authorizations: AuthorizationStore;
  readonly devices: DeviceStore;
  readonly signingKeys: SigningKeyStore;
  readonly budgets: BudgetStore;
  readonly ledger: LedgerStore;
  readonly objects: ObjectStore;
  readonly instances: InstanceStore;
  readonly records: RecordStore;
  readonly notices: NoticeStore;
  /** Deletes what has expired: sessions, codes, requests, invitations, attempts, salts past the grace, counters of past times, retired and withdrawn signing keys, dead instances, notices. */
  sweep(): Promise<void>;
  /** Whether the database still has the schema that it was opened with: another version may have changed it since. */
  hasCurrentSchema(): Promise<boolean>;
  /**
   * Tells of what calls under way may run under and what has just ended: at once in this process, and in every other as
   * far as the store can tell. It is a hint to look now, which may come twice or get lost.
   * @returns ends the telling
   */
  onEnding(listener: EndingListener): () => void;
  close(): Promise<void>;
}

/** Something that tokens stand on has ended. */
export interface Ending {
  /** The grant that was revoked; null where it was something else or is not known. */
  readonly grantId: string | null;
}

/** Must not throw. */
export type EndingListener = (ending: Ending) => void;
