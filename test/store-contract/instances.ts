import { beforeAll, beforeEach, expect, test } from 'vitest';
import { newId } from '../../src/lib/ids.ts';
import {
  type Arena,
  callOf,
  costOf,
  createGrant,
  createSigningKey,
  day,
  type Granted,
  minute,
  second,
  settlementOf,
} from './world.ts';

const lease = 30;

export function instances(arena: () => Arena): void {
  let kid = '';
  let granted: Granted;
  let judge = '';
  beforeAll(async () => {
    kid = await createSigningKey(arena());
  });
  beforeEach(async () => {
    // Whoever was there before is gone, so that each test begins with its own instances.
    arena().clock.now += minute;
    granted = await createGrant(arena());
    judge = newId('ins');
    await store().beat(judge, lease);
    while ((await store().recover(judge, 1000)).settled > 0);
  });
  const store = (index: 0 | 1 = 0) => arena().stores[index].instances;

  /** A new instance, with that many pending calls. */
  const join = async (calls = 0, reservedNanoUsd = 1_000_000) => {
    const id = newId('ins');
    await store().beat(id, lease);
    await admit(id, calls, reservedNanoUsd);
    return id;
  };
  const admit = async (instanceId: string, calls: number, reservedNanoUsd = 1_000_000) => {
    const batch = Array.from({ length: calls }, () =>
      callOf(granted, kid, { instanceId, cost: costOf(reservedNanoUsd) }),
    );
    await arena().stores[0].ledger.admit(batch);
    return batch.map(({ callId }) => callId);
  };
  /** Lets the leases of all but the judge run out. */
  const outlive = async () => {
    arena().clock.now += lease * second - 1;
    await store().beat(judge, lease);
    arena().clock.now += 1;
  };
  const listCalls = () =>
    arena().stores[1].records.listCalls({ grantId: granted.grant.id }, { before: null, limit: 1000 });
  const nothing = { declaredDead: [], settled: 0 };

  test('a lease that is renewed stands, by the clock of the store', async () => {
    const { clock } = arena();
    const id = await join(1);
    for (let renewed = 0; renewed < 5; renewed++) {
      clock.now += (lease - 1) * second;
      expect(await store().beat(id, lease)).toEqual({ isDead: false, now: clock.now });
      await store().beat(judge, lease);
      expect(await store(1).recover(judge, 10)).toEqual(nothing);
    }
    expect(await listCalls()).toMatchObject([{ state: 'pending' }]);
  });

  test('calls of an instance whose lease ran out are settled at their reservation', async () => {
    const { clock } = arena();
    const id = await join(1);
    await outlive();
    expect(await store(1).recover(judge, 10)).toEqual({ declaredDead: [id], settled: 1 });
    expect(await listCalls()).toMatchObject([
      {
        state: 'settled',
        outcome: 'lost',
        status: null,
        usage: null,
        costNanoUsd: 1_000_000,
        reservedNanoUsd: 1_000_000,
        endedAt: clock.now,
      },
    ]);
    expect(await store().recover(judge, 10)).toEqual(nothing);
  });

  test('what a lost call cost is unknown, not nothing, when nothing was reserved for it', async () => {
    await join(1, 0);
    await outlive();
    await store().recover(judge, 10);
    expect(await listCalls()).toMatchObject([{ outcome: 'lost', reservedNanoUsd: 0, costNanoUsd: null }]);
  });

  test('a lease is over in the millisecond that it says, and not before', async () => {
    const id = await join();
    arena().clock.now += lease * second - 1;
    await store().beat(judge, lease);
    expect(await store().recover(judge, 10)).toEqual(nothing);
    arena().clock.now += 1;
    expect(await store().recover(judge, 10)).toMatchObject({ declaredDead: [id] });
  });

  test('the calls of the living, and what was settled before, stay as they are', async () => {
    const dead = await join();
    const [settled = ''] = await admit(dead, 1);
    await arena().stores[0].ledger.settle([settlementOf(settled)]);
    await outlive();
    await join(2);
    await admit(judge, 2);
    expect(await store().recover(judge, 10)).toEqual({ declaredDead: [dead], settled: 0 });
    const calls = await listCalls();
    expect(calls.filter(({ state }) => state === 'pending')).toHaveLength(4);
    expect(calls.find(({ id }) => id === settled)).toMatchObject({ outcome: 'answered', costNanoUsd: 1234 });
  });

  test('calls are recovered in steps', async () => {
    const id = await join(7);
    await join(5);
    await outlive();
    expect((await store().recover(judge, 5)).declaredDead).toContain(id);
    expect(await store().recover(judge, 5)).toEqual({ declaredDead: [], settled: 5 });
    expect(await store().recover(judge, 5)).toEqual({ declaredDead: [], settled: 2 });
    expect(await store().recover(judge, 5)).toEqual(nothing);
  });

  test('an instance that was declared dead hears of it, stays dead, and its late settlements count for nothing', async () => {
    const id = await join();
    const [callId = ''] = await admit(id, 1);
    await outlive();
    await store().recover(judge, 10);
    expect(await store(1).beat(id, lease)).toMatchObject({ isDead: true });
    expect(await store().beat(id, lease)).toMatchObject({ isDead: true });
    expect(await arena().stores[1].ledger.settle([settlementOf(callId)])).toEqual([false]);
    expect(await listCalls()).toMatchObject([{ outcome: 'lost', costNanoUsd: 1_000_000 }]);
  });

  test('what a dead instance still admits, before it hears of it, is recovered too', async () => {
    const id = await join();
    await outlive();
    await store().recover(judge, 10);
    await admit(id, 1);
    expect(await store().recover(judge, 10)).toEqual({ declaredDead: [], settled: 1 });
  });

  test('an instance without a lease of its own judges nobody', async () => {
    const dead = await join(1);
    const late = await join();
    await outlive();
    expect(await store().recover('ins_unknown', 10)).toEqual(nothing);
    expect(await store().recover(late, 10)).toEqual(nothing);
    const { declaredDead } = await store().recover(judge, 10);
    expect(declaredDead.toSorted()).toEqual([dead, late].toSorted());
    expect(await store().recover(dead, 10)).toEqual(nothing);
  });

  test('an instance that leaves is forgotten', async () => {
    const id = await join();
    await store().leave(id);
    await outlive();
    expect(await store().recover(judge, 10)).toEqual(nothing);
  });

  test('calls that an instance leaves behind need not wait for its lease', async () => {
    const id = await join(1);
    await store(1).leave(id);
    expect(await store().recover(judge, 10)).toEqual({ declaredDead: [id], settled: 1 });
  });

  test('a dead instance is forgotten after a day, and not before its calls are settled', async () => {
    const { clock, stores } = arena();
    const id = await join();
    await outlive();
    await store().recover(judge, 10);
    await admit(id, 1);
    clock.now += day;
    await store().beat(judge, lease);
    await stores[0].sweep();
    expect(await store().beat(id, lease)).toMatchObject({ isDead: true });
    expect(await store().recover(judge, 10)).toMatchObject({ settled: 1 });
    await stores[0].sweep();
    expect(await store().beat(id, lease)).toMatchObject({ isDead: false });
  });
}
