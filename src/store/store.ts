import type { AdmissionRequest, AdmissionResult } from './admission.ts';
import type { Gate } from './gate.ts';
import type { Poll } from './polling.ts';
import type {
  Actor,
  AuditEvent,
  AuthorizationRequest,
  Call,
  CallOutcome,
  Client,
  ClientStatus,
  Credential,
  CredentialStatus,
  DeviceAuthorization,
  Family,
  FamilyEnd,
  Grant,
  GrantEnd,
  Invitation,
  JwkSet,
  ProofUse,
  PushedRequest,
  RefreshToken,
  Sealed,
  SealedCredential,
  Session,
  SigningKey,
  Usage,
  User,
  UserStatus,
  Wrap,
} from './records.ts';
import type { Redemption } from './redemption.ts';
import type { Rotation } from './rotation.ts';
import type { Standing } from './standing.ts';

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
  readonly ledger: LedgerStore;
  readonly instances: InstanceStore;
  readonly records: RecordStore;
  /** Deletes what has expired: sessions, codes, requests, invitations, attempts, salts past the grace, retired and withdrawn signing keys, dead instances. */
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

export interface AccountStore {
  /**
   * Makes an account and, when it comes through an invitation, uses that up. `operator` is taken from the invitation's
   * kind (`setup` makes the operator, and is good for the first account only), or from `operator` where an actor with the
   * right to say so gives it.
   */
  createUser(
    user: Pick<User, 'id' | 'email' | 'passwordHash'> & { readonly operator?: boolean },
    via: { readonly invitationHash: string } | { readonly actor: Actor },
  ): Promise<
    | { readonly kind: 'created'; readonly user: User }
    | { readonly kind: 'email_taken' }
    | { readonly kind: 'invitation_invalid' }
  >;
  /** @param email in lower case */
  findUserByEmail(email: string): Promise<User | null>;
  findUser(id: string): Promise<User | null>;
  countUsers(): Promise<number>;
  listUsers(): Promise<readonly User[]>;
  /** Suspends an account or lifts the suspension. @returns false when there is no such account */
  setUserStatus(id: string, status: UserStatus, actor: Actor): Promise<boolean>;
  /** Sets a new password; ends all sessions, and all grants with their families (OAuth 2.1 §4.3.3). */
  changePassword(userId: string, passwordHash: string, actor: Actor): Promise<void>;

  /** Starts a session; the one it replaces (same browser, before sign-in) dies in the same transaction. */
  startSession(session: Omit<Session, 'createdAt'>, replaces: string | null): Promise<void>;
  /** The live session under this hash and its active user. */
  findSession(hash: string): Promise<{ readonly session: Session; readonly user: User } | null>;
  endSession(hash: string): Promise<void>;
  endAllSessions(userId: string, actor: Actor): Promise<void>;

  createInvitation(invitation: Omit<Invitation, 'createdAt' | 'usedAt'>, actor: Actor): Promise<void>;
  /** The invitation, if it can still be used. */
  findInvitation(hash: string): Promise<Invitation | null>;
  listInvitations(): Promise<readonly Invitation[]>;
  deleteInvitation(hash: string, actor: Actor): Promise<boolean>;

  isOpen(gate: Gate): Promise<boolean>;
  setOpen(gate: Gate, open: boolean, actor: Actor): Promise<void>;

  /**
   * Counts one attempt under a key within a fixed window.
   * @param windowSeconds the window begins with the first attempt
   * @returns whether this attempt is within the limit, and if not, in how many seconds to come back
   */
  countAttempt(
    key: string,
    limit: number,
    windowSeconds: number,
  ): Promise<{ readonly allowed: boolean; readonly retryAfter: number }>;
  /** Forgets the attempts under a key, after a success. */
  clearAttempts(key: string): Promise<void>;
}

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

/** An app that is being registered. */
export type NewClient = Pick<
  Client,
  'id' | 'ownerId' | 'name' | 'type' | 'secretHash' | 'jwks' | 'redirectUris' | 'scope'
> &
  Partial<Pick<Client, 'secretMethod' | 'registrationTokenHash' | 'requiresDpop' | 'requiresPushedRequests'>>;

/** What a client's document says, and until when that holds. */
export type ClientDocument = Pick<
  Client,
  'id' | 'name' | 'type' | 'redirectUris' | 'scope' | 'requiresDpop' | 'requiresPushedRequests'
