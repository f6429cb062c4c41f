import { afterAll, describe, expect, it } from 'vitest';
import { expectPage } from './expect_page.ts';
import { answerOf, authorizeUrl, obtainTokens, walk } from './flow.ts';
import { type RegisteredApp, startTarget } from './target.ts';

const target = await startTarget();
afterAll(() => target.close());
const app = await target.registerApp({
  redirectUris: ['https://app.example/callback', 'https://app.example/other'],
});

const authorize = (client: RegisteredApp, redirectUri: string | undefined, changes = {}) =>
  target.newBrowser().request(authorizeUrl(target, client, { redirect_uri: redirectUri, ...changes }));

async function expectAccepted(client: RegisteredApp, redirectUri: string) {
  const response = await authorize(client, redirectUri, { scope: 'no:such' });
  expect(response.status, redirectUri).toBe(303);
  expect(response.headers.get('location')?.startsWith(redirectUri), redirectUri).toBe(true);
}

const mutations = [
  'https://app.example/callback/',
  'https://app.example/Callback',
  'https://APP.example/callback',
  'HTTPS://app.example/callback',
  'https://app.example/%63allback',
  'https://app.example/other/../callback',
  'https://app.example/x/%2e%2e/callback',
  'https://app.example/callback%2F',
  'https://app.example/callback/..;/',
  'https://app.example/callback?x=1',
  'https://app.example/callback?',
  'https://app.example/callback#',
  'https://app.example/callback#fragment',
  'https://app.example/callback@evil.example',
  'https://app.example@evil.example/callback',
  'https://user@app.example/callback',
  'https://app.example\\@evil.example/callback',
  'https://evil.example\\app.example/callback',
  'https://app.example:443/callback',
  'https://app.example:8443/callback',
  'https://app.example./callback',
  'https://äpp.example/callback',
  'https://app。example/callback',
  ' https://app.example/callback',
  'https://app.example/callback ',
  'https://app.example/callback\n',
  '//app.example/callback',
  '/callback',
  'http://app.example/callback',
];

describe('redirect URI', () => {
  it('2 unregistered gets a page whatever else is wrong, and is escaped on it', async () => {
    const hostile = 'https://evil.example/"><img src=x onerror=alert(1)>';
    const html = await expectPage(
      await authorize(app, hostile, { response_type: 'token', scope: 'no:such' }),
    );
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img');
  });

  it.each(mutations)('3 %j is not the registered one', async (uri) => {
    await expectPage(await authorize(app, uri));
  });

  it('4 on http loopback any port is accepted, and nothing else may differ', async () => {
    for (const host of ['127.0.0.1', '[::1]']) {
      for (const type of ['native', 'web', 'spa'] as const) {
        const loopback = await target.registerApp({ type, redirectUris: [`http://${host}/cb?a=b`] });
        for (const port of ['', ':1', ':8080', ':65535']) {
          await expectAccepted(loopback, `http://${host}${port}/cb?a=b`);
        }
        for (const rest of [
          ':8080/cb',
          ':8080/cb?a=b&c',
          ':8080/cb/?a=b',
          ':65536/cb?a=b',
          ':/cb?a=b',
          ':80a/cb?a=b',
        ]) {
          await expectPage(await authorize(loopback, `http://${host}${rest}`));
        }
        await expectPage(await authorize(loopback, `https://${host}:8080/cb?a=b`));
      }
    }
  });

  it('5 the loopback exception leaks nowhere else', async () => {
    const native = await target.registerApp({ type: 'native', redirectUris: ['http://127.0.0.1/cb'] });
    for (const uri of [
      'http://localhost/cb',
      'http://localhost:8080/cb',
      'http://[::1]:8080/cb',
      'http://127.0.0.1:1@evil.example/cb',
      'http://127.0.0.1@evil.example/cb',
      'http://127.0.0.1.evil.example/cb',
      'http://127.0.0.1:80.evil.example/cb',
      'http://127.0.0.1:8080\\@evil.example/cb',
      'http://127.1:8080/cb',
      'http://2130706433:8080/cb',
      'http://0x7f000001:8080/cb',
      'http://127.0.0.2:8080/cb',
      'http://[::ffff:127.0.0.1]:8080/cb',
      'http://user@127.0.0.1:8080/cb',
    ]) {
      await expectPage(await authorize(native, uri));
    }
    const https = await target.registerApp({ redirectUris: ['https://127.0.0.1/cb'] });
    await expectPage(await authorize(https, 'https://127.0.0.1:8443/cb'));
  });

  it('6 localhost takes any port for native apps only', async () => {
    const native = await target.registerApp({ type: 'native', redirectUris: ['http://localhost/cb'] });
    await expectAccepted(native, 'http://localhost:8080/cb');
    await expectPage(await authorize(native, 'http://127.0.0.1:8080/cb'));
    const web = await target.registerApp({ type: 'web', redirectUris: ['http://localhost/cb'] });
    await expectPage(await authorize(web, 'http://localhost:8080/cb'));
  });

  it('7 a fragment gets a page even if it is registered', async () => {
    const uri = 'https://app.example/callback#fragment';
    await expectPage(await authorize(await target.registerApp({ redirectUris: [uri] }), uri));
  });

  it('8 a registered query stays, and the answer is appended to it', async () => {
    const withQuery = await target.registerApp({ redirectUris: ['https://app.example/cb?tenant=a%20b&x='] });
    for (const decision of [{ approve: true }, { approve: false }]) {
      const response = await walk(target, withQuery, {}, { decision });
      expect(response.headers.get('location')).toMatch(
        /^https:\/\/app\.example\/cb\?tenant=a%20b&x=&(code|error)=/,
      );
      expect(answerOf(response, withQuery)?.get('tenant')).toBe('a b');
    }
  });

  it.each([
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    ' javascript:alert(1)',
    'java\tscript:alert(1)',
    'java\nscript:alert(1)',
    '\u0001javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'blob:https://app.example/x',
    'file:///etc/passwd',
    'about:blank',
  ])('9 %j is refused even if it is registered', async (uri) => {
    for (const type of ['web', 'native'] as const) {
      await expectPage(await authorize(await target.registerApp({ type, redirectUris: [uri] }), uri));
    }
  });

  it('10 left out gets a page, even with a single one registered', async () => {
    const single = await target.registerApp();
    await expectPage(await authorize(single, undefined));
    await expectPage(await authorize(single, ''));
  });

  it('8 a private-use scheme of a native app gets its answer', async () => {
    const native = await target.registerApp({ type: 'native', redirectUris: ['com.example.app:/callback'] });
    expect((await obtainTokens(target, native)).status).toBe(200);
  });
});
