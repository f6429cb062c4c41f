import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Sandbox, startSandbox } from '../src/sandbox/server.ts';
import { call, connectApp } from './faults/support/connect.ts';
import { createPostgresHome, type Home } from './support/home.ts';
import { type ServerProcess, startServer } from './support/process.ts';

const patience = { timeout: 15_000, interval: 50 };

let home: Home;
let sandbox: Sandbox;
beforeEach(async () => {
  home = await createPostgresHome();
  sandbox = await startSandbox();
});
afterEach(async () => {
  await sandbox.close();
  await home.remove();
});

/** Starts two workers, and connects an app. */
async function start(options?: { readonly shortLease: boolean }) {
  const env = { COATCHECK_WORKERS: '2', COATCHECK_SANDBOX: sandbox.url, COATCHECK_DRAIN_TIMEOUT: '90' };
  const server = await startServer(home, env, options);
  const { access_token: token } = (await connectApp(home, server.url)).tokens;
  return { server, ask: (model: string) => call(server.url, token, model) };
}

/** Process ids of the workers that ever listened, oldest first. */
function workersOf(server: ServerProcess): readonly number[] {
  const lines = server.output().matchAll(/"worker":(\d+),"msg":"a worker listens"/g);
  return [...lines].map(([, pid]) => Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The calls on record by instance and how they ended. */
async function recorded() {
  const calls = await home.query<{ model: string; instance: string; outcome: string | null }>(
    'select model, instance_id as instance, outcome from calls',
  );
  return {
    models: new Set(calls.map(({ model }) => model)),
    instances: new Set(calls.map(({ instance }) => instance)),
    outcomes: new Set(calls.map(({ outcome }) => outcome)),
  };
}

/** Streams that have begun, until so many workers have had some. */
async function openStreams(ask: (model: string) => Promise<Response>, workers = 2) {
  const responses: Response[] = [];
  // Which worker takes a connection is up to the system; each stream that is open takes one.
  do {
    responses.push(...(await Promise.all(Array.from({ length: 10 }, () => ask('sandbox-long-60')))));
  } while ((await recorded()).instances.size < workers);
  return responses;
}

/** Waits for the end of a stream, which has to be a good one. */
async function finish(response: Response | Promise<Response>): Promise<void> {
  expect(await (await response).text()).toContain('[DONE]');
}

describe('several workers', { timeout: 60_000 }, () => {
  it('answer at one port, and are announced once', async () => {
    const server = await startServer(home, { COATCHECK_WORKERS: '2' });
    const { access_token: token } = (await connectApp(home, server.url)).tokens;
    const streams = await openStreams((model) => call(server.url, token, model));
    await Promise.all(streams.map(finish));
    expect(await server.stop()).toBe(0);
    expect(server.output().match(/Coatcheck is at|link in this file|"stopped"/g)).toHaveLength(3);
  });

  it('of which one is killed lose no record of a call, and are two again soon', async () => {
    const { server, ask } = await start({ shortLease: true });
    const streams = await openStreams(ask);
    const models = Array.from({ length: 50 }, (_, number) => `gpt-worker-${number}`);
    const asked = Promise.allSettled([...streams, ...models.map(ask)].map(finish));
    const [killed = 0] = workersOf(server);
    process.kill(killed, 'SIGKILL');
    await vi.waitUntil(() => workersOf(server).length === 3, patience);
    const answered = (await asked).filter(({ status }) => status === 'fulfilled');
    expect(answered.length).toBeGreaterThan(0);
    await Promise.all((await openStreams(ask, 3)).map(finish));
    await vi.waitFor(async () => expect((await recorded()).outcomes).not.toContain(null), patience);

    const { models: onRecord, instances, outcomes } = await recorded();
    const upstream = sandbox.received().map(({ model }) => model ?? '');
    expect(upstream.filter((model) => !onRecord.has(model))).toEqual([]);
    expect(instances.size).toBe(3);
    expect(outcomes).toContain('lost');
    expect(await server.stop()).toBe(0);
  });

  it.each([
    ['SIGTERM to the first process', 'SIGTERM', () => []],
    ['an interrupt from the terminal, which all processes get', 'SIGINT', workersOf],
  ] as const)('all finish what is under way after %s', async (_, signal, alsoTo) => {
    const { server, ask } = await start();
    const streams = await openStreams(ask);
    for (const pid of alsoTo(server)) process.kill(pid, signal);
    const exit = server.stop(signal);
    await Promise.all(streams.map(finish));
    expect(await exit).toBe(0);
    expect(server.output()).toMatch(/"msg":"stopped"\}\n$/);
    expect((await recorded()).outcomes).toEqual(new Set(['answered']));
    expect(await home.query('select id from instances')).toEqual([]);
  });

  it('of which one breaks off while stopping end with 1', async () => {
    const { server, ask } = await start();
    const streams = await openStreams(ask);
    const exit = server.stop();
    const [killed = 0] = workersOf(server);
    process.kill(killed, 'SIGKILL');
    await Promise.allSettled(streams.map(finish));
    expect(await exit).toBe(1);
    expect(server.output()).toMatch(/Not every worker finished what was under way.*\n$/);
  });

  it('end at a second signal without finishing', async () => {
    const { server, ask } = await start();
    const stream = await ask('sandbox-long-100000');
    const workers = workersOf(server);
    server.child.kill('SIGTERM');
    await vi.waitUntil(() => server.output().includes('finishing what is under way'), patience);
    expect(await server.stop('SIGTERM')).toBe(null);
    await expect(stream.text()).rejects.toThrow();
    await vi.waitUntil(() => !workers.some(isAlive), patience);
  });

  it('finish what is under way and leave when the first process is killed', async () => {
    const { server, ask } = await start();
    const streams = await openStreams(ask);
    const workers = workersOf(server);
    await server.stop('SIGKILL');
    await Promise.all(streams.map(finish));
    await vi.waitUntil(() => !workers.some(isAlive), patience);
    expect((await recorded()).outcomes).toEqual(new Set(['answered']));
    expect(await home.query('select id from instances')).toEqual([]);
  });

  it('end when one cannot be replaced, and say why', async () => {
    const { server } = await start();
    const ended = new Promise((resolve) => server.child.once('exit', resolve));
    rmSync(join(home.dataDir, 'master.key'));
    const [killed = 0, other = 0] = workersOf(server);
    process.kill(killed, 'SIGKILL');
    expect(await ended).toBe(1);
    expect(server.output()).toContain('There is no master key');
    expect(server.output()).toMatch(/A worker failed to start 5 times in a row.*\n$/);
    expect(isAlive(other)).toBe(false);
  });
});