> & { readonly freshUntil: number };

/** An app with what an operator sees beside it. */
export interface ClientView {
  readonly client: Client;
  readonly ownerEmail: string | null;
  /** People who let it use their keys now. */
  readonly users: number;
}

export interface ClientStore {
  createClient(client: NewClient, actor: Actor): Promise<Client>;
  /**
   * Keeps what a client's document says, in the place of what it said before. Its status stays.
   * @returns null when the client has been deleted here, which is for good
   */
  saveDocument(document: ClientDocument): Promise<Client | null>;
  /** A client that is known here and has not been deleted. */
  findClient(id: string): Promise<Client | null>;
  listClients(ownerId: string): Promise<readonly Client[]>;
  /** Those of all owners and of none: first who waits for verification, then the newest. */
  listAllClients(limit: number): Promise<readonly ClientView[]>;
  /**
   * Changes a client. Another name or another redirect URI is nothing that an operator has vouched for. Keys that are given
   * take the place of the secret.
   */
  updateClient(
    id: string,
    change: Partial<
      Pick<
        Client,
        'name' | 'redirectUris' | 'scope' | 'secretMethod' | 'requiresDpop' | 'requiresPushedRequests'
      >
    > & { readonly jwks?: JwkSet },
    actor: Actor,
  ): Promise<boolean>;
  /** The secret takes the place of the one before it, or of the keys. */
  replaceClientSecret(id: string, secretHash: string, actor: Actor): Promise<boolean>;
  /** Suspends a client or lifts the suspension. @returns false when there is no such client */
  setClientStatus(id: string, status: ClientStatus, actor: Actor): Promise<boolean>;
  /** Records that the owner asks for verification. @param token to publish, unless the client has one already */
  askForVerification(id: string, token: string, actor: Actor): Promise<boolean>;
  /**
   * Records that the client's token was found on every host of these redirect URIs.
   * @returns false when they are not the client's any more
   */
  markDomainProven(id: string, redirectUris: readonly string[], actor: Actor): Promise<boolean>;
  /** Vouches for a client, or no longer; either answers its owner. @returns false when there is no such client */
  setVerified(id: string, verified: boolean, actor: Actor): Promise<boolean>;
  /** Deletes the client; its grants end. @returns the ids of the grants that ended, null when there was no such client */
  deleteClient(id: string, actor: Actor): Promise<readonly string[] | null>;
}

/** A grant with what pages and the command line show beside it. */
export interface GrantView {
  readonly grant: Grant;
  readonly client: Pick<Client, 'id' | 'name' | 'type' | 'verified'>;
  readonly credentials: readonly Pick<Credential, 'id' | 'provider' | 'name' | 'last4' | 'sandbox'>[];
  readonly calls: number;
  readonly costNanoUsd: number;
  readonly lastCallAt: number | null;
}

/** What a user allows a client: the grant's new content and a wrap for each credential that it may use. */
export interface GrantTerms {
  /** The live grant's id, or a new one if there is none yet; the wraps name it as their holder. */
  readonly id: string;
  readonly userId: string;
  readonly clientId: string;
  readonly test: boolean;
  readonly scope: string;
  readonly expiresAt: number | null;
  readonly wraps: readonly Wrap[];
}

/** The first tokens of a family. */
export interface NewFamily {
  readonly id: string;
  readonly scope: string;
  /** Thumbprint of the key that its refresh tokens are bound to; null for none. */
  readonly dpopThumbprint: string | null;
  readonly refreshTokenHash: string;
  readonly refreshTokenExpiresAt: number;
}

