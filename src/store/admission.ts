import type { Budget, Hold } from './budget.ts';
import type { Moderation } from './moderation.ts';
import type {
  ClientStatus,
  Credential,
  Holder,
  Payer,
  ProofUse,
  ProviderAccess,
  UserStatus,
} from './records.ts';
import type { BudgetRefusal, BudgetState, CallCost } from './reservation.ts';

/** What the proxy asks to be admitted. */
export interface AdmissionRequest {
  readonly callId: string;
  readonly familyId: string;
  /** The proof that came with a token that is bound to a key; null for a bearer token. */
  readonly proof: ProofUse | null;
  /** Key that signed the caller's token; a withdrawn one is refused. */
  readonly kid: string;
  readonly instanceId: string;
  readonly provider: string;
  readonly route: string;
  /** For the record. */
  readonly model: string | null;
  /** Every model that the call makes use of; null stands for one that it leaves to the provider. */
  readonly models: readonly (string | null)[];
  /**
   * How many tokens the answer may have by the call: `open` where it leaves that to others, `unbounded` where it has no
   * field for it, and null where its answer is not one whose length is limited.
   */
  readonly outputCap: number | 'open' | 'unbounded' | null;
  /** Every scope the call needs. */
  readonly scopes: readonly string[];
  /** What the caller's token allows of the provider, which may be less than its grant does; null: whatever the grant does. */
  readonly access: ProviderAccess | null;
  readonly cost: CallCost;
}

/** Reasons that need no more words. */
export type PlainReason =
  | 'unknown_family'
  | 'key_withdrawn'
  | 'proof_replayed'
  | 'grant_revoked'
  | 'grant_expired'
  | 'user_suspended'
  | 'client_suspended'
  | 'insufficient_scope'
  | 'no_credential'
  | 'credential_invalid'
  /** The app pays, and the provider does not accept its key. */
  | 'fallback_invalid'
  | 'output_unbounded';

export type AdmissionRefusal = { readonly kind: 'refused' } & (
  | { readonly reason: PlainReason }
  | { readonly reason: 'model_not_allowed'; readonly model: string | null }
  /** The call asks for a longer answer than `limit` tokens. */
  | { readonly reason: 'output_limit'; readonly limit: number }
  /** One call more is let through after so many milliseconds. */
  | { readonly reason: 'rate_limited'; readonly wait: number; readonly left: Left }
  /** Of what whoever is to pay has to spare. */
  | (Omit<BudgetRefusal, 'kind'> & { readonly payer: Payer; readonly left: Left })
);

/** What a grant still allows of the provider asked for. */
export interface Left {
  /** Its own budgets, with what the call holds if it is admitted. */
  readonly budgets: readonly BudgetState[];
  /** Null where it has no rate for the provider, or the call was not judged by that. */
  readonly rate: RateStanding | null;
}

export type AdmissionResult =
  | {
      readonly kind: 'admitted';
      readonly grantId: string;
      readonly userId: string;
      readonly clientId: string;
      readonly payer: Payer;
      readonly credential: Pick<Credential, 'id' | 'version' | 'sandbox' | 'exhaustedAt'>;
      /** Who opens it. */
      readonly holder: Holder;
      readonly startedAt: number;
      /** What token and grant allow of the provider, each for itself. */
      readonly limits: readonly ProviderAccess[];
      /** Tokens that the answer must be limited to, which the call leaves open; null: nothing is to be done. */
      readonly outputCap: number | null;
      /** How often tools of the provider may be used where the call leaves it open; null: as often as can be. */
      readonly toolUses: number | null;
      /** The largest amount that the call can cost, in nano-USD. */
      readonly reservedNanoUsd: number;
      /** What the client's owner and an operator have done about harmful content. */
      readonly moderation: Moderation;
      /** What it holds of budgets. */
      readonly holds: readonly Hold[];
      readonly left: Left;
    }
  | AdmissionRefusal;

/** What a store reads about one request, inside the transaction that admits it. */
export interface AdmissionRow {
  readonly grantId: string;
  readonly userId: string;
  readonly clientId: string;
  /** Whether the key that signed the token is known and not withdrawn. */
  readonly keyStands: boolean;
  /** Whether the family or the grant was revoked. */
  readonly revoked: boolean;
  readonly expiresAt: number | null;
  readonly userStatus: UserStatus;
  readonly clientStatus: ClientStatus | 'deleted';
  readonly familyScope: string;
  readonly grantScope: string;
  readonly authorizationDetails: readonly ProviderAccess[];
  /** In microseconds, of the grant's rate for the provider asked for; means nothing where it has none. */
  readonly theoreticalArrivalAt: number | null;
  readonly proofIsUsed: boolean;
  /** Those of the user, the client and both credentials; the grant's own are among its limits. */
  readonly budgets: readonly Budget[];
  /** What the grant can open for the provider asked for. */
  readonly credential: HeldCredential | null;
  /** What the client can open for it, to pay itself; null for a test grant. */
  readonly fallback: (HeldCredential & Pick<Credential, 'userId'>) | null;
  readonly paysWhenUsedUp: boolean;
  /** The client's, and what is demanded of it. */
  readonly moderation: Moderation;
  readonly requiredModeration: Moderation;
}

export type HeldCredential = Pick<Credential, 'id' | 'version' | 'sandbox' | 'status' | 'exhaustedAt'>;

/** What a rate still allows, with the call counted. */
export interface RateStanding {
  readonly requestsPerMinute: number;
  /** Calls that may follow at once. */
  readonly left: number;
}

/** Where a rate of a grant stands. */
export interface RateState {
  readonly grantId: string;
  readonly provider: string;
  readonly theoreticalArrivalAt: number;
}

/** A budget of which so much has been used that its user should know. */
export interface BudgetNotice {
  readonly counterId: string;
  readonly budget: Budget;
  /** Null where it is not theirs, but an app's. */
  readonly userId: string | null;
  readonly percent: number;
  /** False: the limit has been raised since more was told of, so that milestones count anew; nobody is told of that. */
  readonly isNews: boolean;
}

export interface Decision {
  /** One per request. */
  readonly results: readonly AdmissionResult[];
  /** The rates that admitted calls count against, with these counted. */
  readonly rates: readonly RateState[];
  /** Of each counter the last. */
  readonly notices: readonly BudgetNotice[];
}
