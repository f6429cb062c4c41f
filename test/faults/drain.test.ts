import { Agent, get } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { openSocket } from '../proxy/support/sockets.ts';
import { createHome, type Home } from '../support/home.ts';
import { type ServerProcess, startServer } from '../support/process.ts';
import { call, connectApp } from './support/connect.ts';

const streams = 100;

let home: Home;
let sandbox: Sandbox;
let token: string;

beforeEach(async () => {
  home = await createHome();
  sandbox = await startSandbox();
});
afterEach(async () => {
  await sandbox.close();
  await home.remove();
});

/** Starts a server and an app connected to it. */
async function start(drainTimeout: number): Promise<ServerProcess> {
  const server = await startServer(home, {
    COATCHECK_SANDBOX: sandbox.url,
    COATCHECK_DRAIN_TIMEOUT: String(drainTimeout),
  });
  token = (await connectApp(home, server.url)).tokens.access_token;
  return server;
}

/** Opens a stream and waits for its first bytes. @returns how it ends */
async function openStream(server: ServerProcess, model: string) {
  const response = await call(server.url, token, model);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) throw new Error('no body');
  let text = (await reader.read()).value ?? '';
  const end = async (): Promise<'finished' | 'broken' | 'ended as if finished'> => {
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
      return text.includes('data: [DONE]') ? 'finished' : 'ended as if finished';
    } catch {
      return 'broken';
    }
  };
  return { ended: end() };
}

function openStreams(server: ServerProcess, model: string) {
  return Promise.all(Array.from({ length: streams }, () => openStream(server, model)));
}

/** The calls on record, counted by how they ended, and the instances that are left. */
async function recorded() {
  return {
    outcomes: await home.query('select outcome, cast(count(*) as integer) as calls from calls group by 1'),
    instances: await home.query('select * from instances'),
  };
}

/** Asks `/readyz` on one connection that stays open. */
function frontProxy(server: ServerProcess) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    async ask() {
      const { promise, resolve, reject } = Promise.withResolvers<{ status?: number; body: string }>();
      get(`${server.url}/readyz`, { agent }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      }).on('error', reject);
      return promise;
    },
    close: () => agent.destroy(),
  };
}

describe(`SIGTERM during ${streams} streams`, () => {
  it('lets them finish, answers that it stops, and leaves with 0 and nothing pending', async () => {
    const server = await start(30);
    const proxy = frontProxy(server);
    expect(await proxy.ask()).toMatchObject({ status: 200 });
    const open = await openStreams(server, 'sandbox-long-150');
    const exit = server.stop('SIGTERM');
    await vi.waitFor(async () => {
      expect(await proxy.ask()).toMatchObject({ status: 503, body: expect.stringContaining('stopping') });
    });
    // Often, as a proxy does, without being cut off.
    expect(await proxy.ask()).toMatchObject({ status: 503 });
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
    const ends = await Promise.all(open.map(({ ended }) => ended));
    expect(ends.filter((end) => end === 'finished')).toHaveLength(streams);
    expect(await exit).toBe(0);
    proxy.close();
    expect(await recorded()).toEqual({ outcomes: [{ outcome: 'answered', calls: streams }], instances: [] });
  }, 60_000);

  it('ends those that the timeout finds open, and leaves with 0 and nothing pending', async () => {
    const server = await start(1);
    const open = await openStreams(server, 'sandbox-long-100000');
    const began = performance.now();
    const exit = server.stop('SIGTERM');
    const ends = await Promise.all(open.map(({ ended }) => ended));
    expect(await exit).toBe(0);
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(ends.filter((end) => end === 'broken')).toHaveLength(streams);
    expect(await recorded()).toEqual({ outcomes: [{ outcome: 'aborted', calls: streams }], instances: [] });
  }, 60_000);
});

describe('SIGTERM with open WebSockets', () => {
  const ask = (model: string) => ({ type: 'response.create', model, input: 'Go on' });

  it('ends idle ones, lets an answer finish, and leaves with 0 and nothing pending', async () => {
    const server = await start(30);
    const at = { url: `${server.url}/openai/v1`, token };
    const idle = await openSocket(at, '/responses');
    const busy = await openSocket(at, '/responses');
    busy.send(ask('sandbox-long-50'));
    await busy.until('response.created');
    const exit = server.stop('SIGTERM');
    expect((await idle.closed).code).toBe(1012);
    await busy.until('response.completed');
    expect((await busy.closed).code).toBe(1012);
    expect(await exit).toBe(0);
    expect(await recorded()).toEqual({ outcomes: [{ outcome: 'answered', calls: 3 }], instances: [] });
  }, 60_000);

  it('ends those that the timeout finds open, also one that does not read', async () => {
    const server = await start(1);
    const at = { url: `${server.url}/openai/v1`, token };
    const [reading, silent] = [await openSocket(at, '/responses'), await openSocket(at, '/responses')];
    for (const busy of [reading, silent]) {
      busy.send(ask('sandbox-long-100000'));
      await busy.until('response.created');
    }
    silent.socket.pause();
    const began = performance.now();
    const exit = server.stop('SIGTERM');
    expect((await reading.closed).code).toBe(1012);
    expect(await exit).toBe(0);
    expect(performance.now() - began).toBeLessThan(8_000);
    silent.socket.terminate();
    const { outcomes, instances } = await recorded();
    expect(instances).toEqual([]);
    expect(outcomes).toEqual(
      expect.arrayContaining([
        { outcome: 'answered', calls: 2 },
        { outcome: 'cut', calls: 2 },
      ]),
    );
  }, 60_000);
});
