import { expect, test } from 'vitest';
import {
  type Arena,
  actionsOn,
  asUser,
  callOf,
  createClient,
  createGrant,
  createParty,
  createSigningKey,
  createUser,
  day,
  depositKey,
  found,
  minute,
  operator,
  termsFor,
  unique,
  wrapFor,
} from './world.ts';

/** Whom a key is kept for. */
interface Kept {
  readonly hash: string;
  readonly userId: string;
}

export function credentials(arena: () => Arena): void {
  const credentialsOf = () => arena().stores[0].credentials;

  test('a deposited key is on record without what opens it', async () => {
    const { stores, clock } = arena();
    const user = await createUser(stores[0]);
    const resource = 'ada-openai';
    const credential = await depositKey(stores[0], user, { resource });
    expect(credential).toMatchObject({ resource, version: 1, createdAt: clock.now, updatedAt: clock.now });
    expect(credential).not.toHaveProperty('ciphertext');
    expect(await stores[1].credentials.findCredential(credential.id)).toEqual(credential);
    expect(await credentialsOf().listCredentials(user.id)).toEqual([credential]);
    expect(await credentialsOf().findCredential('key_none')).toBeNull();
    expect(await actionsOn(stores[0], credential.id)).toEqual(['credential.deposited']);
  });

  test('only a holder of a wrap gets what opens a key', async () => {
    const { grant, credential } = await createGrant(arena());
    const other = await createGrant(arena());
    for (const holder of ['owner', grant.id]) {
      const sealed = found(await credentialsOf().findSealed(credential.id, holder));
      expect(sealed.credential).toEqual(credential);
      expect(sealed.wrap).toMatchObject({ credentialId: credential.id, holder, masterKeyId: 'master-1' });
      expect(Buffer.isBuffer(sealed.ciphertext) && Buffer.isBuffer(sealed.wrap.wrapped)).toBe(true);
    }
    expect(await credentialsOf().findSealed(credential.id, other.grant.id)).toBeNull();
    expect(await credentialsOf().findSealed('key_none', 'owner')).toBeNull();
    expect(await credentialsOf().listHeldBy(grant.id)).toEqual([credential]);
    expect(await credentialsOf().listHeldBy('grt_none')).toEqual([]);
  });

  test('the live grants of a key are known', async () => {
    const { clock, stores } = arena();
    const lasting = await createGrant(arena());
    const passing = await createGrant(arena(), {
      party: { ...lasting, client: (await createParty(stores[0])).client },
      terms: { expiresAt: clock.now + minute },
    });
    const ended = await createGrant(arena(), {
      party: { ...lasting, client: (await createParty(stores[0])).client },
    });
    await stores[0].grants.revokeGrant(ended.grant.id, 'user', operator);
    const ids = async () =>
      (await credentialsOf().listGrantsOf(lasting.credential.id)).map(({ id }) => id).sort();
    expect(await ids()).toEqual([lasting.grant.id, passing.grant.id].sort());
    clock.now += minute;
    expect(await ids()).toEqual([lasting.grant.id]);
  });

  const nextKey = () => ({
    ciphertext: Buffer.from(unique('ciphertext')),
    fingerprint: unique('fingerprint'),
    last4: 'wxyz',
    status: 'unverified' as const,
    checkedAt: null,
  });

  test('a replaced key keeps its wraps and goes up by one version', async () => {
    const { stores } = arena();
    const { user, grant, credential } = await createGrant(arena());
    const before = found(await credentialsOf().findSealed(credential.id, grant.id));
    const next = nextKey();
    expect(await credentialsOf().replaceKey(credential.id, 1, next, asUser(user))).toBe(true);
    const after = found(await credentialsOf().findSealed(credential.id, grant.id));
    expect(after.wrap).toEqual(before.wrap);
    expect(after.ciphertext).toEqual(next.ciphertext);
    expect(after.credential).toMatchObject({ version: 2, last4: 'wxyz', status: 'unverified' });
    expect(await actionsOn(stores[0], credential.id)).toEqual([
      'credential.deposited',
      'credential.replaced',
    ]);
  });

  test('a key is replaced only at the version that was read', async () => {
    const { stores } = arena();
    const user = await createUser(stores[0]);
    const { id } = await depositKey(stores[0], user);
    expect(await credentialsOf().replaceKey(id, 1, nextKey(), operator)).toBe(true);
    expect(await credentialsOf().replaceKey(id, 1, nextKey(), operator)).toBe(false);
    expect(await credentialsOf().replaceKey('key_none', 1, nextKey(), operator)).toBe(false);
    expect(found(await credentialsOf().findCredential(id)).version).toBe(2);
  });

  test('a key is renamed in what is given only', async () => {
    const { stores } = arena();
    const user = await createUser(stores[0]);
    const credential = await depositKey(stores[0], user);
    const change = { name: 'Work', project: 'proj_1' };
    expect(await credentialsOf().updateCredential(credential.id, change, asUser(user))).toBe(true);
    expect(await credentialsOf().findCredential(credential.id)).toMatchObject({
      ...change,
      organization: null,
    });
    expect(await credentialsOf().updateCredential(credential.id, { project: null }, asUser(user))).toBe(true);
    expect(await credentialsOf().findCredential(credential.id)).toMatchObject({
      name: 'Work',
      project: null,
    });
    expect(await credentialsOf().updateCredential('key_none', change, asUser(user))).toBe(false);
  });

  test('a check is recorded, and only a change of status is an event', async () => {
    const { stores, clock } = arena();
    const credential = await depositKey(stores[0], await createUser(stores[0]));
    await credentialsOf().markCredential(credential.id, 'verified');
    expect(await credentialsOf().findCredential(credential.id)).toMatchObject({ checkedAt: clock.now });
    await credentialsOf().markCredential(credential.id, 'invalid');
    expect(await credentialsOf().findCredential(credential.id)).toMatchObject({ status: 'invalid' });
    expect(await actionsOn(stores[0], credential.id)).toEqual([
      'credential.deposited',
      'credential.status_changed',
    ]);
  });

  test('a check of a key that has been replaced since says nothing about the new one', async () => {
    const { stores } = arena();
    const { id } = await depositKey(stores[0], await createUser(stores[0]));
    await credentialsOf().replaceKey(id, 1, nextKey(), operator);
    await credentialsOf().markCredential(id, 'invalid', 1);
    expect(await credentialsOf().findCredential(id)).toMatchObject({ status: 'unverified' });
    await credentialsOf().markCredential(id, 'invalid', 2);
    expect(await credentialsOf().findCredential(id)).toMatchObject({ status: 'invalid' });
  });

  test('used-up quota is recorded for the version that showed it, until that has some again or is replaced', async () => {
    const { stores, clock } = arena();
    const { id } = await depositKey(stores[0], await createUser(stores[0]));
    const exhaustedAt = async () => found(await stores[1].credentials.findCredential(id)).exhaustedAt;
    expect(await exhaustedAt()).toBeNull();
    expect(await credentialsOf().markExhausted(id, true, 2)).toBe(false);
    expect(await credentialsOf().markExhausted(id, true, 1)).toBe(true);
    const since = clock.now;
    clock.now += minute;
    expect(await credentialsOf().markExhausted(id, true, 1)).toBe(false);
    expect(await exhaustedAt()).toBe(since);
    expect(await credentialsOf().markExhausted(id, false, 1)).toBe(true);
    expect(await credentialsOf().markExhausted(id, false, 1)).toBe(false);
    expect(await exhaustedAt()).toBeNull();
    await credentialsOf().markExhausted(id, true, 1);
    await credentialsOf().replaceKey(id, 1, nextKey(), operator);
    expect(await exhaustedAt()).toBeNull();
    const changes = (await actionsOn(stores[0], id)).filter((action) => action.endsWith('quota_changed'));
    expect(changes).toHaveLength(3);
  });

  test('what a key can do is known of the version that was tried', async () => {
    const { stores } = arena();
    const { id } = await depositKey(stores[0], await createUser(stores[0]));
    const abilities = async () => found(await stores[1].credentials.findCredential(id)).abilities;
    expect(await abilities()).toEqual({});
    await credentialsOf().noteAbilities(id, { chat: true, images: false }, 1);
    await credentialsOf().noteAbilities(id, { chat: false }, 2);
    expect(await abilities()).toEqual({ chat: true, images: false });
    await credentialsOf().replaceKey(id, 1, nextKey(), operator);
    expect(await abilities()).toEqual({});
  });

  /** A session of a new user, and what a key that is kept for it names. */
  const startSession = async (userId: string) => {
    const session = { hash: unique('session'), userId, expiresAt: arena().clock.now + 2 * minute };
    await arena().stores[0].accounts.startSession(session, null);
    return { sessionHash: session.hash, expiresAt: session.expiresAt };
  };

  const ends: readonly (readonly [string, 'days' | 'session', (kept: Kept) => unknown])[] = [
    ['its days are over', 'days', () => (arena().clock.now += minute)],
    ['its session has run out', 'session', () => (arena().clock.now += 2 * minute)],
    ['its session has ended', 'session', ({ hash }) => arena().stores[1].accounts.endSession(hash)],
    [
      'all sessions have ended',
      'session',
      ({ userId }) => arena().stores[1].accounts.endAllSessions(userId, operator),
    ],
  ];

  test.each(ends)('a key is not there any more once %s, even before it is deleted', async (_, life, end) => {
    const { stores, clock } = arena();
    const user = await createUser(stores[0]);
    const session = await startSession(user.id);
    const kept = life === 'days' ? { expiresAt: clock.now + minute } : session;
    const credential = await depositKey(stores[0], user, kept);
    const { grant, ...granted } = await createGrant(arena(), {
      party: { user, credential, client: await createClient(stores[0], user) },
    });
    const kid = await createSigningKey(arena());
    const admit = async () => found((await stores[0].ledger.admit([callOf(granted, kid)]))[0]);
    clock.now += minute - 1;
    expect(await admit()).toMatchObject({ kind: 'admitted' });
    expect(await credentialsOf().deleteExpired()).toEqual([]);
    clock.now -= minute - 1;
    await end({ hash: session.sessionHash, userId: user.id });
    expect(await admit()).toEqual({ kind: 'refused', reason: 'no_credential' });
    expect(await credentialsOf().findCredential(credential.id)).toBeNull();
    expect(await credentialsOf().listCredentials(user.id)).toEqual([]);
    expect(await credentialsOf().listHeldBy(grant.id)).toEqual([]);
    for (const holder of ['owner', grant.id]) {
      expect(await credentialsOf().findSealed(credential.id, holder)).toBeNull();
    }
    const later = { expiresAt: clock.now + day, sessionHash: null };
    expect(await credentialsOf().updateCredential(credential.id, later, operator)).toBe(false);
    expect(await credentialsOf().replaceKey(credential.id, 1, nextKey(), operator)).toBe(false);

    const told: (string | null)[] = [];
    const stop = stores[0].onEnding(({ grantId }) => told.push(grantId));
    expect(await credentialsOf().deleteExpired()).toEqual([{ credential, endedGrantIds: [grant.id] }]);
    stop();
    expect(told).toContain(grant.id);
    expect(await stores[0].grants.findGrant(grant.id)).toMatchObject({ revokedReason: 'credential_expired' });
    expect(await credentialsOf().deleteExpired()).toEqual([]);
    expect(
      (await credentialsOf().listWrapsNotUnder('none', 1000)).map(({ credentialId }) => credentialId),
    ).not.toContain(credential.id);
    expect(await actionsOn(stores[0], credential.id)).toEqual(['credential.deposited', 'credential.expired']);
  });

  test('a grant goes on by another key when one has to go, and each goes once, whoever deletes it', async () => {
    const { stores, clock } = arena();
    const party = await createParty(stores[0]);
    const passing = await Promise.all(
      Array.from({ length: 5 }, () =>
        depositKey(stores[0], party.user, { provider: 'anthropic', expiresAt: clock.now + minute }),
      ),
    );
    const terms = termsFor(party);
    const wraps = [...terms.wraps, ...passing.map(({ id }) => wrapFor(id, terms.id))];
    const { grant } = await createGrant(arena(), { party, terms: { ...terms, wraps } });
    clock.now += minute;
    const deleted = await Promise.all(
      [0, 1, 0, 1].map((index) => found(stores[index]).credentials.deleteExpired()),
    );
    const ids = deleted.flat().map(({ credential }) => credential.id);
    expect(ids.sort()).toEqual(passing.map(({ id }) => id).sort());
    expect(deleted.flat().flatMap(({ endedGrantIds }) => endedGrantIds)).toEqual([]);
    expect(await credentialsOf().listHeldBy(grant.id)).toEqual([party.credential]);
    expect(found(await stores[0].grants.findGrant(grant.id)).revokedAt).toBeNull();
  });

  test('for how long a key is kept can be changed while it is', async () => {
    const { stores, clock } = arena();
    const user = await createUser(stores[0]);
    const { id } = await depositKey(stores[0], user, await startSession(user.id));
    const change = { expiresAt: clock.now + day, sessionHash: null };
    expect(await credentialsOf().updateCredential(id, change, asUser(user))).toBe(true);
    await stores[0].accounts.endAllSessions(user.id, operator);
    expect(await credentialsOf().deleteExpired()).toEqual([]);
    expect(await credentialsOf().findCredential(id)).toMatchObject(change);
    await credentialsOf().updateCredential(id, { expiresAt: null }, asUser(user));
    clock.now += 2 * day;
    expect(await credentialsOf().findCredential(id)).toMatchObject({ expiresAt: null });
  });

  test('the keys that will soon have to go are known, but for those that go with a session', async () => {
    const { stores, clock } = arena();
    const user = await createUser(stores[0]);
    const soon = await depositKey(stores[0], user, { expiresAt: clock.now + minute });
    await depositKey(stores[0], user, { expiresAt: clock.now + minute + 1 });
    await depositKey(stores[0], user);
    await depositKey(stores[0], user, { ...(await startSession(user.id)), expiresAt: clock.now + minute });
    const ids = async () => (await credentialsOf().listExpiring(minute)).map(({ id }) => id);
    expect(await ids()).toEqual([soon.id]);
    clock.now += minute;
    expect(await ids()).not.toContain(soon.id);
    clock.now += day;
    await credentialsOf().deleteExpired();
  });

  test('a grant ends with its last key, and lives while it has another', async () => {
    const { stores } = arena();
    const party = await createParty(stores[0]);
    const second = await depositKey(stores[0], party.user, { provider: 'anthropic' });
    const terms = termsFor(party);
    const { grant } = await createGrant(arena(), {
      party,
      terms: { ...terms, wraps: [...terms.wraps, wrapFor(second.id, terms.id)] },
    });
    expect(await credentialsOf().deleteCredential(party.credential.id, asUser(party.user))).toEqual([]);
    expect(found(await stores[0].grants.findGrant(grant.id)).revokedAt).toBeNull();
    expect(await credentialsOf().deleteCredential(second.id, asUser(party.user))).toEqual([grant.id]);
    expect(await stores[0].grants.findGrant(grant.id)).toMatchObject({ revokedReason: 'credential_deleted' });
    expect(await credentialsOf().findCredential(second.id)).toBeNull();
    expect(await credentialsOf().findSealed(second.id, 'owner')).toBeNull();
    expect(await credentialsOf().deleteCredential(second.id, asUser(party.user))).toBeNull();
    expect(await actionsOn(stores[0], grant.id)).toEqual(['grant.created', 'grant.revoked']);
  });

  test('wraps under an old master key are found and replaced, each only as it was read', async () => {
    const { grant, credential } = await createGrant(arena());
    const all = await credentialsOf().listWrapsNotUnder('master-2', 1000);
    expect(await credentialsOf().listWrapsNotUnder('master-2', 1)).toHaveLength(1);
    const changes = all.map((from) => ({
      from,
      to: { ...from, masterKeyId: 'master-2', wrapped: Buffer.from(unique('rewrapped')) },
    }));
    const stale = changes.map(({ from, to }) => ({ from: { ...from, wrapped: Buffer.from('other') }, to }));
    expect(await credentialsOf().rewrap(stale)).toBe(0);
    expect(await credentialsOf().rewrap(changes)).toBe(all.length);
    expect(await credentialsOf().rewrap(changes)).toBe(0);
    expect(await credentialsOf().listWrapsNotUnder('master-2', 1000)).toEqual([]);
    const { wrap } = found(await credentialsOf().findSealed(credential.id, grant.id));
    expect(changes.map(({ to }) => to)).toContainEqual(wrap);
  });

  test('more wraps than one transaction takes are replaced in several', async () => {
    const { stores } = arena();
    const user = await createUser(stores[0]);
    for (let made = 0; made < 130; made++) await depositKey(stores[0], user);
    const all = await credentialsOf().listWrapsNotUnder('master-2', 1000);
    const changes = all.map((from) => ({ from, to: { ...from, masterKeyId: 'master-2' } }));
    expect(changes.length).toBeGreaterThanOrEqual(130);
    expect(await credentialsOf().rewrap(changes)).toBe(changes.length);
  });
}
