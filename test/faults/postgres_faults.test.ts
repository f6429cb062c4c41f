import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { type Broker, connect, startBroker } from '../support/broker.ts';
import { type Home, postgresHome } from '../support/home.ts';
import { Person } from '../support/person.ts';
import { createDatabase } from '../support/postgres.ts';
import { spawnCommand } from '../support/process.ts';
import { call as callWith } from './support/connect.ts';
import { createPath, type Path } from './support/slow_path.ts';
import { expectCallUnavailable, expectTokensUnavailable } from './support/unavailable.ts';

/** Milliseconds: the 6 seconds that a broker waits for its database, and room for a busy machine. */
const patience = 12_000;

describe.runIf(inject('store') === 'postgres')('a way to PostgreSQL', () => {
  let path: Path;
  let home: Home;
  let broker: Broker;
  let app: Awaited<ReturnType<typeof connect>>;

  beforeEach(async () => {
    const database = await createDatabase();
    path = await createPath(database.url);
    home = postgresHome(database);
    broker = await startBroker({ home, env: { COATCHECK_DATABASE_URL: path.url } });
    app = await connect(broker, { scopes: ['openai:text'] });
  });
  afterEach(async () => {
    path.state = 'open';
    await broker.close();
    await path.close();
    await home.remove();
  });

  const call = (model = 'gpt-4o-mini', stream = false) =>
    callWith(broker.url, app.tokens.access_token, model, { stream });

  const refresh = () => {
    const { client, tokens } = app;
    const credentials = { client_id: client.id, client_secret: client.secret ?? '' };
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, ...credentials };
    return fetch(`${broker.url}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) });
  };

  /** An answer that has to come within so many milliseconds. */
  const within = async <T>(milliseconds: number, work: Promise<T>): Promise<T> => {
    const began = performance.now();
    const result = await work;
    expect(performance.now() - began).toBeLessThan(milliseconds);
    return result;
  };

  const statusOf = async (at: string) => (await fetch(broker.url + at)).status;
  const outcomes = () =>
    home.query('select outcome, count(*)::int as calls from calls group by outcome order by outcome');

  it.each(['frozen', 'closed'] as const)(
    'that is %s refuses in time, breaks off nothing, spends nothing, and is good again by itself',
    async (state) => {
      const running = await call('sandbox-long-200', true);
      path.state = state;
      const { requests: reached } = broker.sandbox.totals();
      const page = new Person(broker).get('/sign-in');
      const calls = Array.from({ length: 100 }, () => call());
      const refused = refresh();
      for (const response of await within(patience, Promise.all(calls)))
        await expectCallUnavailable(response);
      await expectTokensUnavailable(await within(patience, refused));
      expect(await page).toMatchObject({
        status: 503,
        text: expect.stringContaining('Try again in a moment'),
      });
      expect(await within(3_000, statusOf('/readyz'))).toBe(503);
      expect(await within(1_000, statusOf('/healthz'))).toBe(200);
      expect(broker.sandbox.totals().requests).toBe(reached);
      expect(await running.text()).toContain('data: [DONE]');

      path.state = 'open';
      await vi.waitFor(async () => expect((await call()).status).toBe(200), patience);
      expect((await refresh()).status).toBe(200);
      expect(await statusOf('/readyz')).toBe(200);
      await vi.waitFor(async () => {
        expect(await outcomes()).toEqual([{ outcome: 'answered', calls: 2 }]);
      }, patience);
    },
    40_000,
  );

  it('that breaks in the middle of a statement refuses the calls that wait for it, and forwards none of them', async () => {
    const running = await call('sandbox-long-100', true);
    const { requests: reached } = broker.sandbox.totals();
    path.state = 'frozen';
    const calls = Array.from({ length: 20 }, () => call());
    await vi.waitFor(() => expect(path.waiting).toBeGreaterThan(0));
    path.state = 'closed';
    for (const response of await within(patience, Promise.all(calls))) await expectCallUnavailable(response);
    path.state = 'open';
    expect(await running.text()).toContain('data: [DONE]');
    expect(broker.sandbox.totals().requests).toBe(reached);
    await vi.waitFor(async () => expect((await call()).status).toBe(200), patience);
  }, 40_000);

  it('that is slow makes calls slow, and fails none', async () => {
    path.delay = 100;
    const responses = await Promise.all(Array.from({ length: 30 }, () => call()));
    expect(responses.map(({ status }) => status)).toEqual(responses.map(() => 200));
    expect(await statusOf('/readyz')).toBe(200);
    path.delay = 0;
    await vi.waitFor(async () => {
      expect(await outcomes()).toEqual([{ outcome: 'answered', calls: 30 }]);
    }, patience);
  }, 40_000);

  it('that nobody answers at lets no server start, which says so in a line without the password', async () => {
    const silent = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const env = { COATCHECK_DATABASE_URL: `postgres://ada:marked-secret@127.0.0.1:${port}/coatcheck` };
    const { code, stderr } = await within(30_000, spawnCommand(home, ['serve'], { env }));
    silent.close();
    expect(stderr).toMatch(/^The database [^\n]+ cannot be used: [^\n]+ Check COATCHECK_DATABASE_URL\.\n$/);
    expect(stderr).not.toContain('marked-secret');
    expect(code).toBe(1);
  }, 40_000);
});
