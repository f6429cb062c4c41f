import { expect, test } from 'vitest';
import {
  type Arena,
  actionsOn,
  asUser,
  createGrant,
  createParty,
  createUser,
  depositKey,
  found,
  minute,
  operator,
  termsFor,
  unique,
  wrapFor,
} from './world.ts';

export function credentials(arena: () => Arena): void {
  const credentialsOf = () => arena().stores[0].credentials;

  test('a deposited key is on record without what opens it', async () => {
    const { stores, clock } = arena();
    const user = await createUser(stores[0]);
    const credential = await depositKey(stores[0], user);
    expect(credential).toMatchObject({ version: 1, createdAt: clock.now, updatedAt: clock.now });
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
