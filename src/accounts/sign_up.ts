import type { Clock } from '../lib/clock.ts';
import { sha256 } from '../lib/hash.ts';
import { newId } from '../lib/ids.ts';
import type { AccountStore } from '../store/contract/accounts.ts';
import type { User } from '../store/records.ts';
import { countAttempts } from './attempts.ts';
import { emailComplaint, normalizeEmail } from './email.ts';
import { openLink } from './invitations.ts';
import { hashPassword, passwordComplaint } from './password.ts';

interface SignUpDeps {
  readonly store: { readonly accounts: AccountStore };
  readonly clock: Clock;
}

/** Which way somebody comes in: by the operator's set-up link, an invitation, or open sign-up. */
export type SignUpWay =
  | { readonly kind: 'setup' | 'invite'; readonly token: string }
  | { readonly kind: 'open' };

export interface SignUpForm {
  readonly email: string;
  readonly password: string;
  /** Network address that the attempt comes from. */
  readonly address: string;
}

export type SignUpResult =
  | { readonly kind: 'signed_up'; readonly user: User }
  | { readonly kind: 'complaints'; readonly email: string | null; readonly password: string | null }
  /** The link is used up, has expired or never was; or sign-up is closed. */
  | { readonly kind: 'not_open' }
  /** `retryAfter` in seconds. */
  | { readonly kind: 'too_many'; readonly retryAfter: number };

/**
 * Makes an account. Without mail, a taken address cannot be hidden from who tries to sign up with it; what is left is
 * to limit how many can be tried from one network address.
 */
export async function signUp(deps: SignUpDeps, way: SignUpWay, form: SignUpForm): Promise<SignUpResult> {
  const { accounts } = deps.store;
  const refusal = await refusalOf(deps, way, form.address);
  if (refusal) return refusal;
  const email = normalizeEmail(form.email);
  const complaints = { email: emailComplaint(email), password: passwordComplaint(form.password) };
  if (complaints.email !== null || complaints.password !== null) return { kind: 'complaints', ...complaints };
  const retryAfter = await countAttempts(accounts, [
    { key: `sign_up:${form.address}`, limit: 20, windowSeconds: 3600 },
  ]);
  if (retryAfter !== null) return { kind: 'too_many', retryAfter };
  const id = newId('usr', deps.clock());
  const result = await accounts.createUser(
    { id, email, passwordHash: await hashPassword(form.password) },
    way.kind === 'open' ? { actor: { kind: 'user', id } } : { invitationHash: sha256(way.token) },
  );
  switch (result.kind) {
    case 'created':
      return { kind: 'signed_up', user: result.user };
    case 'email_taken':
      return {
        kind: 'complaints',
        email: 'This address cannot be used for a new account. If it is yours, sign in instead.',
        password: null,
      };
    case 'invitation_invalid':
      return way.kind === 'invite'
        ? { kind: 'complaints', email: 'This invitation is for another address.', password: null }
        : { kind: 'not_open' };
  }
}

/** @returns null when somebody may come in that way */
async function refusalOf(deps: SignUpDeps, way: SignUpWay, address: string): Promise<SignUpResult | null> {
  if (way.kind === 'open') return (await deps.store.accounts.isOpen('sign_up')) ? null : { kind: 'not_open' };
  const opened = await openLink(deps, { ...way, address });
  return opened.kind === 'open' ? null : opened;
}
