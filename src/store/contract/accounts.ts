import type { Gate } from '../gate.ts';
import type { Actor, Invitation, Session, User, UserStatus } from '../records.ts';

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
