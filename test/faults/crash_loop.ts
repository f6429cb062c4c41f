import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, vi } from 'vitest';
import { startSandbox } from '../../src/sandbox/server.ts';
import { connect, startBroker } from '../support/broker.ts';
import type { Home } from '../support/home.ts';
import { freePort, startServer } from '../support/process.ts';
import { type AppCounts, type AppFaults, createApp, type Spent } from './support/app.ts';
import { settledTwice, watchCalls } from './support/call_watch.ts';
import { createRandom } from './support/random.ts';

const apps = 4;
/**
 * Milliseconds from a round's first tokens to the kill. Shorter than a lease and longer: some crash before the crash
 * before is dealt with.
 */
const longestLoad = 1_200;

/** What must never be seen, in words or as ids of calls. */
interface CallFaults {
  /** Reached the provider and is not on record; by model. */
  readonly withoutRecord: readonly string[];
  readonly settledTwice: readonly string[];
  /** Was pending at a crash and did not end as `lost`, at all of its reservation. */
  readonly regained: readonly string[];
}

interface CallCounts {
  readonly kills: number;
  /** Calls that reached the provider, that are on record, and that were pending at a crash. */
  readonly reached: number;
  readonly recorded: number;
  readonly lost: number;
}

/**
 * Kills a server again and again while apps authorize, call, refresh and revoke, and checks after each restart that
 * nothing it had answered is taken back.
 * @param options.seed decides the moments of the kills and what the apps do
 * @throws when calls stay pending after the last restart
 */
export async function crashLoop(options: {
  readonly home: Home;
  readonly rounds: number;
  readonly seed: number;
}): Promise<{ readonly faults: AppFaults & CallFaults; readonly counts: AppCounts & CallCounts }> {
  const { home, rounds, seed } = options;
  const random = createRandom(seed);
  const sandbox = await startSandbox();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { COATCHECK_SANDBOX: sandbox.url, PORT: String(port) };

  let isUp = false;
  const faults: AppFaults = { spentAccepted: [], endedServed: [], lockedOut: [], unexpected: [] };
  const counts: AppCounts = {
    ...{ codes: 0, refreshes: 0, revocations: 0, replays: 0 },
    ...{ unanswered: 0, unansweredInEffect: 0 },
  };
  const accounts = await connectAccounts(home, url);
  const living = accounts.map((account, index) =>
    createApp({
      ...{ ...account, url, index, faults, counts },
      random: createRandom(seed + index + 1),
      isUp: () => isUp,
    }),
  );
  await watchCalls(home);

  const reached = new Map<number, string>();
  const pendingAtCrash = new Set<string>();
  const restart = async () => {
    const server = await startServer(home, env, { shortLease: true });
    onTestFinished(async () => void (await server.stop('SIGKILL')));
    // Before the new instance may judge the one before it, which takes a lease.
    for (const { id } of await pendingCalls(home)) pendingAtCrash.add(id);
    const spent = await findSpent(home);
    isUp = true;
    await Promise.all(living.map((app) => app.recover(spent)));
    return server;
  };

  for (let round = 0; round < rounds; round++) {
    const server = await restart();
    const { codes } = counts;
    const load = living.map((app) => app.live());
    await vi.waitUntil(() => counts.codes > codes || faults.unexpected.length > 0, {
      ...{ timeout: 20_000, interval: 1 },
    });
    await sleep(random.between(0, longestLoad));
    isUp = false;
    await server.stop('SIGKILL');
    await Promise.all(load);
    for (const { number, model } of sandbox.received()) if (model !== null) reached.set(number, model);
  }
  const last = await restart();
  await Promise.all(living.map((app) => app.replayAll()));
  await vi.waitFor(async () => expect(await pendingCalls(home)).toEqual([]), { timeout: 10_000 });
  await last.stop();
  await sandbox.close();

  const recorded = await recordedCalls(home);
  const models = new Set(recorded.map(({ model }) => model));
  return {
    faults: {
      ...faults,
      withoutRecord: [...reached.values()].filter((model) => !models.has(model)),
      settledTwice: await settledTwice(home),
      regained: recorded
        .filter(({ id, isPaidAsLost }) => pendingAtCrash.has(id) && !isPaidAsLost)
        .map(({ id }) => id),
    },
    counts: {
      ...counts,
      ...{ kills: rounds, reached: reached.size, recorded: recorded.length, lost: pendingAtCrash.size },
    },
  };
}

async function connectAccounts(home: Home, issuer: string) {
  const broker = await startBroker({ home, env: { COATCHECK_ISSUER: issuer } });
  try {
    const accounts = await Promise.all(Array.from({ length: apps }, () => connect(broker)));
    return accounts.map(({ user, client }) => ({ email: user.email, client }));
  } finally {
    await broker.close();
  }
}

function pendingCalls(home: Home) {
  return home.query<{ id: string }>(`select id from calls where state = 'pending'`);
}

async function recordedCalls(home: Home) {
  const calls = await home.query<{
    readonly id: string;
    readonly model: string;
    readonly outcome: string;
    readonly reserved: number;
    readonly cost: number | null;
  }>('select id, model, outcome, reserved_nano_usd as reserved, cost_nano_usd as cost from calls');
  return calls.map(({ id, model, outcome, reserved, cost }) => ({
    ...{ id, model },
    isPaidAsLost: outcome === 'lost' && reserved > 0 && cost === reserved,
  }));
}

async function findSpent(home: Home): Promise<Spent> {
  const rows = await home.query<{ hash: string; successor: string | null }>(
    `select hash, successor_hash as successor from refresh_tokens where used_at is not null
     union all select hash, null from authorization_codes where used_at is not null`,
  );
  return new Map(rows.map(({ hash, successor }) => [hash, successor]));
}
