import type { Moderation } from './moderation.ts';

/**
 * What is stored, as every layer above the store sees it. Times are milliseconds since the epoch, UTC; money is integer
 * nano-USD. `…Hash` fields hold SHA-256, never the secret itself.
 */

export type UserStatus = 'active' | 'suspended';

export interface User {
  readonly id: string;
  readonly email: string;
  readonly passwordHash: string;
  readonly operator: boolean;
  readonly status: UserStatus;
  readonly createdAt: number;
}

export interface Session {
  readonly hash: string;
  readonly userId: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** A one-time link that lets somebody make an account: the operator's first one (`setup`) or an invited one. */
export interface Invitation {
  readonly hash: string;
  readonly kind: 'setup' | 'invite';
  /** If set, only this address may use it. */
  readonly email: string | null;
  readonly createdBy: string | null;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly usedAt: number | null;
}

export type CredentialStatus = 'verified' | 'unverified' | 'invalid';

/** A deposited provider key, without anything that opens it. */
export interface Credential {
  readonly id: string;
  readonly userId: string;
  readonly provider: string;
  readonly name: string;
  /** Goes up with each replacement of the key; caches are keyed by it. */
  readonly version: number;
  readonly fingerprint: string;
  readonly last4: string;
  /** Where calls bill to, for providers that have it (OpenAI-Organization and OpenAI-Project headers). */
  readonly organization: string | null;
  readonly project: string | null;
  /** What of the provider's address the key is for, for providers that give each account one of its own. */
  readonly resource: string | null;
  /** A key of the simulated provider. */
  readonly sandbox: boolean;
  readonly status: CredentialStatus;
  readonly checkedAt: number | null;
  /** When the provider last said that the account has no quota left; null once it has answered again. */
  readonly exhaustedAt: number | null;
  /** Scopes, each by whether the key is permitted to do it; what the provider has not shown is left out. */
  readonly abilities: Readonly<Record<string, boolean>>;
  /** Until when it is kept; null: until it is deleted. */
  readonly expiresAt: number | null;
  /** Of the session that it ends with; null when it outlives that. */
  readonly sessionHash: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type NoticeKind =
  | 'key_refused'
  | 'key_exhausted'
  | 'key_expires_soon'
  | 'key_expired'
  | 'refresh_token_reused'
  | 'budget_reached'
  | 'app_suspended';

/** Something that a user is told by mail. It holds no secret. */
export interface Notice {
  readonly kind: NoticeKind;
  /** What it is about, such as the id of a key: there is at most one of a kind about the same in a day. */
  readonly about: string;
  readonly title: string;
  readonly text: string;
}

/** A value encrypted under a data key: nonce, tag and ciphertext in one. */
export type Sealed = Buffer;

/** Who may open a credential: its owner (`owner`), a grant (`grt_…`) or an app of its owner that pays with it (`cli_…`). */
export type Holder = string;

/** The data key of one credential, encrypted for one holder under one master key. */
export interface Wrap {
  readonly credentialId: string;
  readonly holder: Holder;
  readonly masterKeyId: string;
  readonly wrapped: Sealed;
}

/** Everything needed to open a credential for one holder. */
export interface SealedCredential {
  readonly credential: Credential;
  readonly ciphertext: Sealed;
  readonly wrap: Wrap;
}

export type ClientType = 'web' | 'spa' | 'native';
export type ClientStatus = 'active' | 'suspended';

/** Public keys (RFC 7517 §5). */
export interface JwkSet {
  readonly keys: readonly Readonly<Record<string, string>>[];
}

/** Ways to show a client secret (RFC 6749 §2.3.1). */
export type SecretMethod = 'client_secret_basic' | 'client_secret_post';

/**
 * An app: registered on the pages, by itself (RFC 7591), or known by a document of its own at the URL that is its id. A
 * confidential one has a secret or a JWK Set, never both.
 */
export interface Client {
  readonly id: string;
  /** Null when nobody here answers for it: it has registered itself, or has a document. */
  readonly ownerId: string | null;
  readonly name: string;
  readonly type: ClientType;
  readonly secretHash: string | null;
  /** What its assertions are verified with (RFC 7523); null when it proves itself otherwise. */
  readonly jwks: JwkSet | null;
  /** The only way in which it shows its secret; null when it may do so in any. */
  readonly secretMethod: SecretMethod | null;
  /** Of the token by which it changes its own registration (RFC 7592); null when it has none. */
  readonly registrationTokenHash: string | null;
  /** Until when what its document said holds without asking again; null when it has no document. */
  readonly freshUntil: number | null;
  readonly redirectUris: readonly string[];
  /** Space-separated, as on the wire. */
  readonly scope: string;
  /** It asks for nothing but tokens that are bound to a key (RFC 9449 §5.2). */
  readonly requiresDpop: boolean;
  /** It sends authorization requests by PAR only (RFC 9126 §6). */
  readonly requiresPushedRequests: boolean;
  /** Where it has a key of its own, it pays also for users whose budgets in dollars are used up. */
  readonly paysWhenUsedUp: boolean;
  /** What its owner has done about harmful content in its calls. */
  readonly moderation: Moderation;
  /** What an operator has done about it at least. */
  readonly requiredModeration: Moderation;
  /** An operator vouches for its name and redirect URIs. */
  readonly verified: boolean;
  /** What its owner publishes to show that a domain is theirs; public. Null until verification is asked for. */
  readonly verificationToken: string | null;
  /** Null when verification has not been asked for, or has been decided. */
  readonly verificationAskedAt: number | null;
  /** When the token was last found on every host that it redirects to. */
  readonly domainProvenAt: number | null;
  readonly status: ClientStatus;
  readonly createdAt: number;
}

export type GrantEnd =
  | 'user'
  | 'client'
  | 'operator'
  | 'credential_deleted'
  | 'credential_expired'
  | 'client_deleted'
  | 'password_changed';

/** A span of time in which something is limited: by UTC, weeks from Monday; `total` is for good. */
export type Period = 'day' | 'week' | 'month' | 'total';

/** How much an app may use of one provider in a span of time, as it is on the wire. */
export interface AccessBudget {
  /** Decimal US dollars. */
  readonly limit_usd?: string;
  readonly limit_requests?: number;
  readonly period: Period;
  /** What the provider does not report counts as the most that it could be. */
  readonly strict?: boolean;
}

/**
 * How much of one provider an app may use: an authorization detail of this type (RFC 9396 §2), as it is on the wire. What is
 * absent is not limited.
 */
export interface ProviderAccess {
  readonly type: 'provider_access';
  /** Name of a provider; at most one detail of a list is for it. */
  readonly provider: string;
  /** Names of models; one that ends in `*` stands for all that begin so. */
  readonly models?: readonly string[];
  readonly budgets?: readonly AccessBudget[];
  readonly rate?: {
    readonly requests_per_minute?: number;
    /** Calls that go on at the same time. */
    readonly concurrent_requests?: number;
  };
  /** Of each answer. */
  readonly max_output_tokens?: number;
}

/** What a user allowed a client. At most one live grant per user, client and kind (live or test). */
export interface Grant {
  readonly id: string;
  readonly userId: string;
  readonly clientId: string;
  readonly test: boolean;
  readonly scope: string;
  readonly authorizationDetails: readonly ProviderAccess[];
  /** Providers whose calls the app may pay for itself: its user was told so. */
  readonly paidByApp: readonly string[];
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Null: it lasts until it is revoked. */
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  readonly revokedReason: GrantEnd | null;
}

export type FamilyEnd = 'client' | 'refresh_reuse' | 'code_replay' | 'restored';

/** One completed authorization under a grant: one install, one browser. Its tokens live and die together. */
export interface Family {
  readonly id: string;
  readonly grantId: string;
  readonly clientId: string;
  readonly scope: string;
  /** Thumbprint of the key that its refresh tokens are bound to (RFC 9449 §5); null when they are not. */
  readonly dpopThumbprint: string | null;
  /** Sequence number of the newest refresh token. */
  readonly seq: number;
  readonly createdAt: number;
  readonly revokedAt: number | null;
  readonly revokedReason: FamilyEnd | null;
}

/** The parameters of an authorization request, pushed ahead by its client (RFC 9126). */
export interface PushedRequest {
  /** Of the `request_uri`. */
  readonly hash: string;
  readonly clientId: string;
  /** Form-urlencoded, without what the client proved itself by. */
  readonly parameters: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** The authorization request that it became. */
  readonly requestId: string | null;
}

/** A proof of possession, or an assertion of a client, to be used up: it serves once (RFC 9449 §11.1, RFC 7523 §3). */
export interface ProofUse {
  /** Names the proof, so that it is known again. */
  readonly hash: string;
  /** Milliseconds since the epoch; after that it is refused for its age. */
  readonly expiresAt: number;
}

/** A device without a browser that waits for somebody to allow what its app asks for (RFC 8628). */
export interface DeviceAuthorization {
  readonly deviceCodeHash: string;
  readonly userCodeHash: string;
  readonly clientId: string;
  readonly scope: string;
  readonly authorizationDetails: readonly ProviderAccess[];
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Seconds that the device has to wait between two polls. */
  readonly interval: number;
  readonly polledAt: number | null;
  /** The authorization request that it became when somebody entered the user code. */
  readonly requestId: string | null;
  readonly redeemedAt: number | null;
}

/**
 * A request for authorization, validated, waiting for the user's decision. It comes from the authorization endpoint, or
 * from a device, and then there is nowhere to redirect to and no code.
 */
export interface AuthorizationRequest {
  readonly id: string;
  readonly clientId: string;
  /** Null for a device. */
  readonly redirectUri: string | null;
  readonly state: string | null;
  readonly scope: string;
  /** The limits that the client proposes; the user may choose others. */
  readonly authorizationDetails: readonly ProviderAccess[];
  /** Null for a device. */
  readonly codeChallenge: string | null;
  /** Thumbprint of the key that the code is to be redeemed with (RFC 9449 §10); null when the app named none. */
  readonly dpopThumbprint: string | null;
  /** What the device shows; null for any other request. */
  readonly userCode: string | null;
  /** Hash of the browser's cookie: only the browser that began may decide and collect (OAuth 2.1 §7.10). */
  readonly browserHash: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly decision: 'approved' | 'denied' | null;
  readonly decidedAt: number | null;
  readonly userId: string | null;
  readonly grantId: string | null;
  readonly grantedScope: string | null;
  readonly codeIssuedAt: number | null;
}

export interface RefreshToken {
  readonly hash: string;
  readonly familyId: string;
  readonly seq: number;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly usedAt: number | null;
  /** Salt from which the successor follows, kept for the grace only. */
  readonly salt: Buffer | null;
  readonly successorHash: string | null;
}

/** A signing key of access tokens. New tokens are signed with the newest that is neither retired nor withdrawn. */
export interface SigningKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly publicJwk: Readonly<Record<string, unknown>>;
  readonly sealedPrivateJwk: Sealed;
  readonly masterKeyId: string;
  readonly createdAt: number;
  /** Signs no more; still verifies. */
  readonly retiredAt: number | null;
  /** Verifies no more. */
  readonly withdrawnAt: number | null;
}

export type CallState = 'pending' | 'settled';

/**
 * How a call ended. `answered`: the provider answered in full, whatever its status; `aborted`: the app went away;
 * `cut`: the provider broke off or timed out mid-answer; `failed`: no answer; `not_sent`: admitted but never forwarded;
 * `lost`: the instance that had it went away, so that nobody knows how it ended, and it counts as its reservation.
 */
export type CallOutcome = 'answered' | 'aborted' | 'cut' | 'failed' | 'not_sent' | 'lost';

/** Usage of one call in the price table's terms; absent counts are unknown. */
export type Usage = Readonly<Record<string, number>>;

/** Whose key a call is made with: the user's, or the app's own. */
export type Payer = 'user' | 'app';

/** One proxied request, on record before it goes upstream. */
export interface Call {
  readonly id: string;
  readonly userId: string;
  readonly clientId: string;
  readonly grantId: string;
  readonly familyId: string;
  readonly credentialId: string;
  readonly payer: Payer;
  readonly instanceId: string;
  readonly provider: string;
  /** Method and catalog path, such as `POST /chat/completions`. */
  readonly route: string;
  readonly model: string | null;
  readonly state: CallState;
  readonly reservedNanoUsd: number;
  readonly status: number | null;
  readonly outcome: CallOutcome | null;
  readonly usage: Usage | null;
  /** Null when the price is not known. */
  readonly costNanoUsd: number | null;
  /** What it counts as in budgets: where its cost is not known, the most that it may have cost. Null while it is pending. */
  readonly countedNanoUsd: number | null;
  readonly upstreamRequestId: string | null;
  /**
   * What the provider's moderation found in it: names of categories, space-separated, or `unchecked` where that could not be
   * told. Null where it found nothing or was not asked.
   */
  readonly flags: string | null;
  readonly startedAt: number;
  readonly endedAt: number | null;
}

/** What a provider calls something that it keeps. */
export interface ObjectName {
  /** Ids of one kind are told apart by themselves. */
  readonly kind: string;
  readonly id: string;
}

/** Something that a provider keeps, such as a file or a response, for the grant that had it made. */
export interface ProviderObject extends ObjectName {
  readonly provider: string;
  readonly grantId: string;
  /** Under whose account it is kept. */
  readonly credentialId: string;
  /** The call that first told of it. */
  readonly callId: string;
  /** What later calls that name it are to be judged or counted by, in the words of whoever put it on record; null: nothing. */
  readonly detail: object | null;
  readonly createdAt: number;
}

/** Who did something, for the audit trail. */
export type Actor =
  | { readonly kind: 'user'; readonly id: string }
  | { readonly kind: 'client'; readonly id: string }
  | { readonly kind: 'command_line' }
  | { readonly kind: 'system' };

export interface AuditEvent {
  readonly id: string;
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  /** Id of what was acted on. */
  readonly subject: string;
  /** The user concerned, if one is. */
  readonly userId: string | null;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}
