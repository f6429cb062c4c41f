import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, authorizeUrl, formAuth, obtainTokens, post, refresh } from './flow.ts';
import { type LocalTarget, type RegisteredApp, startTarget } from './target.ts';

/** The peer of every test is trusted to name the address that it asks for. */
const from = (address: string) => ({ 'x-forwarded-for': address });
const window = 15 * 60;

let target: LocalTarget;
let app: RegisteredApp;
let otherApp: RegisteredApp;
let confidential: RegisteredApp;
beforeAll(async () => {
  target = await startTarget({ env: { COATCHECK_TRUSTED_PROXIES: '127.0.0.1' } });
  app = await target.registerApp({ type: 'native', redirectUris: ['http://127.0.0.1/callback'] });
  otherApp = await target.registerApp({ type: 'native', redirectUris: ['http://127.0.0.1/callback'] });
  confidential = await target.registerApp();
});
afterAll(() => target.close());

/** Sends a request again and again, some at a time. @returns the first answer of this status, null when none comes */
async function until(status: number, most: number, send: () => Promise<Response>): Promise<Response | null> {
  for (let sent = 0; sent < most; sent += 10) {
    const answers = await Promise.all(Array.from({ length: 10 }, send));
    const found = answers.find((answer) => answer.status === status);
    if (found) return found;
  }
  return null;
}

function expectPause(answer: Response | null): void {
  expect(answer?.status).toBe(429);
  expect(Number(answer?.headers.get('retry-after'))).toBeGreaterThan(0);
}

const authorize = (client: RegisteredApp, address: string) =>
  fetch(authorizeUrl(target, client), { redirect: 'manual', headers: from(address) });

describe('limits', () => {
  it('161 authorization requests without a sign-in are limited per app and address, by a page', async () => {
    const paused = await until(429, 400, () => authorize(app, '203.0.113.1'));
    expectPause(paused);
    expect(paused?.headers.get('content-type')).toMatch(/^text\/html/);
    expect(paused?.headers.get('location')).toBeNull();
    expect((await authorize(otherApp, '203.0.113.1')).status).toBe(303);
    expect((await authorize(app, '198.51.100.1')).status).toBe(303);
    const browser = await target.signIn();
    const signedIn = await browser.request(authorizeUrl(target, app), { headers: from('203.0.113.1') });
    expect(signedIn.status).toBe(303);
    target.advance(window + 1);
    expect((await authorize(app, '203.0.113.1')).status).toBe(303);
  });

  const pushed = (client: RegisteredApp) => ({
    ...Object.fromEntries(new URL(authorizeUrl(target, client)).searchParams),
    ...formAuth(client),
  });
  it.each([
    ['pushed requests', '/oauth/par', 201, pushed],
    ['device requests', '/oauth/device', 200, formAuth],
  ] as const)(
    '161 %s of public clients are limited per app and address',
    async (_name, path, good, fields) => {
      const send = (client: RegisteredApp, address = '203.0.113.2') =>
        post(target, path, fields(client), from(address));
      const paused = await until(429, 400, () => send(app));
      expectPause(paused);
      expect(await paused?.json()).toMatchObject({ error: 'temporarily_unavailable' });
      expect((await send(otherApp)).status).toBe(good);
      expect((await send(app, '198.51.100.2')).status).toBe(good);
      expect(await until(429, 400, () => send(confidential))).toBeNull();
    },
  );

  const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
  const guess = () => randomBytes(32).toString('base64url');
  it.each([
    ['codes', '/oauth/token', 'invalid_grant', () => ({ grant_type: 'authorization_code', code: guess() })],
    [
      'device codes',
      '/oauth/token',
      'invalid_grant',
      () => ({ grant_type: deviceGrant, device_code: guess() }),
    ],
    [
      'refresh tokens',
      '/oauth/token',
      'invalid_grant',
      () => ({ grant_type: 'refresh_token', refresh_token: guess() }),
    ],
    ['tokens to introspect', '/oauth/introspect', 'temporarily_unavailable', () => ({ token: guess() })],
    ['tokens to revoke', '/oauth/revoke', 'temporarily_unavailable', () => ({ token: guess() })],
  ])(
    '161 guessing %s is limited, and slows nobody who has the right ones',
    async (_name, path, error, guessed) => {
      const client = await target.registerApp();
      const tokens = await obtainTokens(target, client);
      const here = from('203.0.113.3');
      const paused = await until(429, 400, () =>
        post(target, path, { ...formAuth(client), ...guessed() }, here),
      );
      expectPause(paused);
      expect(await paused?.json()).toMatchObject({ error });
      expect((await refresh(target, client, tokens.refreshToken)).status).toBe(200);
      const token = tokens.accessToken;
      expect(await ask(target, '/oauth/introspect', { ...formAuth(client), token }, here)).toMatchObject({
        status: 200,
        body: { active: true },
      });
      expect(await ask(target, '/oauth/revoke', { ...formAuth(client), token }, here)).toMatchObject({
        status: 200,
      });
    },
  );
});