export interface GrantStore {
  /**
   * Records the user's approval of an authorization request and makes or replaces the grant.
   * `other_grant`: nothing changed; the wraps must be made again for the id it names. That is the live grant's, or a new
   * one where the grant that the terms name has ended. A grant that ran out but was not revoked is replaced like a live one.
   * `too_many_users`: nothing changed; the client is not verified and has `unverifiedUserLimit` other users.
   */
  approve(
    requestId: string,
    browserHash: string,
    terms: GrantTerms,
  ): Promise<
    | { readonly kind: 'approved' }
    | { readonly kind: 'other_grant'; readonly grantId: string }
    | { readonly kind: 'not_open' }
    | { readonly kind: 'too_many_users' }
  >;
  /** Records the user's refusal. @returns false when the request is not open any more or not this browser's */
  deny(requestId: string, browserHash: string, userId: string): Promise<boolean>;
  /** Makes or replaces a grant and begins a family under it, without a page: command line and test tokens. */
  createGrant(
    terms: GrantTerms,
    family: NewFamily,
    actor: Actor,
  ): Promise<
    | { readonly kind: 'created'; readonly grant: Grant; readonly family: Family }
    | { readonly kind: 'other_grant'; readonly grantId: string }
  >;
  findGrant(id: string): Promise<Grant | null>;
  /** The grant between these two that is neither revoked nor run out. */
  findLiveGrant(userId: string, clientId: string, test: boolean): Promise<Grant | null>;
  /** Newest first, ended ones too. */
  listGrants(filter: { readonly userId?: string; readonly clientId?: string }): Promise<readonly GrantView[]>;
  /**
   * Ends a grant with its families and wraps.
   * @returns when it was revoked, now or earlier; null when there is no such grant
   */
  revokeGrant(
    id: string,
    reason: GrantEnd,
    actor: Actor,
  ): Promise<{ readonly revokedAt: number; readonly already: boolean } | null>;
  /** Ends one family (RFC 7009 §2.1). */
  revokeFamily(id: string, reason: FamilyEnd, actor: Actor): Promise<void>;
  /** The pseudonym under which this client knows this user; made at first use. */
  subjectFor(userId: string, clientId: string): Promise<string>;
  /** Everything that decides whether tokens of this family are good now. */
  findStanding(familyId: string): Promise<Standing | null>;
  /** Those of these families whose tokens are not good any more, because of the family or of anything above it. */
  findEnded(familyIds: readonly string[]): Promise<readonly string[]>;
}

export interface NewCode {
  readonly hash: string;
  readonly expiresAt: number;
}

/** An authorization request as it arrives at the authorization endpoint. */
export type NewAuthorizationRequest = Pick<
  AuthorizationRequest,
  'id' | 'clientId' | 'state' | 'scope' | 'dpopThumbprint' | 'browserHash' | 'expiresAt'
> & { readonly redirectUri: string; readonly codeChallenge: string };

export interface AuthorizationStore {
  /** Uses up a proof that nothing else in the store hangs on. @returns false when it has been used before */
  useProof(proof: ProofUse): Promise<boolean>;
  /** Keeps what a client has pushed (RFC 9126). @returns false when the proof has been used before */
  pushRequest(
    request: Omit<PushedRequest, 'createdAt' | 'requestId'>,
    proof: ProofUse | null,
  ): Promise<boolean>;
  /** What was pushed under this hash, while it can be used or what it became is still there. */
  findPushedRequest(hash: string): Promise<PushedRequest | null>;
  /**
   * Saves a request for its browser.
   * @param pushedHash the pushed request that it comes from, which is used up by it
   * @returns false when that one has been used or has expired
   */
  saveRequest(request: NewAuthorizationRequest, pushedHash: string | null): Promise<boolean>;
  /** A request that has not expired. */
  findRequest(id: string): Promise<AuthorizationRequest | null>;
  /**
   * Turns a recorded approval into a code, once.
   * @returns false when it is not this browser's and user's, not approved, expired, or already turned into one
   */
  issueCode(requestId: string, browserHash: string, userId: string, code: NewCode): Promise<boolean>;
  /** Closes a denied request and forgets it, so that its redirect happens once. */
  finishDenied(requestId: string, browserHash: string): Promise<boolean>;
  /**
   * Spends a code.
   * @param attempt what the client presented; `codeChallenge` is S256 of its verifier; `redirectUri` null when left out
   * @param family what to begin when it is good; its scope is the code's
   */
  redeemCode(
    attempt: {
      readonly codeHash: string;
      readonly clientId: string;
      readonly redirectUri: string | null;
      readonly codeChallenge: string;
      /** Thumbprint of the key that the client has proven to hold; null when it has proven none. */
      readonly dpopThumbprint: string | null;
      readonly proof: ProofUse | null;
    },
    family: Omit<NewFamily, 'scope'>,
  ): Promise<Redemption>;

