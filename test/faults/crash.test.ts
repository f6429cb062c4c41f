import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Browser } from '../../examples/demo/browser.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { freePort, runCommand, runJson, type ServerProcess, startServer } from '../support/process.ts';

const calls = 200;
const email = 'ada@example.com';
const password = 'correct horse battery';
// Nobody listens there, and nothing has to: the code is read off the redirect.
const redirectUri = 'http://127.0.0.1:9/callback';

let dataDir: string;
let sandbox: Sandbox;
let env: Record<string, string>;
let tokens: { grant_id: string; access_token: string; refresh_token: string };
let client: { client_id: string; client_secret: string };

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'coatcheck-crash-'));
  sandbox = await startSandbox();
  env = { COATCHECK_SANDBOX: sandbox.url, PORT: String(await freePort()) };
  await runJson(dataDir, ['user', 'create', '--email', email], { input: `${password}\n` });
  await runJson(dataDir, ['key', 'deposit', '--user', email, '--provider', 'openai'], {
    input: 'sk-sandbox-crash-test\n',
    env,
  });
  const app = ['app', 'create', '--owner', email, '--name', 'Crash', '--redirect-uri', redirectUri];
  client = await runJson(dataDir, app);
  const grant = ['grant', 'create', '--user', email, '--client', client.client_id, '--scope', 'openai:text'];
  tokens = await runJson(dataDir, grant, { env });
});

afterAll(async () => {
  await sandbox.close();
  rmSync(dataDir, { recursive: true });
});

/** One call whose model names it, so that it can be told apart upstream and in the record. */
async function call(server: ServerProcess, model: string): Promise<void> {
  try {
    const response = await fetch(`${server.url}/openai/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokens.access_token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'hello' }] }),
    });
    await response.text();
  } catch {
    // The server dies in the middle; that is the test.
  }
}

function exchange(server: ServerProcess, form: Record<string, string>): Promise<Response> {
  const body = new URLSearchParams({ ...form, ...client });
  return fetch(`${server.url}/oauth/token`, { method: 'POST', body });
}

function refresh(server: ServerProcess, token: string): Promise<Response> {
  return exchange(server, { grant_type: 'refresh_token', refresh_token: token });
}

/** Signs in, approves the app, and gives what the app would redeem. */
async function authorize(server: ServerProcess): Promise<Record<string, string>> {
  const verifier = 'v'.repeat(43);
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: redirectUri,
    scope: 'openai:text',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const browser = new Browser();
  const signIn = await browser.open(`${server.url}/oauth/authorize?${query}`);
  const consent = await browser.submit(signIn, '/sign-in', { email, password });
  const choice = { scope: 'openai:text', life: 'day', decision: 'approve' };
  // The app's address is nowhere; where the browser is sent is all that is wanted.
  await browser.submit(consent, new URL(consent.url).pathname, choice).catch(() => {});
  const code = new URL(browser.lastUrl).searchParams.get('code') ?? '';
  return { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier };
}

interface RecordedCall {
  readonly call_id: string;
  readonly model: string;
  readonly outcome: string | null;
  readonly cost_nano_usd: number | null;
}

/** The calls on record whose model begins so. */
async function recordedCalls(model: string): Promise<readonly RecordedCall[]> {
  const { stdout } = await runCommand(dataDir, ['calls', 'export']);
  const lines = stdout.split('\n').filter((line) => line !== '');
  const recorded = lines.map((line) => JSON.parse(line) as RecordedCall);
  return recorded.filter((each) => each.model.startsWith(model));
}

function upstreamModels(): readonly string[] {
  return sandbox
    .received()
    .map(({ model }) => model)
    .filter((model) => model !== null);
}

/** What was settled before the crash stays as it was; what was pending is lost, at a cost that nobody knows. */
async function expectRecovery(before: readonly RecordedCall[], model: string): Promise<void> {
  const pending = before.filter(({ outcome }) => outcome === null);
  expect(pending.length).toBeGreaterThan(0);
  await vi.waitFor(
    async () => {
      const now = new Map((await recordedCalls(model)).map((each) => [each.call_id, each]));
      expect(before.map(({ call_id }) => now.get(call_id))).toEqual(
        before.map((each) => (each.outcome === null ? { ...each, ...lost } : each)),
      );
    },
    { timeout: 10_000, interval: 250 },
  );
}

const lost = { outcome: 'lost', status: null, cost_nano_usd: null };

describe('kill -9', () => {
  it.each([5, 40, 120])(
    `during ${calls} concurrent calls, %i ms after the first reached the provider, loses no record`,
    async (delay) => {
      const server = await startServer(dataDir, env, { shortLease: true });
      const before = upstreamModels().length;
      const running = Array.from({ length: calls }, (_, n) => call(server, `crash-${delay}-${n}`));
      while (upstreamModels().length === before) await new Promise((resolve) => setTimeout(resolve, 1));
      await new Promise((resolve) => setTimeout(resolve, delay));
      await server.stop('SIGKILL');
      await Promise.all(running);

      const reached = upstreamModels().slice(before);
      const recorded = await recordedCalls(`crash-${delay}-`);
      const models = new Set(recorded.map(({ model }) => model));
      expect(reached.length).toBeGreaterThan(0);
      expect(reached.filter((model) => !models.has(model))).toEqual([]);

      const again = await startServer(dataDir, env, { shortLease: true });
      await call(again, `crash-${delay}-after`);
      expect(upstreamModels()).toContain(`crash-${delay}-after`);
      await expectRecovery(recorded, `crash-${delay}-`);
      await again.stop();
    },
    60_000,
  );

  it('leaves a spent refresh token spent', async () => {
    const server = await startServer(dataDir, env);
    const first = await refresh(server, tokens.refresh_token);
    const next = ((await first.json()) as { refresh_token: string }).refresh_token;
    const second = await refresh(server, next);
    await server.stop('SIGKILL');
    expect([first.status, second.status]).toEqual([200, 200]);

    const again = await startServer(dataDir, env);
    const reused = await refresh(again, tokens.refresh_token);
    await again.stop();
    expect(reused.status).toBe(400);
    expect(await reused.json()).toMatchObject({ error: 'invalid_grant' });
  });

  it('leaves a spent code spent', async () => {
    const server = await startServer(dataDir, env);
    const form = await authorize(server);
    const first = await exchange(server, form);
    await server.stop('SIGKILL');
    expect(first.status).toBe(200);

    const again = await startServer(dataDir, env);
    const replayed = await exchange(again, form);
    await again.stop();
    expect(replayed.status).toBe(400);
    expect(await replayed.json()).toMatchObject({ error: 'invalid_grant' });
  });
});
