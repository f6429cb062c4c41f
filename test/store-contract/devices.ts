import { expect, test } from 'vitest';
import { newId } from '../../src/lib/ids.ts';
import { endings } from './endings.ts';
import {
  type Arena,
  createParty,
  limitedAccess,
  minute,
  newFamily,
  type Party,
  termsFor,
  unique,
} from './world.ts';

const second = 1000;

export function devices(arena: () => Arena): void {
  const devicesOf = () => arena().stores[0].devices;
  const family = () => {
    const { scope, ...rest } = newFamily(arena().clock.now);
    return rest;
  };

  /** A device that waits. */
  const start = async (party?: Party) => {
    const { stores, clock } = arena();
    const device = {
      deviceCodeHash: unique('device'),
      userCodeHash: unique('user code'),
      clientId: (party ?? (await createParty(stores[0]))).client.id,
      scope: 'chat embeddings',
      authorizationDetails: [limitedAccess],
      interval: 5,
      expiresAt: clock.now + 15 * minute,
    };
    expect(await devicesOf().startDevice(device)).toBe(true);
    return device;
  };
  const claim = (userCodeHash: string, browserHash = unique('browser')) =>
    devicesOf().claimDevice(userCodeHash, { requestId: newId('arq'), browserHash, userCode: 'WDJB-MJHT' });
  const poll = (device: { readonly deviceCodeHash: string; readonly clientId: string }) =>
    devicesOf().pollDevice({ ...device, proof: null }, family());

  /** A device that somebody has allowed, and when nobody has asked yet. */
  const approved = async () => {
    const [store] = arena().stores;
    const party = await createParty(store);
    const device = await start(party);
    const browserHash = unique('browser');
    const requestId = (await claim(device.userCodeHash, browserHash)) ?? '';
    const terms = termsFor(party, { scope: 'chat' });
    expect(await store.grants.approve(requestId, browserHash, terms)).toEqual({ kind: 'approved' });
    return { device, requestId, browserHash, party, grantId: terms.id };
  };

  test('a user code becomes a request of the first browser that brings it, and of no other', async () => {
    const { stores, clock } = arena();
    const device = await start();
    const browserHash = unique('browser');
    const id = await claim(device.userCodeHash, browserHash);
    expect(await stores[1].authorizations.findRequest(id ?? '')).toEqual({
      id,
      clientId: device.clientId,
      redirectUri: null,
      state: null,
      scope: device.scope,
      authorizationDetails: device.authorizationDetails,
      codeChallenge: null,
      dpopThumbprint: null,
      userCode: 'WDJB-MJHT',
      browserHash,
      createdAt: clock.now,
      expiresAt: device.expiresAt,
      decision: null,
      decidedAt: null,
      userId: null,
      grantId: null,
      grantedScope: null,
      codeIssuedAt: null,
    });
    expect(await claim(device.userCodeHash, browserHash)).toBe(id);
    expect(await claim(device.userCodeHash)).toBeNull();
    expect(await claim('no such code')).toBeNull();
  });

  test('a user code is given out once, and is good for a time', async () => {
    const device = await start();
    expect(await devicesOf().startDevice({ ...device, deviceCodeHash: unique('device') })).toBe(false);
    arena().clock.now += 15 * minute;
    expect(await claim(device.userCodeHash)).toBeNull();
    expect(await poll(device)).toEqual({ kind: 'expired' });
  });

  test('one of many browsers that bring a user code at once gets it', async () => {
    const { stores } = arena();
    const device = await start();
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? stores[1] : stores[0]).devices.claimDevice(device.userCodeHash, {
          requestId: newId('arq'),
          browserHash: unique('browser'),
          userCode: 'WDJB-MJHT',
        }),
      ),
    );
    expect(claims.filter((id) => id !== null)).toHaveLength(1);
  });

  test('a device waits for the decision, and longer each time that it asks too early', async () => {
    const { clock } = arena();
    const device = await start();
    expect(await poll(device)).toEqual({ kind: 'pending' });
    clock.now += 4 * second;
    expect(await poll(device)).toEqual({ kind: 'slow_down' });
    clock.now += 9 * second;
    expect(await poll(device)).toEqual({ kind: 'slow_down' });
    clock.now += 15 * second;
    expect(await poll(device)).toEqual({ kind: 'pending' });
    expect(await poll({ ...device, clientId: 'cli_other' })).toEqual({ kind: 'unknown' });
    expect(await poll({ ...device, deviceCodeHash: 'no such code' })).toEqual({ kind: 'unknown' });
  });

  test('a device that was refused is told so', async () => {
    const [store] = arena().stores;
    const party = await createParty(store);
    const device = await start(party);
    const browserHash = unique('browser');
    const requestId = (await claim(device.userCodeHash, browserHash)) ?? '';
    expect(await store.grants.deny(requestId, browserHash, party.user.id)).toBe(true);
    expect(await poll(device)).toEqual({ kind: 'denied' });
    expect(await claim(device.userCodeHash, browserHash)).toBeNull();
  });

  test('a device that was allowed gets tokens once, for what was allowed', async () => {
    const { device, grantId } = await approved();
    const begun = family();
    expect(await devicesOf().pollDevice({ ...device, proof: null }, begun)).toEqual({ kind: 'redeemed' });
    expect(await arena().stores[1].grants.findStanding(begun.id)).toMatchObject({
      family: { id: begun.id, scope: 'chat', grantId },
    });
    arena().clock.now += 5 * second;
    expect(await poll(device)).toEqual({ kind: 'unknown' });
    const { authorizations } = arena().stores[1];
    expect(await authorizations.findRefreshToken(begun.refreshTokenHash)).not.toBeNull();
  });

  test('what a device has been allowed is told once it has, with the grant as it is now', async () => {
    const { stores } = arena();
    const { device, grantId } = await approved();
    expect(await stores[1].devices.findApproval(device.deviceCodeHash)).toEqual({
      scope: 'chat',
      grant: await stores[0].grants.findGrant(grantId),
    });
    const waiting = await start();
    expect(await devicesOf().findApproval(waiting.deviceCodeHash)).toBeNull();
    await claim(waiting.userCodeHash);
    expect(await devicesOf().findApproval(waiting.deviceCodeHash)).toBeNull();
    expect(await devicesOf().findApproval('no such code')).toBeNull();
  });

  test('a device that asks for what it was not allowed begins nothing, and may ask again in time', async () => {
    const { clock } = arena();
    const { device } = await approved();
    const asking = { ...device, proof: null };
    expect(await devicesOf().pollDevice(asking, null)).toEqual({ kind: 'not_begun' });
    clock.now += second;
    expect(await devicesOf().pollDevice(asking, null)).toEqual({ kind: 'slow_down' });
    clock.now += 10 * second;
    expect(await poll(device)).toEqual({ kind: 'redeemed' });
    const waiting = await start();
    expect(await devicesOf().pollDevice({ ...waiting, proof: null }, null)).toEqual({ kind: 'pending' });
  });

  test('of many polls at once after the approval, one gets tokens', async () => {
    const { stores } = arena();
    const { device } = await approved();
    const polls = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? stores[1] : stores[0]).devices.pollDevice({ ...device, proof: null }, family()),
      ),
    );
    expect(polls.filter(({ kind }) => kind === 'redeemed')).toHaveLength(1);
  });

  test('a request of a device never turns into a code', async () => {
    const { requestId, browserHash, party } = await approved();
    const code = { hash: unique('code'), expiresAt: arena().clock.now + minute };
    const { authorizations } = arena().stores[0];
    expect(await authorizations.issueCode(requestId, browserHash, party.user.id, code)).toBe(false);
  });

  test.each(endings)('a device gets nothing when, before it asks, %s', async (_way, end) => {
    const { device, party, grantId } = await approved();
    await end(arena().stores[0], { ...party, grantId });
    expect(await poll(device)).toEqual({ kind: 'ended' });
  });
}
