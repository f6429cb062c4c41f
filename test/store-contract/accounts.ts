import { expect, test } from 'vitest';
import { newId } from '../../src/lib/ids.ts';
import {
  type Arena,
  actionsOn,
  asUser,
  createGrant,
  createUser,
  day,
  found,
  minute,
  operator,
  second,
  unique,
} from './world.ts';

export function accounts(arena: () => Arena): void {
  const accountsOf = () => arena().stores[0].accounts;

  const invite = async (change: { kind?: 'setup' | 'invite'; email?: string } = {}) => {
    const { stores, clock } = arena();
    const invitation = {
      hash: unique('invitation'),
      kind: 'invite' as const,
      email: null,
      createdBy: null,
      expiresAt: clock.now + day,
      ...change,
    };
    await stores[0].accounts.createInvitation(invitation, operator);
    return invitation;
  };
  const newAccount = (email = `${unique('new')}@example.com`) => ({
    id: newId('usr'),
    email,
    passwordHash: 'hash',
  });

  test('the set-up invitation makes the first account, the operator’s, and no other', async () => {
    const [first, second] = [await invite({ kind: 'setup' }), await invite({ kind: 'setup' })];
    const created = await accountsOf().createUser(newAccount(), { invitationHash: first.hash });
    expect(created).toMatchObject({ kind: 'created', user: { operator: true } });
    expect(await accountsOf().createUser(newAccount(), { invitationHash: second.hash })).toEqual({
      kind: 'invitation_invalid',
    });
  });

  test('an account made by an actor is found by id and by address', async () => {
    const { stores } = arena();
    const before = await accountsOf().countUsers();
    const user = await createUser(stores[0]);
    expect(await stores[1].accounts.findUser(user.id)).toEqual(user);
    expect(await accountsOf().findUserByEmail(user.email)).toEqual(user);
    expect(user).toMatchObject({ operator: false, status: 'active', createdAt: arena().clock.now });
    expect(await accountsOf().countUsers()).toBe(before + 1);
    expect(await accountsOf().listUsers()).toContainEqual(user);
    expect(await accountsOf().findUser('usr_none')).toBeNull();
    expect(await accountsOf().findUserByEmail('nobody@example.com')).toBeNull();
    expect(await actionsOn(stores[0], user.id)).toEqual(['user.created']);
  });

  test('an address has one account', async () => {
    const user = await createUser(arena().stores[0]);
    const again = await accountsOf().createUser(newAccount(user.email), { actor: operator });
    expect(again).toEqual({ kind: 'email_taken' });
  });

  test('an actor with the right to say so may make an operator', async () => {
    const created = await accountsOf().createUser({ ...newAccount(), operator: true }, { actor: operator });
    expect(created).toMatchObject({ kind: 'created', user: { operator: true } });
  });

  test('an invitation makes one account', async () => {
    const { hash } = await invite();
    expect(await accountsOf().findInvitation(hash)).toMatchObject({ hash, usedAt: null });
    const account = newAccount();
    const created = await accountsOf().createUser({ ...account, operator: true }, { invitationHash: hash });
    expect(created).toMatchObject({ kind: 'created', user: { operator: false } });
    expect(await accountsOf().createUser(newAccount(), { invitationHash: hash })).toEqual({
      kind: 'invitation_invalid',
    });
    expect(await accountsOf().findInvitation(hash)).toBeNull();
    const used = (await accountsOf().listInvitations()).find((invitation) => invitation.hash === hash);
    expect(used?.usedAt).toBe(arena().clock.now);
  });

  test('an invitation for an address is for that address only', async () => {
    const email = `${unique('invited')}@example.com`;
    const { hash } = await invite({ email });
    expect(await accountsOf().createUser(newAccount(), { invitationHash: hash })).toEqual({
      kind: 'invitation_invalid',
    });
    const created = await accountsOf().createUser(newAccount(email), { invitationHash: hash });
    expect(created.kind).toBe('created');
  });

  test('an invitation is not used up when the address is taken', async () => {
    const { hash } = await invite();
    const { email } = await createUser(arena().stores[0]);
    expect(await accountsOf().createUser(newAccount(email), { invitationHash: hash })).toEqual({
      kind: 'email_taken',
    });
    expect(await accountsOf().findInvitation(hash)).not.toBeNull();
  });

  test('an expired, deleted or unknown invitation makes no account and does not tell whether an address is taken', async () => {
    const { clock, stores } = arena();
    const { email } = await createUser(stores[0]);
    const expired = await invite();
    const deleted = await invite();
    expect(await accountsOf().deleteInvitation(deleted.hash, operator)).toBe(true);
    expect(await accountsOf().deleteInvitation(deleted.hash, operator)).toBe(false);
    clock.now += day;
    expect(await accountsOf().findInvitation(expired.hash)).toBeNull();
    for (const invitationHash of [expired.hash, deleted.hash, 'unknown']) {
      for (const account of [newAccount(), newAccount(email)]) {
        expect(await accountsOf().createUser(account, { invitationHash })).toEqual({
          kind: 'invitation_invalid',
        });
      }
    }
    expect(await actionsOn(stores[0], deleted.hash)).toEqual(['invitation.created', 'invitation.deleted']);
  });

  const startSession = async (userId: string, replaces: string | null = null) => {
    const session = { hash: unique('session'), userId, expiresAt: arena().clock.now + day };
    await accountsOf().startSession(session, replaces);
    return session;
  };

  test('a session gives its user until it expires', async () => {
    const { clock, stores } = arena();
    const user = await createUser(stores[0]);
    const session = await startSession(user.id);
    expect(await stores[1].accounts.findSession(session.hash)).toEqual({
      session: { ...session, createdAt: clock.now },
      user,
    });
    clock.now += day;
    expect(await accountsOf().findSession(session.hash)).toBeNull();
    expect(await accountsOf().findSession('unknown')).toBeNull();
  });

  test('signing in ends the session that it replaces', async () => {
    const user = await createUser(arena().stores[0]);
    const before = await startSession(user.id);
    const after = await startSession(user.id, before.hash);
    expect(await accountsOf().findSession(before.hash)).toBeNull();
    expect(await accountsOf().findSession(after.hash)).not.toBeNull();
  });

  test('signing out ends one session, or all', async () => {
    const { stores } = arena();
    const user = await createUser(stores[0]);
    const [first, secondSession, third] = [
      await startSession(user.id),
      await startSession(user.id),
      await startSession(user.id),
    ];
    await accountsOf().endSession(first.hash);
    await accountsOf().endSession('unknown');
    expect(await accountsOf().findSession(first.hash)).toBeNull();
    expect(await accountsOf().findSession(third.hash)).not.toBeNull();
    await accountsOf().endAllSessions(user.id, asUser(user));
    expect(await accountsOf().findSession(secondSession.hash)).toBeNull();
    expect(await accountsOf().findSession(third.hash)).toBeNull();
    expect(await actionsOn(stores[0], user.id)).toEqual([
      'user.created',
      'session.started',
      'session.started',
      'session.started',
      'session.ended',
      'session.ended_all',
    ]);
  });

  test('a suspended user has no session until the suspension is lifted', async () => {
    const { stores } = arena();
    const user = await createUser(stores[0]);
    const { hash } = await startSession(user.id);
    expect(await accountsOf().setUserStatus(user.id, 'suspended', operator)).toBe(true);
    expect(await accountsOf().findSession(hash)).toBeNull();
    expect(await accountsOf().setUserStatus(user.id, 'active', operator)).toBe(true);
    expect(await accountsOf().findSession(hash)).not.toBeNull();
    expect(await accountsOf().setUserStatus('usr_none', 'active', operator)).toBe(false);
  });

  test('a new password ends the sessions and grants of that user, and of nobody else', async () => {
    const { stores } = arena();
    const mine = await createGrant(arena());
    const others = await createGrant(arena());
    const session = await startSession(mine.user.id);
    const otherSession = await startSession(others.user.id);
    await accountsOf().changePassword(mine.user.id, 'new hash', asUser(mine.user));
    expect(found(await accountsOf().findUser(mine.user.id)).passwordHash).toBe('new hash');
    expect(await accountsOf().findSession(session.hash)).toBeNull();
    expect(await accountsOf().findSession(otherSession.hash)).not.toBeNull();
    expect(await stores[0].grants.findGrant(mine.grant.id)).toMatchObject({
      revokedAt: arena().clock.now,
      revokedReason: 'password_changed',
    });
    expect(await stores[0].credentials.findSealed(mine.credential.id, mine.grant.id)).toBeNull();
    expect(found(await stores[0].grants.findGrant(others.grant.id)).revokedAt).toBeNull();
  });

  test('sign-up is closed until it is opened', async () => {
    const [store, other] = arena().stores;
    expect(await store.accounts.isOpen('sign_up')).toBe(false);
    await store.accounts.setOpen('sign_up', true, operator);
    expect(await other.accounts.isOpen('sign_up')).toBe(true);
    await other.accounts.setOpen('sign_up', false, operator);
    expect(await store.accounts.isOpen('sign_up')).toBe(false);
  });

  test('attempts are counted in a window that begins with the first', async () => {
    const { clock } = arena();
    const key = unique('attempts');
    const count = () => accountsOf().countAttempt(key, 2, 60);
    expect(await count()).toEqual({ allowed: true, retryAfter: 0 });
    clock.now += 20 * second;
    expect(await count()).toEqual({ allowed: true, retryAfter: 0 });
    clock.now += 500;
    expect(await count()).toEqual({ allowed: false, retryAfter: 40 });
    expect(await accountsOf().countAttempt(unique('other'), 2, 60)).toMatchObject({ allowed: true });
    clock.now += minute;
    expect(await count()).toEqual({ allowed: true, retryAfter: 0 });
  });

  test('a success forgets the attempts before it', async () => {
    const key = unique('attempts');
    await accountsOf().countAttempt(key, 1, 60);
    expect(await accountsOf().countAttempt(key, 1, 60)).toMatchObject({ allowed: false });
    await accountsOf().clearAttempts(key);
    expect(await accountsOf().countAttempt(key, 1, 60)).toMatchObject({ allowed: true });
  });
}
