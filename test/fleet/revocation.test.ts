import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { listenerName } from '../../src/store/postgres/ending_signal.ts';
import { obtainTokens, revoke } from '../conformance/flow.ts';
import type { RegisteredApp } from '../conformance/target.ts';
import { distribution, now, openStreams } from '../proxy/support/open_streams.ts';
import { type Answer, startUpstream, type Upstream } from '../proxy/support/upstream.ts';
import { type FleetTarget, startFleetTarget } from './target.ts';

const streamsEach = 67;
/** What the documentation promises, in milliseconds. */
const bound = 1_000;
/** Milliseconds between two events of a stream: few enough that what is measured is not the machine. */
const betweenEvents = 200;

/** Goes on until the broker lets go. */
const endless: Answer = (response, { closed }) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const write = () => response.write('data: {"choices":[]}\n\n');
  write();
  const timer = setInterval(write, betweenEvents);
  void closed.then(() => clearInterval(timer));
};

let upstream: Upstream;
let target: FleetTarget;
let app: RegisteredApp;
beforeAll(async () => {
  upstream = await startUpstream(endless);
  target = await startFleetTarget({ upstreamUrl: upstream.url });
  app = await target.registerApp();
});
afterAll(async () => {
  await target.close();
  await upstream.close();
});

const listeners = `from pg_stat_activity where datname = current_database() and application_name = '${listenerName}'`;

/** Ends every connection that listens, and lets none come back. */
async function refuseListeners(): Promise<void> {
  await target.fleet.home.query(`
    create function refuse_listeners() returns event_trigger language plpgsql as $$ begin
      if current_setting('application_name') = '${listenerName}' then raise 'nobody may listen'; end if;
    end $$;
    create event trigger refuse_listeners on login execute function refuse_listeners();
    select pg_terminate_backend(pid) ${listeners}`);
  await expectListeners(0);
}

async function expectListeners(count: number): Promise<void> {
  const listening = `select pid ${listeners} and query like 'listen%'`;
  await vi.waitFor(async () => expect(await target.fleet.home.query(listening)).toHaveLength(count));
}

/**
 * Opens streams at each instance, past the front proxy, and has what they run under revoked.
 * @param how for people to read beside the figures
 * @param revoking gives the status of the answer, after which the streams may not go on for longer than the bound
 */
async function expectCut(how: string, accessToken: string, revoking: () => Promise<number>): Promise<void> {
  const opened = await Promise.all(
    target.fleet.instances.map(({ url }) => openStreams(`${url}/openai/v1`, accessToken, streamsEach)),
  );
  expect([200, 303]).toContain(await revoking());
  const revokedAt = now();
  const ends = await Promise.all(opened.map((streams) => streams.ends));
  const after = ends.flat().map((at) => at - revokedAt);
  process.stdout.write(`${how}: ${distribution(after)}\n`);
  expect(Math.max(...after)).toBeLessThan(bound);
  await Promise.all(upstream.requests.map(({ closed }) => closed));
}

describe.each([
  // Those of the fleet and the one in this process.
  { who: 'instances that are told', prepare: () => expectListeners(target.fleet.instances.length + 1) },
  { who: 'instances that nobody can tell', prepare: refuseListeners },
])('within a second of a revocation, streams fall silent at all $who', ({ who, prepare }) => {
  beforeAll(prepare);

  it('at the revocation endpoint', async () => {
    const { accessToken, refreshToken } = await obtainTokens(target, app);
    await expectCut(
      `${who}, endpoint`,
      accessToken,
      async () => (await revoke(target, app, refreshToken)).status,
    );
  });

  it('on the page', async () => {
    const browser = await target.signIn();
    const { accessToken } = await obtainTokens(target, app, {}, { browser });
    const path = `/apps/${decodeJwt<{ grant_id: string }>(accessToken).grant_id}`;
    await browser.get(path);
    await expectCut(`${who}, page`, accessToken, async () => (await browser.post(`${path}/revoke`)).status);
  });
});
