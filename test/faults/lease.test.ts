import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { runJson, type ServerProcess, startServer } from '../support/process.ts';

const email = 'ada@example.com';

let dataDir: string;
let sandbox: Sandbox;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'coatcheck-lease-'));
  sandbox = await startSandbox();
});
afterEach(async () => {
  await sandbox.close();
  rmSync(dataDir, { recursive: true });
});

/** An access token of a connected app. */
async function connect(env: Record<string, string>): Promise<string> {
  await runJson(dataDir, ['user', 'create', '--email', email], { input: 'correct horse battery\n' });
  const deposit = ['key', 'deposit', '--user', email, '--provider', 'openai'];
  await runJson(dataDir, deposit, { input: 'sk-sandbox-lease-test\n', env });
  const app = ['app', 'create', '--owner', email, '--name', 'Lease'];
  const { client_id } = await runJson<{ client_id: string }>(dataDir, [
    ...app,
    '--redirect-uri',
    'https://app.example.com/',
  ]);
  const grant = ['grant', 'create', '--user', email, '--client', client_id, '--scope', 'openai:text'];
  return (await runJson<{ access_token: string }>(dataDir, grant, { env })).access_token;
}

/** What the record says of calls: how each ended, and which instance had it. */
function recorded() {
  const database = new Database(join(dataDir, 'coatcheck.db'), { readonly: true });
  const calls = database
    .prepare('select model, outcome, instance_id as instance from calls order by id')
    .all();
  database.close();
  return calls as { model: string; outcome: string | null; instance: string }[];
}

function call(server: ServerProcess, token: string, model: string): Promise<Response> {
  return fetch(`${server.url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'hello' }] }),
  });
}

/** Freezes a process until something is so. It may hold the database at that moment, so that it takes some tries. */
async function freezeUntil({ child }: ServerProcess, isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 5 && !isSo(); tries++) {
    child.kill('SIGCONT');
    await sleep(70);
    child.kill('SIGSTOP');
    for (let waited = 0; waited < 5_000 && !isSo(); waited += 100) await sleep(100);
  }
  child.kill('SIGCONT');
}

it('a process that stood still for longer than its lease ends its calls and goes on under another id', async () => {
  const env = { COATCHECK_SANDBOX: sandbox.url };
  const slow = await startServer(dataDir, env, { shortLease: true });
  const token = await connect(env);
  const stream = await call(slow, token, 'sandbox-long-100000');
  const judge = await startServer(dataDir, env, { shortLease: true });

  await freezeUntil(slow, () => recorded()[0]?.outcome === 'lost');
  await expect(stream.text()).rejects.toThrow();
  expect(recorded()).toMatchObject([{ model: 'sandbox-long-100000', outcome: 'lost' }]);

  expect(await (await call(slow, token, 'sandbox-long-1')).text()).toContain('[DONE]');
  expect(await slow.stop()).toBe(0);
  const [lost, answered] = recorded();
  expect(lost).toMatchObject({ outcome: 'lost' });
  expect(answered).toMatchObject({ model: 'sandbox-long-1', outcome: 'answered' });
  expect(answered?.instance).not.toBe(lost?.instance);
  expect(slow.output()).toContain('going on under a new id');
  expect(await judge.stop()).toBe(0);
}, 60_000);
