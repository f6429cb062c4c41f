import { expect, test } from 'vitest';
import { successorHash } from './tasks.ts';
import {
  type Arena,
  createGrant,
  createParty,
  createSigningKey,
  createUser,
  day,
  found,
  issueCode,
  minute,
  newFamily,
  newSigningKey,
  openRequest,
  operator,
  unique,
} from './world.ts';

export function sweeping(arena: () => Arena): void {
  const family = () => newFamily(arena().clock.now);

  test('what has not expired stays', async () => {
    const { stores, clock } = arena();
    const [store] = stores;
    const granted = await createGrant(arena());
    const { attempt } = await issueCode(arena());
    const request = await openRequest(arena(), granted);
    const session = { hash: unique('session'), userId: granted.user.id, expiresAt: clock.now + minute };
    await store.accounts.startSession(session, null);
    const invitation = { hash: unique('invitation'), kind: 'invite' as const, email: null, createdBy: null };
    await store.accounts.createInvitation({ ...invitation, expiresAt: clock.now + minute }, operator);
    await store.accounts.countAttempt('sweeping', 1, 60);
    await store.sweep();
    expect(await store.authorizations.findRequest(request.id)).not.toBeNull();
    expect(await store.accounts.findSession(session.hash)).not.toBeNull();
    expect(await store.accounts.findInvitation(invitation.hash)).not.toBeNull();
    expect(await store.accounts.countAttempt('sweeping', 1, 60)).toMatchObject({ allowed: false });
    expect(await store.authorizations.redeemCode(attempt, family())).toMatchObject({ kind: 'redeemed' });
    expect(await store.authorizations.findRefreshToken(granted.refreshTokenHash)).not.toBeNull();
  });

  test('what has expired goes, however much there is', async () => {
    const { stores, clock } = arena();
    const [store] = stores;
    const user = await createUser(store);
    for (let made = 0; made < 250; made++) {
      const invitation = {
        hash: unique('invitation'),
        kind: 'invite' as const,
        email: null,
        createdBy: null,
      };
      await store.accounts.createInvitation({ ...invitation, expiresAt: clock.now + minute }, operator);
    }
    await store.accounts.startSession(
      { hash: unique('session'), userId: user.id, expiresAt: clock.now + minute },
      null,
    );
    clock.now += minute;
    await store.sweep();
    expect(await store.accounts.listInvitations()).toEqual([]);
  });

  test('a used code is remembered for a day, so that a late replay still ends its family', async () => {
    const { stores, clock } = arena();
    const [store] = stores;
    const { attempt } = await issueCode(arena());
    const begun = family();
    await store.authorizations.redeemCode(attempt, begun);
    clock.now += day;
    await store.sweep();
    expect(await store.authorizations.redeemCode(attempt, family())).toEqual({ kind: 'replayed' });
    clock.now += minute;
    await store.sweep();
    expect(await store.authorizations.redeemCode(attempt, family())).toEqual({ kind: 'unknown' });
  });

  test('a used refresh token is remembered for a month after its end, so that reuse still shows', async () => {
    const { stores, clock } = arena();
    const [store] = stores;
    const { refreshTokenHash } = await createGrant(arena());
    const next = {
      salt: Buffer.from('salt'),
      expiresAt: clock.now + day,
      successorHash,
      graceSeconds: 10,
      proof: null,
    };
    await store.authorizations.rotateRefreshToken(refreshTokenHash, next);
    clock.now += 30 * day;
    await store.sweep();
    expect(await store.authorizations.rotateRefreshToken(refreshTokenHash, next)).toEqual({ kind: 'reused' });
    clock.now += day;
    await store.sweep();
    expect(await store.authorizations.rotateRefreshToken(refreshTokenHash, next)).toEqual({
      kind: 'unknown',
    });
  });

  test('a retired signing key goes once no token that it signed can live', async () => {
    const { stores, clock } = arena();
    const [{ signingKeys }] = stores;
    const retired = await createSigningKey(arena());
    const active = await createSigningKey(arena());
    const kept = async () => (await signingKeys.listSigningKeys()).map(({ kid }) => kid);
    clock.now += day;
    await stores[0].sweep();
    expect(await kept()).toEqual(expect.arrayContaining([active, retired]));
    clock.now += day;
    await stores[0].sweep();
    expect(await kept()).toEqual([active]);
  });

  test('so does a withdrawn one', async () => {
    const { stores, clock } = arena();
    const [store] = stores;
    const withdrawn = newSigningKey();
    await store.signingKeys.addSigningKey(withdrawn, 'retire', operator);
    await store.signingKeys.addSigningKey(newSigningKey(), 'withdraw', operator);
    const addAgain = () => store.signingKeys.addSigningKey(withdrawn, 'retire', operator);
    clock.now += day;
    await store.sweep();
    // There is only one of each id, and its row is all that can be seen of a withdrawn key.
    await expect(addAgain()).rejects.toThrow();
    clock.now += day;
    await store.sweep();
    await addAgain();
  });

  test('a salt is forgotten after the grace', async () => {
    const { stores, clock } = arena();
    const [store] = stores;
    const { refreshTokenHash } = await createGrant(arena());
    const salt = async () => found(await store.authorizations.findRefreshToken(refreshTokenHash)).token.salt;
    await store.authorizations.rotateRefreshToken(refreshTokenHash, {
      salt: Buffer.from('salt'),
      expiresAt: clock.now + day,
      successorHash,
      graceSeconds: 10,
      proof: null,
    });
    await store.sweep();
    expect(await salt()).not.toBeNull();
    clock.now += minute;
    await store.sweep();
    expect(await salt()).toBeNull();
  });

  test('136 an app that registered itself is forgotten when nobody has let it in for a week', async () => {
    const { stores, clock } = arena();
    const { clients, grants } = stores[0];
    const party = await createParty(stores[0]);
    const registerItself = () =>
      clients.createClient({ ...party.client, id: unique('cli'), ownerId: null }, { kind: 'system' });
    const unused = await registerItself();
    const used = await registerItself();
    const { grant } = await createGrant(arena(), { party: { ...party, client: used } });
    await grants.revokeGrant(grant.id, 'user', operator);
    const refused = found(
      await clients.saveDocument({
        ...party.client,
        id: `https://${unique('app')}.example.com/client`,
        freshUntil: clock.now,
      }),
    );
    await clients.deleteClient(refused.id, operator);
    clock.now += 7 * day - 1;
    await stores[0].sweep();
    expect(await clients.findClient(unused.id)).toEqual(unused);
    clock.now += 1;
    await stores[0].sweep();
    expect(await clients.findClient(unused.id)).toBeNull();
    expect(await clients.findClient(used.id)).toEqual(used);
    expect(await clients.findClient(party.client.id)).toEqual(party.client);
    expect(await clients.saveDocument({ ...refused, freshUntil: clock.now + day })).toBeNull();
  });
}
