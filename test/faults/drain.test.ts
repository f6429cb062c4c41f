import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { runJson, type ServerProcess, startServer } from '../support/process.ts';

const streams = 100;
const email = 'ada@example.com';

let dataDir: string;
let sandbox: Sandbox;
let env: Record<string, string>;
let token: string;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'coatcheck-drain-'));
  sandbox = await startSandbox();
  env = { COATCHECK_SANDBOX: sandbox.url };
});
afterEach(async () => {
  await sandbox.close();
  rmSync(dataDir, { recursive: true });
});

/** Starts a server and an app connected to it. */
async function start(drainTimeout: number): Promise<ServerProcess> {
  const server = await startServer(dataDir, { ...env, COATCHECK_DRAIN_TIMEOUT: String(drainTimeout) });
  await runJson(dataDir, ['user', 'create', '--email', email], { input: 'correct horse battery\n' });
  const deposit = ['key', 'deposit', '--user', email, '--provider', 'openai'];
  await runJson(dataDir, deposit, { input: 'sk-sandbox-drain-test\n', env });
  const app = [
    'app',
    'create',
    '--owner',
    email,
    '--name',
    'Drain',
    '--redirect-uri',
    'https://app.example.com/',
  ];
  const { client_id } = await runJson<{ client_id: string }>(dataDir, app);
  const grant = ['grant', 'create', '--user', email, '--client', client_id, '--scope', 'openai:text'];
  token = (await runJson<{ access_token: string }>(dataDir, grant)).access_token;
  return server;
}

/** Opens a stream and waits for its first bytes. @returns how it ends */
async function openStream(server: ServerProcess, model: string) {
  const response = await fetch(`${server.url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'hello' }] }),
  });
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

/** Counts the calls on record by how they ended, and the instances that are left. */
function recorded() {
  const database = new Database(join(dataDir, 'coatcheck.db'), { readonly: true });
  const outcomes = database.prepare('select outcome, count(*) from calls group by 1').raw().all();
  const instances = database.prepare('select count(*) from instances').pluck().get();
  database.close();
  return { outcomes, instances };
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
    expect(recorded()).toEqual({ outcomes: [['answered', streams]], instances: 0 });
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
    expect(recorded()).toEqual({ outcomes: [['aborted', streams]], instances: 0 });
  }, 60_000);
});
