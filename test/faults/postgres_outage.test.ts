import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { listenerName } from '../../src/store/postgres/ending_signal.ts';
import { connect, startBroker } from '../support/broker.ts';
import { type Home, postgresHome } from '../support/home.ts';
import { type PostgresServer, startPostgresServer } from '../support/postgres.ts';
import { freePort, type ServerProcess, startServer } from '../support/process.ts';
import { call } from './support/connect.ts';
import { type Answered, type LoadApp, startLoad } from './support/outage_load.ts';

const seconds = process.env.COATCHECK_TEST_FULL === '1' ? 10 : 4;
/** Milliseconds that a request may take: no statement is waited for any longer. */
const longestWait = 6_000;
/** Milliseconds from the start of PostgreSQL to the first good answer of an instance. */
const recoveryTime = 3_000;

describe.runIf(inject('store') === 'postgres')(`PostgreSQL gone for ${seconds} s under load`, () => {
  let postgres: PostgresServer;
  let home: Home;
  let sandbox: Sandbox;
  let instances: readonly { readonly url: string; readonly server: ServerProcess }[] = [];

  beforeEach(async () => {
    [postgres, sandbox] = await Promise.all([startPostgresServer(), startSandbox()]);
    home = postgresHome({ url: `${postgres.url}/postgres`, drop: async () => {} });
  });
  afterEach(async () => {
    await Promise.all(instances.map(({ server }) => server.stop('SIGKILL')));
    await Promise.all([postgres.close(), sandbox.close()]);
    await home.remove();
  });

  /** Two instances that stand behind one address, and apps connected to them. */
  async function start(options: { readonly shortLease: boolean }) {
    const ports = [await freePort(), await freePort()];
    const issuer = `http://127.0.0.1:${ports[0]}`;
    const broker = await startBroker({ home, env: { COATCHECK_ISSUER: issuer } });
    const apps = await Promise.all(Array.from({ length: 5 }, () => connect(broker)));
    await broker.close();
    instances = await Promise.all(
      ports.map(async (port) => {
        const env = { COATCHECK_SANDBOX: sandbox.url, COATCHECK_ISSUER: issuer, PORT: String(port) };
        return { url: `http://127.0.0.1:${port}`, server: await startServer(home, env, options) };
      }),
    );
    return apps;
  }

  it.each([
    { mode: 'fast', shortLease: false, what: 'shut down, for less than a lease' },
    { mode: 'immediate', shortLease: true, what: 'crashed, for longer than a lease' },
  ] as const)(
    '$what: refusals are clean, nothing is lost, and all goes on by itself',
    async (outage) => {
      const [streaming, ...apps] = await start(outage);
      if (!streaming) throw new Error('no app');
      const before = await home.query('select id from instances order by id');
      const urls = instances.map(({ url }) => url);
      const endless = await Promise.all(urls.map((url, n) => openStream(url, streaming, 100_000 - n)));
      const ending = await Promise.all(urls.map((url, n) => openStream(url, streaming, 150 + n)));
      const load = startLoad(urls, apps);
      await sleep(1000);

      await postgres.stop(outage.mode);
      const goneAt = performance.now();
      await sleep(seconds * 1000);
      // A stream needs nothing of the database while it runs.
      expect(await Promise.all(ending.map(({ whole }) => whole))).toEqual(
        urls.map(() => expect.stringContaining('[DONE]')),
      );
      expect(await Promise.all(urls.map(health))).toEqual([
        [200, 503],
        [200, 503],
      ]);
      const lengths = endless.map(({ length }) => length());
      const backAt = performance.now();
      await postgres.start();
      const upAt = performance.now();
      const firstGood = () =>
        urls.map((_, instance) =>
          load.answers.find(
            (each) => each.instance === instance && each.sentAt > backAt && each.result === 'good',
          ),
        );
      await vi.waitUntil(() => firstGood().every(Boolean), { timeout: 20_000 });
      // Longer than the short lease: from then on an instance judges the other.
      await sleep(1500);
      await load.stop();

      // What was refused was refused cleanly and at once, on both.
      const { answers } = load;
      expect(answers.filter(({ result }) => typeof result === 'object')).toEqual([]);
      const within = answers.filter(({ sentAt, answeredAt }) => sentAt > goneAt && answeredAt < backAt);
      for (const kind of ['call', 'stream', 'refresh']) {
        const results = within.filter((each) => each.kind === kind).map(({ result }) => result);
        expect([kind, new Set(results)]).toEqual([kind, new Set(['refused'])]);
      }
      expect(slowest(answers)).toBeLessThan(longestWait);
      const recovered = firstGood().map((answer) => Math.round((answer?.answeredAt ?? 0) - upAt));
      expect(Math.max(...recovered)).toBeLessThan(recoveryTime);

      // Nobody took the other for dead, and running streams ran on.
      expect(await home.query('select id from instances where declared_dead_at is null order by id')).toEqual(
        before,
      );
      expect(endless.map(({ length }, n) => length() > (lengths[n] ?? 0))).toEqual([true, true]);

      // Both listen again, and hear of what ends at the other.
      await vi.waitFor(async () => expect(await listeners()).toBe(2), { timeout: 10_000 });
      const response = await fetch(`${urls[1]}/oauth/revoke`, {
        method: 'POST',
        body: new URLSearchParams({
          ...{ client_id: streaming.client.id, client_secret: streaming.client.secret ?? '' },
          token: streaming.tokens.refresh_token,
        }),
      });
      expect(response.status).toBe(200);
      const revokedAt = performance.now();
      await Promise.all(endless.map(({ whole }) => expect(whole).rejects.toThrow()));
      expect(performance.now() - revokedAt).toBeLessThan(1000);

      // All that reached the provider is on record, and settled as what it was.
      await vi.waitFor(async () => expect(await count(`state = 'pending'`)).toBe(0), { timeout: 15_000 });
      const records = await home.query<{ model: string; outcome: string }>(
        'select model, outcome from calls',
      );
      const outcomeOf = new Map(records.map(({ model, outcome }) => [model, outcome]));
      const reached = sandbox.received().flatMap(({ model }) => (model === null ? [] : [model]));
      expect(reached.filter((model) => !['answered', 'cut'].includes(outcomeOf.get(model) ?? ''))).toEqual(
        [],
      );
      expect(await count(`outcome = 'lost'`)).toBe(0);
      process.stdout.write(`${describeRun(outage.mode, answers, within, recovered)}\n`);
    },
    120_000,
  );

  async function count(condition: string): Promise<number> {
    const [row] = await home.query<{ calls: number }>(
      `select count(*) as calls from calls where ${condition}`,
    );
    return row?.calls ?? 0;
  }

  async function listeners(): Promise<number> {
    const rows = await home.query(
      `select from pg_stat_activity where application_name = '${listenerName}' and query like 'listen%'`,
    );
    return rows.length;
  }
});

