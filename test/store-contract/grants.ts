import { expect, test } from 'vitest';
import { newId } from '../../src/lib/ids.ts';
import {
  type Arena,
  actionsOn,
  asUser,
  createGrant,
  createParty,
  depositKey,
  found,
  limitedAccess,
  minute,
  newFamily,
  openRequest,
  operator,
  termsFor,
  wrapFor,
} from './world.ts';

export function grants(arena: () => Arena): void {
  const grantsOf = () => arena().stores[0].grants;
  const credentialsOf = () => arena().stores[0].credentials;

  test('an approval is recorded with its grant, its wraps and its event', async () => {
    const { stores, clock } = arena();
    const party = await createParty(stores[0]);
    const request = await openRequest(arena(), party);
    const terms = termsFor(party, {
      scope: 'chat',
      authorizationDetails: [limitedAccess],
      paidByApp: ['openai'],
      expiresAt: clock.now + minute,
    });
    expect(await grantsOf().approve(request.id, request.browserHash, terms)).toEqual({ kind: 'approved' });
    expect(await stores[1].grants.findGrant(terms.id)).toEqual({
      id: terms.id,
      userId: party.user.id,
      clientId: party.client.id,
      test: false,
      scope: 'chat',
      authorizationDetails: [limitedAccess],
      paidByApp: ['openai'],
      createdAt: clock.now,
      updatedAt: clock.now,
      expiresAt: clock.now + minute,
      revokedAt: null,
      revokedReason: null,
    });
    expect(await stores[0].authorizations.findRequest(request.id)).toMatchObject({
      decision: 'approved',
      decidedAt: clock.now,
      userId: party.user.id,
      grantId: terms.id,
      grantedScope: 'chat',
      codeIssuedAt: null,
    });
    expect(await credentialsOf().listHeldBy(terms.id)).toEqual([party.credential]);
    expect(await actionsOn(stores[0], terms.id)).toEqual(['grant.approved']);
  });

  test('a request is decided once', async () => {
    const { stores } = arena();
    const party = await createParty(stores[0]);
    const { id, browserHash } = await openRequest(arena(), party);
    const terms = termsFor(party);
    expect(await grantsOf().approve(id, browserHash, terms)).toEqual({ kind: 'approved' });
    expect(await grantsOf().approve(id, browserHash, { ...terms, scope: 'chat' })).toEqual({
      kind: 'not_open',
    });
    expect(await grantsOf().deny(id, browserHash, party.user.id)).toBe(false);
    expect(await grantsOf().findGrant(terms.id)).toMatchObject({ scope: 'chat embeddings' });
  });

  test('a request is not decided by another browser, for another client, when unknown or too late', async () => {
    const { stores, clock } = arena();
    const party = await createParty(stores[0]);
    const { id, browserHash } = await openRequest(arena(), party);
    const terms = termsFor(party);
    const other = { ...terms, clientId: (await createParty(stores[0])).client.id };
    expect(await grantsOf().approve(id, 'another browser', terms)).toEqual({ kind: 'not_open' });
    expect(await grantsOf().approve(id, browserHash, other)).toEqual({ kind: 'not_open' });
    expect(await grantsOf().approve('arq_none', browserHash, terms)).toEqual({ kind: 'not_open' });
    expect(await grantsOf().deny(id, 'another browser', party.user.id)).toBe(false);
    clock.now += 10 * minute;
    expect(await grantsOf().approve(id, browserHash, terms)).toEqual({ kind: 'not_open' });
    expect(await grantsOf().deny(id, browserHash, party.user.id)).toBe(false);
    expect(await grantsOf().findGrant(terms.id)).toBeNull();
    expect(await credentialsOf().listHeldBy(terms.id)).toEqual([]);
  });

  test('a refusal makes no grant', async () => {
    const { stores } = arena();
    const party = await createParty(stores[0]);
    const { id, browserHash } = await openRequest(arena(), party);
    expect(await grantsOf().deny(id, browserHash, party.user.id)).toBe(true);
    expect(await grantsOf().approve(id, browserHash, termsFor(party))).toEqual({ kind: 'not_open' });
    expect(await grantsOf().findLiveGrant(party.user.id, party.client.id, false)).toBeNull();
    expect(await stores[0].authorizations.findRequest(id)).toMatchObject({ decision: 'denied' });
    expect(await actionsOn(stores[0], id)).toEqual(['grant.denied']);
  });

  test('a repeat approval replaces scope, limits, end and keys of the live grant', async () => {
    const { stores, clock } = arena();
    const granted = await createGrant(arena());
    const { grant, user, credential } = granted;
    const other = await depositKey(stores[0], user);
    const request = await openRequest(arena(), granted);
    clock.now += minute;
    const terms = termsFor(granted, {
      id: grant.id,
      scope: 'chat',
      authorizationDetails: [limitedAccess],
      expiresAt: clock.now + minute,
      wraps: [wrapFor(other.id, grant.id)],
    });
    expect(await grantsOf().approve(request.id, request.browserHash, terms)).toEqual({ kind: 'approved' });
    expect(await grantsOf().findGrant(grant.id)).toEqual({
      ...grant,
      scope: 'chat',
      authorizationDetails: terms.authorizationDetails,
      expiresAt: terms.expiresAt,
      updatedAt: clock.now,
    });
    expect(await credentialsOf().findSealed(credential.id, grant.id)).toBeNull();
    expect(await credentialsOf().listHeldBy(grant.id)).toEqual([other]);
  });

  test('an approval under another id than the live grant has changes nothing and names that grant', async () => {
    const { stores } = arena();
    const granted = await createGrant(arena());
    const request = await openRequest(arena(), granted);
    const terms = termsFor(granted, { scope: 'chat' });
    const other = { kind: 'other_grant', grantId: granted.grant.id };
    expect(await grantsOf().approve(request.id, request.browserHash, terms)).toEqual(other);
    expect(await grantsOf().createGrant(terms, newFamily(arena().clock.now), operator)).toEqual(other);
    expect(await grantsOf().findGrant(granted.grant.id)).toEqual(granted.grant);
    expect(await credentialsOf().listHeldBy(terms.id)).toEqual([]);
    expect(await stores[0].authorizations.findRequest(request.id)).toMatchObject({ decision: null });
  });

  test('a grant that has ended never lives again: its terms must go by a new id', async () => {
    const granted = await createGrant(arena());
    const { grant } = granted;
    await grantsOf().revokeGrant(grant.id, 'user', operator);
    const request = await openRequest(arena(), granted);
    const terms = termsFor(granted, { id: grant.id });
    const refused = await grantsOf().approve(request.id, request.browserHash, terms);
    if (refused.kind !== 'other_grant') throw new Error(refused.kind);
    expect(refused.grantId).not.toBe(grant.id);
    const anew = termsFor(granted, { id: refused.grantId });
    expect(await grantsOf().approve(request.id, request.browserHash, anew)).toEqual({ kind: 'approved' });
    expect(await grantsOf().findGrant(grant.id)).toMatchObject({ revokedReason: 'user' });
  });

  test('a grant that ran out is renewed under its own id', async () => {
    const { clock } = arena();
    const granted = await createGrant(arena(), { terms: { expiresAt: clock.now + minute } });
    const { grant, user, client } = granted;
    expect(await grantsOf().findLiveGrant(user.id, client.id, false)).toEqual(grant);
    clock.now += minute;
    expect(await grantsOf().findLiveGrant(user.id, client.id, false)).toBeNull();
    const family = newFamily(clock.now);
    expect(await grantsOf().createGrant(termsFor(granted), family, operator)).toEqual({
      kind: 'other_grant',
      grantId: grant.id,
    });
    const renewed = await grantsOf().createGrant(termsFor(granted, { id: grant.id }), family, operator);
    expect(renewed).toMatchObject({ kind: 'created', grant: { id: grant.id, expiresAt: null } });
    expect(await grantsOf().findLiveGrant(user.id, client.id, false)).not.toBeNull();
  });

  test('live and test grants stand beside each other', async () => {
    const live = await createGrant(arena());
    const { grant } = await createGrant(arena(), { party: live, terms: { test: true } });
    expect(grant.id).not.toBe(live.grant.id);
    expect(await grantsOf().findLiveGrant(live.user.id, live.client.id, true)).toEqual(grant);
    expect(await grantsOf().findLiveGrant(live.user.id, live.client.id, false)).toEqual(live.grant);
  });

  test('a grant made without a page begins a family', async () => {
    const { stores, clock } = arena();
    const party = await createParty(stores[0]);
    const terms = termsFor(party);
    const family = newFamily(clock.now, { scope: 'chat' });
    const created = await grantsOf().createGrant(terms, family, asUser(party.user));
    expect(created).toMatchObject({
      kind: 'created',
      grant: { id: terms.id },
      family: { id: family.id, grantId: terms.id, clientId: party.client.id, scope: 'chat', seq: 1 },
    });
    expect(await stores[0].authorizations.findRefreshToken(family.refreshTokenHash)).toMatchObject({
      token: { familyId: family.id, seq: 1, expiresAt: family.refreshTokenExpiresAt, usedAt: null },
      standing: { family: { id: family.id }, grant: { id: terms.id } },
    });
    expect(await actionsOn(stores[0], terms.id)).toEqual(['grant.created']);
    expect(await actionsOn(stores[0], family.id)).toEqual(['family.started']);
  });

  test('a key that was deleted meanwhile, or is somebody else’s, leaves no wrap', async () => {
    const { stores } = arena();
    const party = await createParty(stores[0]);
    const foreign = (await createParty(stores[0])).credential;
    const deleted = await depositKey(stores[0], party.user);
    await credentialsOf().deleteCredential(deleted.id, operator);
    const terms = termsFor(party);
    const { grant } = await createGrant(arena(), {
      party,
      terms: {
        ...terms,
        wraps: [...terms.wraps, wrapFor(foreign.id, terms.id), wrapFor(deleted.id, terms.id)],
      },
    });
    expect(await credentialsOf().listHeldBy(grant.id)).toEqual([party.credential]);
  });

  test('a revoked grant ends once, with its wraps and for all its families', async () => {
    const { stores, clock } = arena();
    const { grant, family, credential, user, client } = await createGrant(arena());
    const revokedAt = clock.now;
    expect(await grantsOf().revokeGrant(grant.id, 'user', asUser(user))).toEqual({
      revokedAt,
      already: false,
    });
    clock.now += minute;
    expect(await stores[1].grants.revokeGrant(grant.id, 'operator', operator)).toEqual({
      revokedAt,
      already: true,
    });
    expect(await grantsOf().findGrant(grant.id)).toMatchObject({ revokedAt, revokedReason: 'user' });
    expect(await credentialsOf().findSealed(credential.id, grant.id)).toBeNull();
    expect(await credentialsOf().findSealed(credential.id, 'owner')).not.toBeNull();
    expect(await grantsOf().findStanding(family.id)).toMatchObject({ grant: { revokedAt } });
    expect(await grantsOf().findLiveGrant(user.id, client.id, false)).toBeNull();
    expect(await actionsOn(stores[0], grant.id)).toEqual(['grant.created', 'grant.revoked']);
    expect(await grantsOf().revokeGrant('grt_none', 'user', operator)).toBeNull();
  });

  test('a revoked family leaves its grant and its sisters alone', async () => {
    const { stores, clock } = arena();
    const granted = await createGrant(arena());
    const sister = await createGrant(arena(), { party: granted, terms: { id: granted.grant.id } });
    await grantsOf().revokeFamily(granted.family.id, 'client', operator);
    clock.now += minute;
    await grantsOf().revokeFamily(granted.family.id, 'refresh_reuse', operator);
    await grantsOf().revokeFamily('fam_none', 'client', operator);
    expect(await grantsOf().findStanding(granted.family.id)).toMatchObject({
      family: { revokedAt: clock.now - minute, revokedReason: 'client' },
      grant: { revokedAt: null },
    });
    expect(await grantsOf().findStanding(sister.family.id)).toMatchObject({ family: { revokedAt: null } });
    expect(await actionsOn(stores[0], granted.family.id)).toEqual(['family.started', 'family.revoked']);
  });

  test('a standing tells family, grant, user, client and the time', async () => {
    const { stores, clock } = arena();
    const { grant, family, user } = await createGrant(arena());
    expect(await stores[1].grants.findStanding(family.id)).toEqual({
      family,
      grant,
      userStatus: 'active',
      clientStatus: 'active',
      now: clock.now,
    });
    await stores[0].accounts.setUserStatus(user.id, 'suspended', operator);
    expect(await grantsOf().findStanding(family.id)).toMatchObject({ userStatus: 'suspended' });
    expect(await grantsOf().findStanding('fam_none')).toBeNull();
  });

  test('a client knows a user under one pseudonym that no other client knows', async () => {
    const [store, other] = arena().stores;
    const { user, client } = await createParty(store);
    const { client: otherClient } = await createParty(store);
    const subject = await store.grants.subjectFor(user.id, client.id);
    expect(await other.grants.subjectFor(user.id, client.id)).toBe(subject);
    expect(await store.grants.subjectFor(user.id, otherClient.id)).not.toBe(subject);
    expect(subject).not.toContain(user.id);
    expect(subject.length).toBeGreaterThanOrEqual(20);
  });

  test('grants are listed newest first with their client, keys and use', async () => {
    const { stores, clock } = arena();
    const first = await createGrant(arena());
    clock.now += minute;
    const ended = await createGrant(arena(), {
      party: { ...first, client: (await createParty(stores[0])).client },
    });
    await grantsOf().revokeGrant(ended.grant.id, 'user', operator);
    const listed = await grantsOf().listGrants({ userId: first.user.id });
    const { id, provider, name, last4, sandbox } = first.credential;
    expect(listed).toEqual([
      {
        grant: found(await grantsOf().findGrant(ended.grant.id)),
        client: { id: ended.client.id, name: 'An app', type: 'web', status: 'active', verified: false },
        credentials: [],
        calls: 0,
        costNanoUsd: 0,
        lastCallAt: null,
      },
      {
        grant: first.grant,
        client: { id: first.client.id, name: 'An app', type: 'web', status: 'active', verified: false },
        credentials: [{ id, provider, name, last4, sandbox }],
        calls: 0,
        costNanoUsd: 0,
        lastCallAt: null,
      },
    ]);
    expect(await grantsOf().listGrants({ clientId: first.client.id })).toEqual([listed[1]]);
    const all = (await grantsOf().listGrants({})).map(({ grant }) => grant.id);
    expect(all).toEqual(expect.arrayContaining([first.grant.id, ended.grant.id]));
    expect(await grantsOf().listGrants({ userId: newId('usr') })).toEqual([]);
  });
}
