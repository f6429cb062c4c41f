import type {
  Actor,
  Client,
  Credential,
  Family,
  FamilyEnd,
  Grant,
  GrantEnd,
  ProviderAccess,
  Wrap,
} from '../records.ts';
import type { Standing } from '../standing.ts';

/** A grant with what pages and the command line show beside it. */
export interface GrantView {
  readonly grant: Grant;
  readonly client: Pick<Client, 'id' | 'name' | 'type' | 'status' | 'verified'>;
  readonly credentials: readonly Pick<Credential, 'id' | 'provider' | 'name' | 'last4' | 'sandbox'>[];
  readonly calls: number;
  readonly costNanoUsd: number;
  readonly lastCallAt: number | null;
}

/** What a user allows a client: the grant's new content and a wrap for each credential that it may use. */
export interface GrantTerms
  extends Pick<
    Grant,
    'userId' | 'clientId' | 'test' | 'scope' | 'authorizationDetails' | 'paidByApp' | 'expiresAt'
  > {
  /** The live grant's id, or a new one if there is none yet; the wraps name it as their holder. */
  readonly id: string;
  readonly wraps: readonly Wrap[];
}

/** What a user has allowed that has not turned into tokens yet, and the grant as it is now. */
export interface Approval {
  readonly scope: string;
  readonly grant: Grant;
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
  /**
   * Records that a request asks for no more than a live grant allows, so that nobody has to be asked. The grant stays as it is.
   * @param grant as it was when the request was compared with it
   * @returns false when it has changed or ended since, when nobody vouches for its client, or when the request is not open
   * any more, not this browser's or from a device
   */
  approveWithin(
    requestId: string,
    browserHash: string,
    grant: Pick<Grant, 'id' | 'userId' | 'updatedAt'>,
  ): Promise<boolean>;
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
  /**
   * Puts these limits in the place of a live grant's. What counts so far stays.
   * @returns false when the user has no such grant, or it has ended
   */
  changeLimits(
    id: string,
    userId: string,
    authorizationDetails: readonly ProviderAccess[],
    actor: Actor,
  ): Promise<boolean>;
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