/** Whether an instance is alive, and whether it is ready. */
const health = (url: string) =>
  Promise.all(['/healthz', '/readyz'].map(async (path) => (await fetch(url + path)).status));

/** A stream of so many tokens, one every 20 ms, whose first bytes have come. */
async function openStream(url: string, { tokens }: LoadApp, length: number) {
  const response = await call(url, tokens.access_token, `sandbox-long-${length}`);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = (await reader?.read())?.value ?? '';
  const readOn = async () => {
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) text += part.value;
    return text;
  };
  const whole = readOn();
  // Looked at later; until then a broken stream is not an error that nobody minds.
  whole.catch(() => {});
  return { length: () => text.length, whole };
}

const slowest = (answers: readonly Answered[]) =>
  Math.max(...answers.map(({ sentAt, answeredAt }) => answeredAt - sentAt));

/** For people to read. */
function describeRun(
  mode: string,
  all: readonly Answered[],
  within: readonly Answered[],
  recovered: readonly number[],
) {
  return (
    `PostgreSQL ${mode}, gone ${seconds} s: ${all.length} requests, ${within.length} while it was gone, ` +
    `slowest ${slowest(all).toFixed(0)} ms, of those ${slowest(within).toFixed(0)} ms; ` +
    `first good answers ${recovered.join(' and ')} ms after it was back`
  );
}
