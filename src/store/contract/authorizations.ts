import type { AuthorizationRequest, ProofUse, PushedRequest, RefreshToken } from '../records.ts';
import type { Redemption } from '../redemption.ts';
import type { Rotation } from '../rotation.ts';
import type { Standing } from '../standing.ts';
import type { Approval, NewFamily } from './grants.ts';

export interface NewCode {
  readonly hash: string;
  readonly expiresAt: number;
}

/** An authorization request as it arrives at the authorization endpoint. */
export type NewAuthorizationRequest = Pick<
  AuthorizationRequest,
  | 'id'
  | 'clientId'
  | 'state'
  | 'scope'
  | 'authorizationDetails'
  | 'dpopThumbprint'
  | 'browserHash'
  | 'expiresAt'
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
  /** What a code stands for, whether it is still good or not. */
  findCode(hash: string): Promise<Approval | null>;
  /**
   * Spends a code.
   * @param attempt what the client presented; `codeChallenge` is S256 of its verifier; `redirectUri` null when left out
   * @param family what to begin when it is good, its scope is the code's; null when the client asks for what the code
   * does not stand for
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
    family: Omit<NewFamily, 'scope'> | null,
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
