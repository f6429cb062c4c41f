import { beforeAll, beforeEach, expect, test } from 'vitest';
import { newId } from '../../src/lib/ids.ts';
import type { Moderation } from '../../src/store/moderation.ts';
import {
  type Arena,
  actionsOn,
  callOf,
  createGrant,
  createSigningKey,
  day,
  found,
  type Granted,
  operator,
  settlementOf,
} from './world.ts';

/** What the moderation of calls finds, and what comes of it. */
export function moderation(arena: () => Arena): void {
  let kid = '';
  beforeAll(async () => {
    kid = await createSigningKey(arena());
  });
  beforeEach(() => {
    arena().clock.now = Date.UTC(2027, 3, 15, 12);
  });

  const clientsOf = (store: 0 | 1 = 0) => arena().stores[store].clients;

  const admit = async (granted: Granted) => {
    arena().clock.now += 1;
    const call = callOf(granted, kid, { callId: newId('call', arena().clock.now) });
    const [result] = await arena().stores[0].ledger.admit([call]);
    return { ...call, result: found(result) };
  };

  /** Has a call come to an end with these flags. @returns its id */
  const call = async (granted: Granted, flags: string | null): Promise<string> => {
    const { callId } = await admit(granted);
    expect(await arena().stores[0].ledger.settle([settlementOf(callId, { flags })])).toEqual([true]);
    return callId;
  };

  const settings: readonly (readonly [owner: Moderation, operator: Moderation, holds: Moderation])[] = [
    ['off', 'off', 'off'],
    ['flag', 'off', 'flag'],
    ['off', 'flag', 'flag'],
    ['block', 'flag', 'block'],
    ['flag', 'block', 'block'],
  ];
  test.each(settings)(
    'where the owner says %s and an operator %s, calls come with %s',
    async (owners, operators, holds) => {
      const granted = await createGrant(arena());
      const change = { moderation: owners, requiredModeration: operators };
      await clientsOf(1).updateClient(granted.client.id, change, operator);
      expect((await admit(granted)).result).toMatchObject({ kind: 'admitted', moderation: holds });
      expect(await clientsOf().findClient(granted.client.id)).toMatchObject(change);
    },
  );

  test('what was found in a call stands in its record, however it is settled', async () => {
    const granted = await createGrant(arena());
    await call(granted, null);
    await call(granted, 'harassment hate/threatening');
    const last = await admit(granted);
    const next = callOf(granted, kid, { callId: newId('call', arena().clock.now + 1) });
    await arena().stores[0].ledger.admit([next], [settlementOf(last.callId, { flags: 'unchecked' })]);
    const calls = await arena().stores[1].records.listCalls(
      { grantId: granted.grant.id },
      { before: null, limit: 9 },
    );
    expect(calls.map(({ flags }) => flags)).toEqual([null, 'unchecked', 'harassment hate/threatening', null]);
  });

  test('only calls count that were flagged within a day, and no tests', async () => {
    const granted = await createGrant(arena());
    const tested = await createGrant(arena(), { party: granted, terms: { test: true } });
    const other = await createGrant(arena());
    for (const flags of [null, 'unchecked', 'violence', 'hate violence']) await call(granted, flags);
    await call(tested, 'violence');
    await call(other, 'violence');
    expect(await clientsOf(1).countFlagged(granted.client.id)).toBe(2);
    const views = await clientsOf().listAllClients(1000);
    expect(views.find(({ client }) => client.id === granted.client.id)?.flagged).toBe(2);
    arena().clock.now += day;
    await call(granted, 'violence');
    expect(await clientsOf().countFlagged(granted.client.id)).toBe(1);
  });

  test('an app is suspended with the flagged call that is one too many, by the system', async () => {
    const granted = await createGrant(arena());
    const { id } = granted.client;
    await call(granted, 'violence');
    expect(await clientsOf().suspendFlagged(await call(granted, 'unchecked'), 2)).toBeNull();
    const last = await call(granted, 'violence');
    expect(await clientsOf().suspendFlagged('call_unknown', 1)).toBeNull();
    expect(await clientsOf().suspendFlagged(last, 3)).toBeNull();
    expect(await clientsOf().suspendFlagged(last, 2)).toMatchObject({ id, status: 'suspended' });
    expect((await admit(granted)).result).toMatchObject({ reason: 'client_suspended' });
    expect(await actionsOn(arena().stores[1], id)).toEqual(['client.created', 'client.status_changed']);
    const [event] = await arena().stores[0].records.listAuditEvents({}, 1);
    expect(event).toMatchObject({
      actor: 'system',
      subject: id,
      userId: granted.client.ownerId,
      detail: { status: 'suspended', flagged: 2 },
    });
    expect(await arena().stores[1].grants.findEnded([granted.family.id])).toEqual([granted.family.id]);
  });

  test('two flagged calls at once suspend an app once', async () => {
    const granted = await createGrant(arena());
    const ids = [await call(granted, 'hate'), await call(granted, 'hate')];
    const suspended = await Promise.all(
      [...ids, ...ids].map((id, index) => clientsOf(index % 2 === 0 ? 0 : 1).suspendFlagged(id, 2)),
    );
    expect(suspended.filter((client) => client !== null)).toHaveLength(1);
    expect(await actionsOn(arena().stores[0], granted.client.id)).toEqual([
      'client.created',
      'client.status_changed',
    ]);
  });

  test('once an operator lifts the suspension, flags are counted anew', async () => {
    const granted = await createGrant(arena());
    const { id } = granted.client;
    await call(granted, 'hate');
    expect(await clientsOf().suspendFlagged(await call(granted, 'hate'), 2)).not.toBeNull();
    arena().clock.now += 1;
    await clientsOf().setClientStatus(id, 'active', operator);
    expect(await clientsOf().countFlagged(id)).toBe(0);
    expect(await clientsOf().suspendFlagged(await call(granted, 'hate'), 2)).toBeNull();
    expect(await clientsOf().suspendFlagged(await call(granted, 'hate'), 2)).toMatchObject({ id });
  });
}
