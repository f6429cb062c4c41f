import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Secret } from '../../src/lib/secret.ts';
import type { Settlement } from '../../src/store/contract/ledger.ts';
import { openPostgresStore } from '../../src/store/postgres/store.ts';
import type { AccessBudget } from '../../src/store/records.ts';
import type { Store } from '../../src/store/store.ts';
import {
  type Arena,
  callOf,
  costOf,
  createGrant,
  createSigningKey,
  found,
  type Granted,
  settlementOf,
} from '../store-contract/world.ts';
import { createDatabase } from '../support/postgres.ts';

let drop: () => Promise<void>;
let stores: readonly [Store, Store];
/** A connection beside the stores' own. */
let beside: pg.Client;
let arena: Arena;
let kid: string;

beforeAll(async () => {
  const database = await createDatabase();
  drop = database.drop;
  beside = new pg.Client(database.url);
  await beside.connect();
  // Sooner than a lock is given up, so that each is seen.
  await beside.query(
    `do $$ begin execute format('alter database %I set deadlock_timeout = 50', current_database()); end $$`,
  );
  const url = new Secret(database.url);
  stores = [await openPostgresStore({ url }), await openPostgresStore({ url })];
  arena = { stores, clock: { now: Date.now() }, location: '', opener: '', close: async () => {} };
  kid = await createSigningKey(arena);
});
afterAll(async () => {
  for (const store of stores) await store.close();
  await beside.end();
  await drop();
});

const grantWith = (budgets: readonly AccessBudget[]): Promise<Granted> =>
  createGrant(arena, {
    terms: { authorizationDetails: [{ type: 'provider_access', provider: 'openai', budgets }] },
  });

async function expectNoDeadlock(): Promise<void> {
  // Connections tell what they have seen when they close, at the latest.
  await vi.waitFor(async () => {
    const { rows } = await beside.query(
      `select deadlocks::int, xact_commit > 30 as counted from pg_stat_database where datname = current_database()`,
    );
    expect(rows).toEqual([{ deadlocks: 0, counted: true }]);
  });
}

test('what counts against the same budgets at once, in any order, waits in no circle, and leaves nothing reserved', async () => {
  const dollar = 1_000_000_000;
  const periods = ['day', 'week', 'month'] as const;
  const grants = await Promise.all(
    Array.from({ length: 6 }, () => grantWith(periods.map((period) => ({ limit_usd: '0.50', period })))),
  );
  let decisions = 0;
  let draws = 1;
  const random = (below: number) => {
    draws = (draws * 48_271) % 2_147_483_647;
    return draws % below;
  };
  const draw = () =>
    callOf(found(grants[random(grants.length)]), kid, { cost: costOf(random(dollar / 100)) });
  const live = async ({ ledger }: Store) => {
    let due: readonly Settlement[] = [];
    for (let round = 0; round < 15; round++) {
      const batch = Array.from({ length: 16 }, draw);
      const results = await ledger.admit(batch, due);
      decisions += results.length;
      due = batch.flatMap(({ callId }, index) => {
        const result = results[index];
        if (result?.kind !== 'admitted') return [];
        return [settlementOf(callId, { countedNanoUsd: random(result.reservedNanoUsd + 1) })];
      });
    }
    await ledger.settle(due);
  };
  await Promise.all(Array.from({ length: 8 }, (_, index) => live(found(stores[index % 2]))));
  expect(decisions).toBe(8 * 15 * 16);
  const { rows } = await beside.query<{ spent: number; reserved: number; counted: number }>(
    `select spent, reserved, counted from counters join (
      select grant_id, sum(counted_nano_usd)::bigint as counted from calls where holds is not null group by 1
    ) as used on counters.id like grant_id || ' %'`,
  );
  expect(rows).toHaveLength(grants.length * periods.length);
  for (const { spent, reserved, counted } of rows) {
    expect([spent, reserved]).toEqual([counted, 0]);
    expect(spent).toBeLessThanOrEqual(dollar / 2);
  }
  await expectNoDeadlock();
});

test('users who are told of several budgets at once, in any order, wait in no circle', async () => {
  const grants = await Promise.all(
    Array.from({ length: 20 }, () => grantWith([{ limit_usd: '0.000001', period: 'total' }])),
  );
  const all = (cost: number) => grants.map((granted) => callOf(granted, kid, { cost: costOf(cost) }));
  const used = all(600);
  await stores[0].ledger.admit(used);
  const spent = { costNanoUsd: 600, countedNanoUsd: 600 };
  await stores[0].ledger.settle(used.map(({ callId }) => settlementOf(callId, spent)));
  await Promise.all([stores[0].ledger.admit(all(1)), stores[1].ledger.admit(all(1).toReversed())]);
  const events = await stores[0].records.listAuditEvents({}, 1000);
  const ids = grants.map(({ grant }) => grant.id);
  const told = events.filter(({ action, subject }) => action === 'budget.reached' && ids.includes(subject));
  expect(told.map(({ subject }) => subject).toSorted()).toEqual(ids.toSorted());
  await expectNoDeadlock();
});

test('a budget that is locked for long refuses calls after a second try, and settles later what it did not', async () => {
  const granted = await grantWith([{ limit_usd: '1.00', period: 'total' }]);
  const { ledger } = stores[0];
  const first = callOf(granted, kid, { cost: costOf(400) });
  await ledger.admit([first]);
  await beside.query('begin');
  await beside.query(`select from counters where id like $1 || ' %' for update`, [granted.grant.id]);
  const second = callOf(granted, kid, { cost: costOf(500) });
  const settlement = settlementOf(first.callId, { costNanoUsd: 7, countedNanoUsd: 7 });
  const started = performance.now();
  const failed = await Promise.allSettled([ledger.admit([second]), ledger.settle([settlement])]);
  expect(failed.map((one) => (one.status === 'rejected' ? one.reason.message : one.value))).toEqual([
    expect.stringContaining('55P03'),
    expect.stringContaining('55P03'),
  ]);
  expect(performance.now() - started).toBeGreaterThan(1900);
  await beside.query('rollback');
  expect(await ledger.settle([settlement])).toEqual([true]);
  expect(await ledger.admit([second])).toMatchObject([{ kind: 'admitted' }]);
  const { rows } = await beside.query(
    `select spent::int, reserved::int from counters where id like $1 || ' %'`,
    [granted.grant.id],
  );
  expect(rows).toEqual([{ spent: 7, reserved: 500 }]);
});
