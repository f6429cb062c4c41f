import type { Clock } from '../lib/clock.ts';
import { sha256 } from '../lib/hash.ts';
import { newToken } from '../lib/ids.ts';
import type { AccountStore } from '../store/contract/accounts.ts';
import type { Actor, Invitation } from '../store/records.ts';
import { countAttempts } from './attempts.ts';

interface InvitationDeps {
  readonly store: { readonly accounts: AccountStore };
  readonly clock: Clock;
  readonly config: { readonly issuer: string };
}

/** A link that makes one account. Shown once: the store keeps only the hash of its token. */
export interface InvitationLink {
  readonly url: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

const hour = 3_600_000;
const setupLife = hour;
const inviteLife = 7 * 24 * hour;

/**
 * The link through which the first account, the operator's, is made. Links made before it go on working: several
 * processes on one store give out one each, and whichever is used first ends them all.
 * @returns null when there is an account already
 */
export async function createSetupLink(deps: InvitationDeps): Promise<InvitationLink | null> {
  if ((await deps.store.accounts.countUsers()) > 0) return null;
  const actor: Actor = { kind: 'system' };
  return createLink(deps, { kind: 'setup', email: null, createdBy: null }, setupLife, actor);
}

/** An operator's invitation. @param email if given, only this address (in lower case) may use it */
export function invite(
  deps: InvitationDeps,
  operatorId: string,
  email: string | null,
): Promise<InvitationLink> {
  const actor: Actor = { kind: 'user', id: operatorId };
  return createLink(deps, { kind: 'invite', email, createdBy: operatorId }, inviteLife, actor);
}

export type OpenedLink =
  | { readonly kind: 'open'; readonly invitation: Invitation }
  /** It is used up, has expired or never was. */
  | { readonly kind: 'not_open' }
  /** `retryAfter` in seconds. */
  | { readonly kind: 'too_many'; readonly retryAfter: number };

/**
 * The invitation behind a link of this kind, if it can still be used. Only links that cannot are counted, so that nobody
 * who was invited is slowed down by somebody who guesses.
 * @param link.address network address that it is opened from
 */
export async function openLink(
  deps: Pick<InvitationDeps, 'store'>,
  link: { readonly kind: Invitation['kind']; readonly token: string; readonly address: string },
): Promise<OpenedLink> {
  const invitation = await findInvitation(deps, link.kind, link.token);
  if (invitation) return { kind: 'open', invitation };
  const limit = { key: `invitation:${link.address}`, limit: 50, windowSeconds: 15 * 60 };
  const retryAfter = await countAttempts(deps.store.accounts, [limit]);
  return retryAfter === null ? { kind: 'not_open' } : { kind: 'too_many', retryAfter };
}

async function findInvitation(
  { store }: Pick<InvitationDeps, 'store'>,
  kind: Invitation['kind'],
  token: string,
): Promise<Invitation | null> {
  const invitation = await store.accounts.findInvitation(sha256(token));
  if (invitation?.kind !== kind) return null;
  // A set-up link makes an operator: it is good for nothing once somebody is there.
  if (kind === 'setup' && (await store.accounts.countUsers()) > 0) return null;
  return invitation;
}

async function createLink(
  { store, clock, config }: InvitationDeps,
  invitation: Pick<Invitation, 'kind' | 'email' | 'createdBy'>,
  life: number,
  actor: Actor,
): Promise<InvitationLink> {
  const token = newToken('ccin');
  const expiresAt = clock() + life;
  await store.accounts.createInvitation({ ...invitation, hash: sha256(token), expiresAt }, actor);
  return { url: `${config.issuer}/${invitation.kind}/${token}`, expiresAt };
}
