import { expect, test } from 'vitest';
import { newId } from '../../src/lib/ids.ts';
import {
  type Arena,
  actionsOn,
  asUser,
  createGrant,
  createParty,
  type Granted,
  minute,
  openRequest,
  operator,
  termsFor,
  unique,
} from './world.ts';

export function silentConsent(arena: () => Arena): void {
  const grantsOf = () => arena().stores[0].grants;

  /** A grant to an app that somebody vouches for, which has a request open. */
  async function asksAgain(change: Parameters<typeof createGrant>[1] = {}) {
    const [store] = arena().stores;
    const granted = await createGrant(arena(), change);
    await store.clients.setVerified(granted.client.id, true, operator);
    const { id, browserHash } = await openRequest(arena(), granted);
    return { ...granted, requestId: id, browserHash };
  }

  async function expectUndecided({ requestId, grant }: Granted & { readonly requestId: string }) {
    const [store] = arena().stores;
    expect(await store.authorizations.findRequest(requestId)).toMatchObject({
      decision: null,
      grantId: null,
    });
    expect(await actionsOn(store, grant.id)).not.toContain('grant.approved_silently');
  }

  test('a request within a grant is approved once, for its own scope, and the grant stays as it is', async () => {
    const { stores, clock } = arena();
    const { requestId, browserHash, grant, user, credential } = await asksAgain({
      terms: { scope: 'chat embeddings images', expiresAt: clock.now + 5 * minute },
    });
    clock.now += minute;
    expect(await grantsOf().approveWithin(requestId, browserHash, grant)).toBe(true);
    expect(await stores[1].authorizations.findRequest(requestId)).toMatchObject({
      decision: 'approved',
      decidedAt: clock.now,
      userId: user.id,
      grantId: grant.id,
      grantedScope: 'chat embeddings',
    });
    expect(await grantsOf().findGrant(grant.id)).toEqual(grant);
    expect(await stores[0].credentials.listHeldBy(grant.id)).toEqual([credential]);
    expect(await grantsOf().approveWithin(requestId, browserHash, grant)).toBe(false);
    expect(await grantsOf().deny(requestId, browserHash, user.id)).toBe(false);
    expect(await actionsOn(stores[0], grant.id)).toEqual(['grant.created', 'grant.approved_silently']);
    const code = { hash: unique('code'), expiresAt: clock.now + minute };
    expect(await stores[0].authorizations.issueCode(requestId, browserHash, user.id, code)).toBe(true);
  });

  test('a request is not approved for another browser, when it is unknown or too late', async () => {
    const { clock } = arena();
    const open = await asksAgain();
    const { requestId, browserHash, grant } = open;
    expect(await grantsOf().approveWithin(requestId, 'another browser', grant)).toBe(false);
    expect(await grantsOf().approveWithin('arq_none', browserHash, grant)).toBe(false);
    await expectUndecided(open);
    clock.now += 10 * minute;
    expect(await grantsOf().approveWithin(requestId, browserHash, grant)).toBe(false);
  });

  test('a request is not approved under a grant of another user or client', async () => {
    const open = await asksAgain();
    const [other, stranger] = [await asksAgain(), await createParty(arena().stores[0])];
    const { requestId, browserHash, grant } = open;
    expect(await grantsOf().approveWithin(requestId, browserHash, other.grant)).toBe(false);
    const pretended = { ...grant, userId: stranger.user.id };
    expect(await grantsOf().approveWithin(requestId, browserHash, pretended)).toBe(false);
    await expectUndecided(open);
  });

  test('a grant that ended or changed since it was looked at lets nothing in', async () => {
    const { stores, clock } = arena();
    const ways: readonly ((granted: Granted) => Promise<unknown>)[] = [
      ({ grant }) => stores[1].grants.revokeGrant(grant.id, 'user', operator),
      ({ grant, user }) => {
        clock.now += 1;
        return stores[1].grants.changeLimits(grant.id, user.id, [], asUser(user));
      },
      async (granted) => {
        clock.now += 1;
        const { id, browserHash } = await openRequest(arena(), granted);
        const terms = termsFor(granted, { id: granted.grant.id, scope: 'chat' });
        await stores[1].grants.approve(id, browserHash, terms);
      },
      async () => {
        clock.now += minute;
      },
    ];
    for (const end of ways) {
      const open = await asksAgain({ terms: { expiresAt: clock.now + minute } });
      await end(open);
      expect(await grantsOf().approveWithin(open.requestId, open.browserHash, open.grant)).toBe(false);
      await expectUndecided(open);
    }
  });

  test('an app that nobody vouches for any more is not let in', async () => {
    const open = await asksAgain();
    await arena().stores[1].clients.setVerified(open.client.id, false, operator);
    expect(await grantsOf().approveWithin(open.requestId, open.browserHash, open.grant)).toBe(false);
    await expectUndecided(open);
  });

  test('a request of a device is never approved so', async () => {
    const { stores, clock } = arena();
    const granted = await asksAgain();
    const userCodeHash = unique('user code');
    await stores[0].devices.startDevice({
      deviceCodeHash: unique('device code'),
      userCodeHash,
      clientId: granted.client.id,
      scope: 'chat',
      authorizationDetails: [],
      interval: 5,
      expiresAt: clock.now + minute,
    });
    const browserHash = unique('browser');
    const claim = { requestId: newId('arq'), browserHash, userCode: 'WDJB-MJHT' };
    const requestId = await stores[0].devices.claimDevice(userCodeHash, claim);
    expect(requestId).toBe(claim.requestId);
    expect(await grantsOf().approveWithin(claim.requestId, browserHash, granted.grant)).toBe(false);
  });
}
