import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { Browser } from '../../examples/demo/browser.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { password } from '../support/broker.ts';
import { createHome, type Home } from '../support/home.ts';
import { type ServerProcess, startServer } from '../support/process.ts';
import { call as callWith, connectApp } from './support/connect.ts';
import { expectCallUnavailable, expectTokensUnavailable } from './support/unavailable.ts';

let home: Home;
let sandbox: Sandbox;
let server: ServerProcess;
let app: Awaited<ReturnType<typeof connectApp>>;

beforeAll(async () => {
  home = await createHome();
  sandbox = await startSandbox();
  server = await startServer(home, { COATCHECK_SANDBOX: sandbox.url });
  app = await connectApp(home, server.url);
});
afterAll(async () => {
  await server.stop();
  await sandbox.close();
  await home.remove();
});

const call = (model: string, stream = false) =>
  callWith(server.url, app.tokens.access_token, model, { stream });

function refresh(): Promise<Response> {
  const { client, tokens } = app;
  const credentials = { client_id: client.id, client_secret: client.secret ?? '' };
  const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, ...credentials };
  return fetch(`${server.url}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) });
}

const outcomes = () => home.query('select model, outcome from calls order by id');

describe.runIf(inject('store') === 'sqlite')('SQLite', () => {
  /** Bytes that a file of the server's may have. */
  const limitFiles = (limit: string) => {
    execFileSync('prlimit', ['--pid', String(server.child.pid), `--fsize=${limit}:`]);
  };

  describe.skipIf(spawnSync('prlimit', ['--version']).status !== 0)('that has no room to write', () => {
    it('refuses calls, spends nothing, goes on with streams and pages, and recovers by itself', async () => {
      const { email } = app.user;
      const browser = new Browser();
      const signIn = await browser.open(`${server.url}/sign-in`);
      expect((await browser.submit(signIn, '/sign-in', { email, password })).status).toBe(200);
      const running = await call('sandbox-long-50', true);

      limitFiles('1');
      onTestFinished(() => limitFiles('unlimited'));
      const reached = sandbox.totals().requests;
      await expectCallUnavailable(await call('gpt-4o-mini'));
      await expectCallUnavailable(await call('gpt-4o-mini', true));
      expect(sandbox.totals().requests).toBe(reached);
      await expectTokensUnavailable(await refresh());

      expect(await running.text()).toContain('data: [DONE]');
      expect(await browser.open(`${server.url}/activity`)).toMatchObject({ status: 200 });
      const stranger = new Browser();
      const page = await stranger.open(`${server.url}/sign-in`);
      const failed = await stranger.submit(page, '/sign-in', { email, password });
      expect(failed.status).toBe(503);
      expect(failed.text).toContain('Try again in a moment');
      expect(await outcomes()).toEqual([{ model: 'sandbox-long-50', outcome: null }]);

      limitFiles('unlimited');
      expect((await call('gpt-4o-mini')).status).toBe(200);
      expect((await refresh()).status).toBe(200);
      await vi.waitFor(async () => {
        expect(await outcomes()).toEqual([
          { model: 'sandbox-long-50', outcome: 'answered' },
          { model: 'gpt-4o-mini', outcome: 'answered' },
        ]);
      });
    });
  });

  it('that another process keeps locked holds up no stream, refuses calls in time, and recovers by itself', async () => {
    const running = await call('sandbox-long-200', true);
    const reader = running.body?.pipeThrough(new TextDecoderStream()).getReader() ?? expect.fail();
    let text = '';
    let longestSilence = 0;
    const read = async () => {
      let last = performance.now();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        text += part.value;
        longestSilence = Math.max(longestSilence, performance.now() - last);
        last = performance.now();
      }
    };
    const reading = read();
    const database = new Database(join(home.dataDir, 'coatcheck.db'));
    database.exec('BEGIN IMMEDIATE');
    const lockedAt = performance.now();
    const waits: number[] = [];
    while (performance.now() - lockedAt < 3_000) {
      const askedAt = performance.now();
      await expectCallUnavailable(await call('gpt-4o-mini'));
      waits.push(performance.now() - askedAt);
    }
    database.close();
    expect(Math.max(...waits)).toBeLessThan(3_000);
    expect((await call('gpt-4o-mini')).status).toBe(200);
    await reading;
    expect(text).toContain('data: [DONE]');
    expect(longestSilence).toBeLessThan(900);
    await vi.waitFor(async () => {
      const [newest] = (await outcomes()).slice(-1);
      expect(newest).toEqual({ model: 'gpt-4o-mini', outcome: 'answered' });
      expect(await outcomes()).not.toContainEqual(expect.objectContaining({ outcome: null }));
    });
  });
});
