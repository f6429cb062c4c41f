/**
 * What admission and settlement come to on PostgreSQL when many calls count against the same budgets: of one grant (`hot`),
 * or of several whose counters are met in any order (`mixed`). Two instances share the database, in this process.
 *
 *   node test/bench/ledger.ts [seconds per round] [rounds]
 *
 * Absolute figures drift with the machine. PostgreSQL runs as for the tests, without fsync.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLedger, type Ledger } from '../../src/ledger/ledger.ts';
import { Secret } from '../../src/lib/secret.ts';
import { Client } from '../../src/store/postgres/client.ts';
import { openPostgresStore } from '../../src/store/postgres/store.ts';
import {
  type Arena,
  callOf,
  costOf,
  createGrant,
  createSigningKey,
  type Granted,
  operator,
  settlementOf,
} from '../store-contract/world.ts';

const callers = 64;
/** Milliseconds between two calls of a caller: without, they would all keep step, and arrive in batches. */
const longestPause = 40;
const dollar = 1_000_000_000;
const [seconds = '3', rounds = '3'] = process.argv.slice(2);

const server = fork(join(import.meta.dirname, '..', 'support', 'postgres_server.ts'));
const [address] = (await once(server, 'message')) as [string];
const url = `${address}/postgres`;
const open = () => openPostgresStore({ url: new Secret(url) });
const stores = [await open(), await open()] as const;
const arena: Arena = {
  ...{ stores, location: '', opener: '', close: async () => {} },
  clock: {
    get now() {
      return Date.now();
    },
    set now(_) {},
  },
};
const kid = await createSigningKey(arena);
const hot = [await createLimited()];
const mixed = await Promise.all(Array.from({ length: 8 }, createLimited));
const free = [await createGrant(arena)];

const failures = new Map<string, number>();
const latencies: number[] = [];
for (const [name, grants] of Object.entries({ hot, mixed, free })) {
  for (let round = 0; round < Number(rounds); round++) {
    latencies.length = 0;
    failures.clear();
    const before = await deadlocks();
    await run(grants);
    const sorted = latencies.toSorted((a, b) => a - b);
    const at = (share: number) => Number(sorted[Math.floor(share * sorted.length)]?.toFixed(1));
    console.log(name, {
      perSecond: Math.round(sorted.length / Number(seconds)),
      ...{ p50: at(0.5), p99: at(0.99) },
      deadlocks: (await deadlocks()) - before,
      failures: Object.fromEntries(failures),
    });
  }
}
for (const store of stores) await store.close();
server.disconnect();

/** Three budgets of its own and two of its user. */
async function createLimited(): Promise<Granted> {
  const periods = ['day', 'month', 'total'] as const;
  const granted = await createGrant(arena, {
    terms: {
      authorizationDetails: [
        {
          ...{ type: 'provider_access', provider: 'openai' },
          budgets: periods.map((period) => ({ limit_usd: '1000000', period })),
        },
      ],
    },
  });
  const ofUser = { holder: granted.user.id, unit: 'nano_usd', limit: 1e6 * dollar, strict: false } as const;
  for (const period of ['day', 'week'] as const) {
    await stores[0].budgets.setBudget({ ...ofUser, period }, null, operator);
  }
  return granted;
}

async function run(grants: readonly Granted[]): Promise<void> {
  const ledgers = stores.map(({ ledger }) => createLedger(ledger, { onSettleError: (error) => fail(error) }));
  const until = performance.now() + Number(seconds) * 1000;
  await Promise.all(
    ledgers.flatMap((ledger) => Array.from({ length: callers }, () => call(ledger, grants, until))),
  );
  for (const ledger of ledgers) await ledger.close();
}

/** One after the other, each settled a moment later. */
async function call(ledger: Ledger, grants: readonly Granted[], until: number): Promise<void> {
  while (performance.now() < until) {
    const granted = grants[Math.floor(Math.random() * grants.length)] ?? grants[0];
    if (!granted) return;
    const request = callOf(granted, kid, { cost: costOf(dollar) });
    const begin = performance.now();
    try {
      const result = await ledger.admit(request);
      if (result.kind === 'admitted') ledger.settle(settlementOf(request.callId));
      else fail(new Error(result.reason));
    } catch (error) {
      fail(error);
    }
    latencies.push(performance.now() - begin);
    await sleep(Math.random() * longestPause);
  }
}

function fail(error: unknown): void {
  const word = error instanceof Error ? error.message : String(error);
  failures.set(word, (failures.get(word) ?? 0) + 1);
}

async function deadlocks(): Promise<number> {
  const client = new Client(url);
  await client.connect();
  const { rows } = await client.query<{ deadlocks: number }>(
    'select deadlocks from pg_stat_database where datname = current_database()',
  );
  await client.end();
  return rows[0]?.deadlocks ?? 0;
}
