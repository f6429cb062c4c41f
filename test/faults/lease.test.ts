import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { createHome, type Home } from '../support/home.ts';
import { type ServerProcess, startServer } from '../support/process.ts';
import { call, connectApp } from './support/connect.ts';

let home: Home;
let sandbox: Sandbox;

beforeEach(async () => {
  home = await createHome();
  sandbox = await startSandbox();
});
afterEach(async () => {
  await sandbox.close();
  await home.remove();
});

/** What the record says of calls: how each ended, and which instance had it. */
function recorded() {
  return home.query<{ model: string; outcome: string | null; instance: string }>(
    'select model, outcome, instance_id as instance from calls order by id',
  );
}

/** Freezes a process until something is so. It may hold the database at that moment, so that it takes some tries. */
async function freezeUntil({ child }: ServerProcess, isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 5 && !(await isSo()); tries++) {
    child.kill('SIGCONT');
    await sleep(70);
    child.kill('SIGSTOP');
    for (let waited = 0; waited < 5_000 && !(await isSo()); waited += 100) await sleep(100);
  }
  child.kill('SIGCONT');
}

it('a process that stood still for longer than its lease ends its calls and goes on under another id', async () => {
  const env = { COATCHECK_SANDBOX: sandbox.url };
  const slow = await startServer(home, env, { shortLease: true });
  const { access_token } = (await connectApp(home, slow.url)).tokens;
  const stream = await call(slow.url, access_token, 'sandbox-long-100000');
  const judge = await startServer(home, env, { shortLease: true });

  await freezeUntil(slow, async () => (await recorded())[0]?.outcome === 'lost');
  await expect(stream.text()).rejects.toThrow();
  expect(await recorded()).toMatchObject([{ model: 'sandbox-long-100000', outcome: 'lost' }]);

  expect(await (await call(slow.url, access_token, 'sandbox-long-1')).text()).toContain('[DONE]');
  expect(await slow.stop()).toBe(0);
  const [lost, answered] = await recorded();
  expect(lost).toMatchObject({ outcome: 'lost' });
  expect(answered).toMatchObject({ model: 'sandbox-long-1', outcome: 'answered' });
  expect(answered?.instance).not.toBe(lost?.instance);
  expect(slow.output()).toContain('going on under a new id');
  expect(await judge.stop()).toBe(0);
}, 60_000);
