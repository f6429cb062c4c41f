import { expect, test } from 'vitest';
import { newId } from '../../src/lib/ids.ts';
import { endings } from './endings.ts';
import {
  type Arena,
  actionsOn,
  createParty,
  issueCode,
  limitedAccess,
  minute,
  newFamily,
  openRequest,
  operator,
  termsFor,
  unique,
} from './world.ts';

export function authorizations(arena: () => Arena): void {
  const authorizationsOf = () => arena().stores[0].authorizations;
  const familyTemplate = () => {
    const { scope, ...family } = newFamily(arena().clock.now);
    return family;
  };

  test('a request is found until it expires', async () => {
    const { stores, clock } = arena();
    const request = await openRequest(arena(), await createParty(stores[0]));
    expect(await stores[1].authorizations.findRequest(request.id)).toEqual({
      ...request,
      createdAt: clock.now,
      userCode: null,
      decision: null,
      decidedAt: null,
      userId: null,
      grantId: null,
      grantedScope: null,
      codeIssuedAt: null,
    });
    clock.now += 10 * minute;
    expect(await authorizationsOf().findRequest(request.id)).toBeNull();
    expect(await authorizationsOf().findRequest('arq_none')).toBeNull();
  });

  const pushRequest = async () => {
    const { stores, clock } = arena();
    const party = await createParty(stores[0]);
    const pushed = { hash: unique('pushed'), clientId: party.client.id, parameters: 'a=b&c=%20' };
    await authorizationsOf().pushRequest({ ...pushed, expiresAt: clock.now + minute }, null);
    return { party, pushed };
  };
  const requestFrom = ({ client }: { readonly client: { readonly id: string } }) => ({
    id: newId('arq'),
    clientId: client.id,
    redirectUri: 'https://app.example.com/callback',
    state: null,
    scope: 'chat',
    authorizationDetails: [limitedAccess],
    codeChallenge: 'challenge',
    dpopThumbprint: null,
    browserHash: unique('browser'),
    expiresAt: arena().clock.now + 10 * minute,
  });

  test('a pushed request becomes one request, and leads to it as long as that is there', async () => {
    const { stores, clock } = arena();
    const { party, pushed } = await pushRequest();
    const kept = { ...pushed, createdAt: clock.now, expiresAt: clock.now + minute, requestId: null };
    expect(await stores[1].authorizations.findPushedRequest(pushed.hash)).toEqual(kept);
    const [first, second] = [requestFrom(party), requestFrom(party)];
    expect(await authorizationsOf().saveRequest(first, pushed.hash)).toBe(true);
    expect(await authorizationsOf().saveRequest(second, pushed.hash)).toBe(false);
    expect(await authorizationsOf().findRequest(second.id)).toBeNull();
    clock.now += 9 * minute;
    expect(await authorizationsOf().findPushedRequest(pushed.hash)).toMatchObject({ requestId: first.id });
    clock.now += minute;
    expect(await authorizationsOf().findPushedRequest(pushed.hash)).toBeNull();
  });

  test('a pushed request that has expired, or that nobody pushed, becomes nothing', async () => {
    const { party, pushed } = await pushRequest();
    arena().clock.now += minute;
    expect(await authorizationsOf().findPushedRequest(pushed.hash)).toBeNull();
    const request = requestFrom(party);
    expect(await authorizationsOf().saveRequest(request, pushed.hash)).toBe(false);
    expect(await authorizationsOf().saveRequest(request, 'no such hash')).toBe(false);
    expect(await authorizationsOf().findRequest(request.id)).toBeNull();
  });

  test('of many requests from one that was pushed, one is saved', async () => {
    const { stores } = arena();
    const { party, pushed } = await pushRequest();
    const saved = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? stores[1] : stores[0]).authorizations.saveRequest(requestFrom(party), pushed.hash),
      ),
    );
    expect(saved.filter(Boolean)).toHaveLength(1);
  });

  const approved = async () => {
    const party = await createParty(arena().stores[0]);
    const { id, browserHash } = await openRequest(arena(), party);
    await arena().stores[0].grants.approve(id, browserHash, termsFor(party));
    return { id, browserHash, user: party.user };
  };
  const newCode = () => ({ hash: unique('code'), expiresAt: arena().clock.now + minute });

  test('an approval turns into a code once', async () => {
    const { id, browserHash, user } = await approved();
    expect(await authorizationsOf().issueCode(id, browserHash, user.id, newCode())).toBe(true);
    expect(await authorizationsOf().issueCode(id, browserHash, user.id, newCode())).toBe(false);
    expect(await authorizationsOf().findRequest(id)).toMatchObject({ codeIssuedAt: arena().clock.now });
  });

  test('only the browser and user that approved get the code, in time', async () => {
    const { id, browserHash, user } = await approved();
    expect(await authorizationsOf().issueCode(id, 'another browser', user.id, newCode())).toBe(false);
    expect(await authorizationsOf().issueCode(id, browserHash, 'usr_other', newCode())).toBe(false);
    expect(await authorizationsOf().issueCode('arq_none', browserHash, user.id, newCode())).toBe(false);
    arena().clock.now += 10 * minute;
    expect(await authorizationsOf().issueCode(id, browserHash, user.id, newCode())).toBe(false);
  });

  test('an undecided or denied request gives no code', async () => {
    const { stores } = arena();
    const { user, ...party } = await createParty(stores[0]);
    const { id, browserHash } = await openRequest(arena(), { user, ...party });
    expect(await authorizationsOf().issueCode(id, browserHash, user.id, newCode())).toBe(false);
    await stores[0].grants.deny(id, browserHash, user.id);
    expect(await authorizationsOf().issueCode(id, browserHash, user.id, newCode())).toBe(false);
  });

  test('a denied request is closed once, by the browser that denied', async () => {
    const { stores } = arena();
    const party = await createParty(stores[0]);
    const { id, browserHash } = await openRequest(arena(), party);
    expect(await authorizationsOf().finishDenied(id, browserHash)).toBe(false);
    await stores[0].grants.deny(id, browserHash, party.user.id);
    expect(await authorizationsOf().finishDenied(id, 'another browser')).toBe(false);
    expect(await authorizationsOf().finishDenied(id, browserHash)).toBe(true);
    expect(await authorizationsOf().finishDenied(id, browserHash)).toBe(false);
  });

  test('an approved request is not closed as denied', async () => {
    const { id, browserHash } = await approved();
    expect(await authorizationsOf().finishDenied(id, browserHash)).toBe(false);
  });

  test('a good code begins a family with the scope that was granted', async () => {
    const { stores, clock } = arena();
    const { attempt, terms, user, client } = await issueCode(arena(), { scope: 'chat' });
    const family = familyTemplate();
    const redemption = await authorizationsOf().redeemCode(attempt, family);
    expect(redemption).toEqual({ kind: 'redeemed' });
    expect(await stores[1].grants.findStanding(family.id)).toMatchObject({
      family: { id: family.id, grantId: terms.id, clientId: client.id, scope: 'chat', seq: 1 },
      grant: { id: terms.id, userId: user.id },
      now: clock.now,
    });
    expect(await authorizationsOf().findRefreshToken(family.refreshTokenHash)).toMatchObject({
      token: { seq: 1, usedAt: null, salt: null, expiresAt: family.refreshTokenExpiresAt },
    });
    expect(await actionsOn(stores[0], family.id)).toEqual(['family.started']);
  });

  test('a code tells what it stands for, and the grant as it is now', async () => {
    const { stores } = arena();
    const { attempt, terms } = await issueCode(arena(), { scope: 'chat' });
    const narrowed = { ...terms, scope: 'embeddings', authorizationDetails: [limitedAccess] };
    await stores[0].grants.createGrant(narrowed, newFamily(arena().clock.now), operator);
    const approval = await stores[1].authorizations.findCode(attempt.codeHash);
    expect(approval).toEqual({ scope: 'chat', grant: await stores[0].grants.findGrant(terms.id) });
    expect(approval?.grant).toMatchObject({ scope: 'embeddings', authorizationDetails: [limitedAccess] });
    expect(await authorizationsOf().findCode('no such code')).toBeNull();
  });

  test('the redirect URI may be left out', async () => {
    const { attempt } = await issueCode(arena());
    const redemption = await authorizationsOf().redeemCode(
      { ...attempt, redirectUri: null },
      familyTemplate(),
    );
    expect(redemption.kind).toBe('redeemed');
  });

  test('an unknown code is unknown', async () => {
    const { attempt } = await issueCode(arena());
    const redemption = await authorizationsOf().redeemCode(
      { ...attempt, codeHash: 'other' },
      familyTemplate(),
    );
    expect(redemption).toEqual({ kind: 'unknown' });
  });

  const wrong = [
    ['client', { clientId: 'cli_other' }],
    ['redirect_uri', { redirectUri: 'https://app.example.com/callback/' }],
    ['code_verifier', { codeChallenge: 'other' }],
  ] as const;

  test.each(wrong)('a wrong %s is a mismatch that does not use the code up', async (of, change) => {
    const { attempt } = await issueCode(arena());
    const redemption = await authorizationsOf().redeemCode({ ...attempt, ...change }, familyTemplate());
    expect(redemption).toEqual({ kind: 'mismatch', of });
    expect(await authorizationsOf().redeemCode(attempt, familyTemplate())).toMatchObject({
      kind: 'redeemed',
    });
  });

  test('what a code does not stand for is a mismatch of its rightful client alone', async () => {
    const { attempt } = await issueCode(arena());
    const { redeemCode } = authorizationsOf();
    expect(await redeemCode({ ...attempt, codeChallenge: 'other' }, null)).toEqual({
      kind: 'mismatch',
      of: 'code_verifier',
    });
    expect(await redeemCode(attempt, null)).toEqual({ kind: 'mismatch', of: 'access' });
    const family = familyTemplate();
    expect(await redeemCode(attempt, family)).toEqual({ kind: 'redeemed' });
    expect(await redeemCode(attempt, null)).toEqual({ kind: 'mismatch', of: 'access' });
    expect(await arena().stores[0].grants.findStanding(family.id)).toMatchObject({
      family: { revokedAt: null },
    });
  });

  test.each([
    ['wrong verifiers', false],
    ['requests for what it does not stand for', true],
  ])('four %s leave the code good, the fifth burns it', async (_, asksForMore) => {
    const good = await issueCode(arena());
    const burnt = await issueCode(arena());
    const fail = async ({ attempt }: typeof good, times: number) => {
      for (let failed = 0; failed < times; failed++) {
        const guess = asksForMore ? attempt : { ...attempt, codeChallenge: `guess ${failed}` };
        const family = asksForMore ? null : familyTemplate();
        expect(await authorizationsOf().redeemCode(guess, family)).toMatchObject({ kind: 'mismatch' });
      }
    };
    await fail(good, 4);
    await fail(burnt, 5);
    expect(await authorizationsOf().redeemCode(good.attempt, familyTemplate())).toMatchObject({
      kind: 'redeemed',
    });
    expect(await authorizationsOf().redeemCode(burnt.attempt, familyTemplate())).toEqual({ kind: 'unknown' });
  });

  test('an expired code begins nothing', async () => {
    const { stores, clock } = arena();
    const { attempt } = await issueCode(arena());
    const family = familyTemplate();
    clock.now += minute;
    expect(await authorizationsOf().redeemCode(attempt, family)).toEqual({ kind: 'expired' });
    expect(await stores[0].grants.findStanding(family.id)).toBeNull();
  });

  test('a replayed code ends the family that it began', async () => {
    const { stores, clock } = arena();
    const { attempt, terms } = await issueCode(arena());
    const family = familyTemplate();
    await authorizationsOf().redeemCode(attempt, family);
    const second = familyTemplate();
    expect(await stores[1].authorizations.redeemCode(attempt, second)).toEqual({ kind: 'replayed' });
    expect(await stores[0].grants.findStanding(second.id)).toBeNull();
    expect(await stores[0].grants.findStanding(family.id)).toMatchObject({
      family: { revokedAt: clock.now, revokedReason: 'code_replay' },
    });
    expect(await stores[0].grants.findGrant(terms.id)).toMatchObject({ revokedAt: null });
    expect(await authorizationsOf().redeemCode(attempt, familyTemplate())).toEqual({ kind: 'replayed' });
    expect(await actionsOn(stores[0], family.id)).toEqual([
      'family.started',
      'family.revoked',
      'code.replayed',
    ]);
  });

  test('a replay after the code expired still ends the family', async () => {
    const { stores, clock } = arena();
    const { attempt } = await issueCode(arena());
    const family = familyTemplate();
    await authorizationsOf().redeemCode(attempt, family);
    clock.now += 5 * minute;
    expect(await authorizationsOf().redeemCode(attempt, familyTemplate())).toEqual({ kind: 'replayed' });
    expect(await stores[0].grants.findStanding(family.id)).toMatchObject({
      family: { revokedReason: 'code_replay' },
    });
  });

  test.each(wrong)(
    'a replay with a wrong %s, however often, does the living family no harm',
    async (of, change) => {
      const { stores } = arena();
      const { attempt } = await issueCode(arena());
      const family = familyTemplate();
      await authorizationsOf().redeemCode(attempt, family);
      for (let replay = 0; replay < 6; replay++) {
        const redemption = await authorizationsOf().redeemCode({ ...attempt, ...change }, familyTemplate());
        expect(redemption).toEqual({ kind: 'mismatch', of });
      }
      expect(await stores[0].grants.findStanding(family.id)).toMatchObject({ family: { revokedAt: null } });
    },
  );

  test.each(endings)('a code begins nothing after %s', async (_name, end) => {
    const issued = await issueCode(arena());
    await end(arena().stores[0], { ...issued, grantId: issued.terms.id });
    const family = familyTemplate();
    expect(await authorizationsOf().redeemCode(issued.attempt, family)).toEqual({ kind: 'ended' });
    expect(await authorizationsOf().findRefreshToken(family.refreshTokenHash)).toBeNull();
  });
}
