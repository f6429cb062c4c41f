import { expect, test } from 'vitest';
import {
  type Arena,
  asUser,
  callOf,
  createGrant,
  createParty,
  createSigningKey,
  depositKey,
  found,
  minute,
  operator,
  settlementOf,
} from './world.ts';

export function records(arena: () => Arena): void {
  const recordsOf = () => arena().stores[0].records;

  /** Makes this many calls under a grant, each in a millisecond of its own. @returns their ids, newest first */
  const makeCalls = async (granted: Awaited<ReturnType<typeof createGrant>>, count: number) => {
    const { stores, clock } = arena();
    const kid = await createSigningKey(arena());
    const ids: string[] = [];
    for (let made = 0; made < count; made++) {
      clock.now += 1;
      const call = callOf(granted, kid, { callId: `call_${clock.now}` });
      await stores[0].ledger.admit([call]);
      ids.unshift(call.callId);
    }
    return ids;
  };

  test('calls are listed newest first, page by page', async () => {
    const granted = await createGrant(arena());
    const ids = await makeCalls(granted, 5);
    for (const filter of [
      { grantId: granted.grant.id },
      { userId: granted.user.id },
      { clientId: granted.client.id },
    ]) {
      const seen: string[] = [];
      for (let before: string | null = null; ; ) {
        const page = await recordsOf().listCalls(filter, { before, limit: 2 });
        seen.push(...page.map(({ id }) => id));
        before = page.at(-1)?.id ?? null;
        if (before === null) break;
      }
      expect(seen).toEqual(ids);
    }
  });

  test('the pages of a user go through the calls of all their grants', async () => {
    const first = await createGrant(arena());
    const other = await createParty(arena().stores[0]);
    const second = await createGrant(arena(), { party: { ...first, client: other.client } });
    const ids: string[] = [];
    for (const granted of [first, second, first, first, second])
      ids.unshift(...(await makeCalls(granted, 1)));
    const page = async (before: string | null) =>
      (await recordsOf().listCalls({ userId: first.user.id }, { before, limit: 2 })).map(({ id }) => id);
    expect(await page(null)).toEqual(ids.slice(0, 2));
    expect(await page(ids[1] ?? '')).toEqual(ids.slice(2, 4));
    expect(await page(ids[3] ?? '')).toEqual(ids.slice(4));
  });

  test('calls are listed by user, grant, client and kind', async () => {
    const { stores } = arena();
    const live = await createGrant(arena());
    const elsewhere = await createGrant(arena(), {
      party: { ...live, client: (await createParty(stores[0])).client },
    });
    const trial = await createGrant(arena(), { party: live, terms: { test: true } });
    const stranger = await createGrant(arena(), {
      party: { ...(await createParty(stores[0])), client: live.client },
    });
    const [a = ''] = await makeCalls(live, 1);
    const [b = ''] = await makeCalls(elsewhere, 1);
    const [c = ''] = await makeCalls(trial, 1);
    const [d = ''] = await makeCalls(stranger, 1);
    const list = async (filter: Parameters<(typeof stores)[0]['records']['listCalls']>[0]) =>
      (await recordsOf().listCalls(filter, { before: null, limit: 100 })).map(({ id }) => id);
    const userId = live.user.id;
    const clientId = live.client.id;
    expect(await list({ userId })).toEqual([c, b, a]);
    expect(await list({ clientId })).toEqual([d, c, a]);
    expect(await list({ userId, clientId })).toEqual([c, a]);
    expect(await list({ userId, test: false })).toEqual([b, a]);
    expect(await list({ clientId, test: true })).toEqual([c]);
    expect(await list({ grantId: elsewhere.grant.id })).toEqual([b]);
    expect(await list({ userId: stranger.user.id, grantId: live.grant.id })).toEqual([]);
    expect((await list({})).slice(0, 4)).toEqual([d, c, b, a]);
  });

  test('a grant shows how much it was used', async () => {
    const { stores, clock } = arena();
    const granted = await createGrant(arena());
    const [last = '', first = ''] = await makeCalls(granted, 2);
    await stores[0].ledger.settle([
      settlementOf(first, { costNanoUsd: 5 }),
      settlementOf(last, { costNanoUsd: 7 }),
    ]);
    await makeCalls(granted, 1);
    const lastCallAt = clock.now;
    clock.now += minute;
    expect(await stores[0].grants.listGrants({ userId: granted.user.id })).toMatchObject([
      { calls: 3, costNanoUsd: 12, lastCallAt },
    ]);
  });

  test('events are listed newest first with who did what, and to whom', async () => {
    const { stores, clock } = arena();
    const { user, client, grant } = await createGrant(arena());
    await stores[0].grants.revokeGrant(grant.id, 'client', { kind: 'client', id: client.id });
    const [last, ...earlier] = await recordsOf().listAuditEvents({ userId: user.id }, 100);
    expect(last).toEqual({
      id: expect.stringMatching(/^aud_/),
      at: clock.now,
      actor: `client:${client.id}`,
      action: 'grant.revoked',
      subject: grant.id,
      userId: user.id,
      detail: { reason: 'client', client: client.id },
    });
    expect(earlier.map(({ actor, action }) => `${actor} ${action}`)).toEqual([
      'command_line family.started',
      'command_line grant.created',
      `user:${user.id} credential.deposited`,
      'command_line user.created',
    ]);
    expect(await recordsOf().listAuditEvents({ userId: user.id }, 2)).toHaveLength(2);
    const all = await recordsOf().listAuditEvents({}, 1000);
    expect(all.length).toBeGreaterThan(earlier.length + 1);
  });

  test('a change that fails leaves no event', async () => {
    const { stores } = arena();
    const { user } = await createParty(stores[0]);
    const credential = await depositKey(stores[0], user);
    const before = await recordsOf().listAuditEvents({}, 1000);
    const again = { ...credential, ciphertext: Buffer.from('x') };
    const wrap = {
      credentialId: credential.id,
      holder: 'owner',
      masterKeyId: 'm',
      wrapped: Buffer.from('x'),
    };
    await expect(stores[0].credentials.insertCredential(again, wrap, asUser(user))).rejects.toThrow();
    await stores[0].credentials.replaceKey(credential.id, 7, { ...again }, operator);
    expect(await recordsOf().listAuditEvents({}, 1000)).toEqual(before);
  });

  test('no event tells a secret', async () => {
    const { stores, clock } = arena();
    const granted = await createGrant(arena());
    const secret = 'marked-secret';
    const { accounts, clients, credentials } = stores[0];
    await accounts.changePassword(granted.user.id, secret, asUser(granted.user));
    await accounts.startSession(
      { hash: secret, userId: granted.user.id, expiresAt: clock.now + minute },
      null,
    );
    await clients.replaceClientSecret(granted.client.id, secret, operator);
    const sealed = found(await credentials.findSealed(granted.credential.id, 'owner'));
    await credentials.replaceKey(
      granted.credential.id,
      1,
      { ...sealed.credential, ciphertext: Buffer.from(secret) },
      operator,
    );
    const events = JSON.stringify(await recordsOf().listAuditEvents({}, 1000));
    expect(events).not.toContain(secret);
    expect(events).not.toContain(granted.refreshTokenHash);
    expect(events).not.toContain(sealed.ciphertext.toString());
  });
}