  findRefreshToken(
    hash: string,
  ): Promise<{ readonly token: RefreshToken; readonly standing: Standing } | null>;
  /**
   * Spends a refresh token and puts its successor in place.
   * @param successorHash hash of the successor that follows from family, sequence number and salt
   * @param graceSeconds how long the predecessor still gives the same successor, as long as that one is unused
   */
  rotateRefreshToken(
    hash: string,
    next: {
      readonly salt: Buffer;
      readonly expiresAt: number;
      readonly successorHash: (familyId: string, seq: number, salt: Buffer) => string;
      readonly graceSeconds: number;
      readonly proof: ProofUse | null;
    },
  ): Promise<Rotation>;
}

export interface DeviceStore {
  /** @returns false when somebody else's user code is the same */
  startDevice(
    device: Pick<
      DeviceAuthorization,
      'deviceCodeHash' | 'userCodeHash' | 'clientId' | 'scope' | 'interval' | 'expiresAt'
    >,
  ): Promise<boolean>;
  /**
   * Turns what a device waits for into a request that this browser may decide. The first browser that brings the user code
   * gets it; it may come again until the decision.
   * @param userCode as it is to be shown beside the request
   * @returns the request's id; null when no device waits under this code for this browser
   */
  claimDevice(
    userCodeHash: string,
    claim: { readonly requestId: string; readonly browserHash: string; readonly userCode: string },
  ): Promise<string | null>;
  /**
   * Answers a device that asks whether it has been allowed, and begins its family once it has.
   * @param family what to begin; its scope is what the user allowed
   */
  pollDevice(
    asking: { readonly deviceCodeHash: string; readonly clientId: string; readonly proof: ProofUse | null },
    family: Omit<NewFamily, 'scope'>,
  ): Promise<Poll>;
}

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

/** What a call came to. */
export interface Settlement {
  readonly callId: string;
  readonly status: number | null;
  readonly outcome: CallOutcome;
  readonly usage: Usage | null;
  /** Null when the price is not known. */
  readonly costNanoUsd: number | null;
  readonly upstreamRequestId: string | null;
}

/** A write was handed to the database, and whether it took effect will not be known. */
export class OutcomeUnknown extends Error {
  override name = 'OutcomeUnknown';
}

export interface LedgerStore {
  /**
   * Decides a batch in arrival order and writes the admitted calls as `pending`, all in one transaction.
   * @param settlements what is settled before that, in the same transaction
   * @returns one result per request, in order
   * @throws OutcomeUnknown when the calls may be on record all the same
   */
  admit(
    batch: readonly AdmissionRequest[],
    settlements?: readonly Settlement[],
  ): Promise<readonly AdmissionResult[]>;
  /**
   * Settles pending calls, all in one transaction.
   * @returns per settlement, whether this one settled the call (false: it was settled before)
   */
  settle(batch: readonly Settlement[]): Promise<readonly boolean[]>;
}

/** The processes that admit calls. Each holds a lease; the living settle the calls of those whose lease ran out. */
export interface InstanceStore {
  /**
   * Registers an instance or renews its lease.
   * @returns the store's clock in milliseconds; `isDead` when another instance has declared this one dead, which is for good
   */
  beat(id: string, leaseSeconds: number): Promise<{ readonly isDead: boolean; readonly now: number }>;
  /**
   * Declares the instances dead whose lease ran out, and settles pending calls of all the dead as `lost`, at their
   * reservation (cost unknown when nothing was reserved). Does nothing for an instance that has no lease itself.
   * @param id who asks
   * @param limit how many calls to settle at most; when it settles as many there may be more
   * @returns the ids of those declared dead now, and how many calls were settled
   */
  recover(
    id: string,
    limit: number,
  ): Promise<{ readonly declaredDead: readonly string[]; readonly settled: number }>;
  /** Forgets an instance that stops. One that leaves pending calls behind stays, and its lease is over. */
  leave(id: string): Promise<void>;
}

export interface CallView extends Call {
  readonly clientName: string;
}

export interface RecordStore {
  /** Calls, newest first. @param before id of the last call of the page before */
  listCalls(
    filter: {
      readonly userId?: string;
      readonly grantId?: string;
      readonly clientId?: string;
      readonly test?: boolean;
    },
    page: { readonly before: string | null; readonly limit: number },
  ): Promise<readonly CallView[]>;
  listAuditEvents(filter: { readonly userId?: string }, limit: number): Promise<readonly AuditEvent[]>;
}
