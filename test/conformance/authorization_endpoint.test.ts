import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Fields } from '../support/authorization.ts';
import { expectPage } from './expect_page.ts';
import { answerOf, authorizeUrl, makePkce, obtainCode, obtainTokens, redeem, walk } from './flow.ts';
import { startTarget } from './target.ts';

const target = await startTarget();
afterAll(() => target.close());
const app = await target.registerApp();
const publicApp = await target.registerApp({ type: 'spa' });

const get = (url: string, init?: RequestInit) => target.newBrowser().request(url, init);
const authorize = (changes: Fields, client = app) => get(authorizeUrl(target, client, changes));

/** Expects an error to be sent to the client, and gives what is sent. */
async function refused(changes: Fields, error: string, client = app) {
  const response = await authorize(changes, client);
  const answer = answerOf(response, client);
  expect(answer?.get('error'), JSON.stringify(changes)).toBe(error);
  expect(answer?.has('code')).toBe(false);
  return { response, answer };
}

describe('authorization endpoint', () => {
  it.each([
    ['unknown', 'cli_nobody'],
    ['missing', undefined],
    ['empty', ''],
  ])('1 a client_id that is %s gets a page', async (_, clientId) => {
    await expectPage(await authorize({ client_id: clientId }));
  });

  it('11 a missing response_type is invalid_request, another than code unsupported_response_type', async () => {
    await refused({ response_type: undefined }, 'invalid_request');
    for (const type of ['token', 'code id_token', 'id_token', 'none', 'CODE', '__proto__']) {
      const { response } = await refused({ response_type: type }, 'unsupported_response_type');
      expect(response.headers.get('location')).not.toContain('#');
    }
    await refused({ response_mode: 'fragment' }, 'invalid_request');
    await refused({ response_mode: 'form_post' }, 'invalid_request');
    expect((await authorize({ response_mode: 'query' })).headers.get('location')).toMatch(/^\/consent\//);
  });

  it('12 an unknown, malformed or unregistered scope is invalid_scope', async () => {
    for (const scope of [
      'openai:everything',
      'openai:text "quoted"',
      'openai:text\topenai:images',
      'OPENAI:TEXT',
    ]) {
      await refused({ scope }, 'invalid_scope');
    }
    const narrow = await target.registerApp({ scope: 'openai:text' });
    await refused({ scope: 'openai:text openai:images' }, 'invalid_scope', narrow);
  });

  it('12 scope left out or empty means the scopes that the app has registered', async () => {
    const narrow = await target.registerApp({ scope: 'openai:text openai:images' });
    for (const scope of [undefined, '', 'offline_access']) {
      const tokens = await obtainTokens(target, narrow, { scope });
      expect(tokens.body.scope).toBe('openai:text openai:images');
    }
  });

  it('12 what the user unticks is left out of the scope that the token response reports', async () => {
    const decision = { approve: true, scopes: ['openai:embeddings'] };
    const tokens = await obtainTokens(target, app, { scope: 'openai:text openai:embeddings' }, { decision });
    expect(tokens.body.scope).toBe('openai:embeddings');
  });

  it.each(['a+b &c=%#', 'naïve ☕ 状態', '"><script>', 'x'.repeat(2000), ' '])(
    '13 state comes back as it was sent: %.30j',
    async (state) => {
      expect(answerOf(await walk(target, app, { state }), app)?.getAll('state')).toEqual([state]);
      const { answer } = await refused({ state, response_type: 'token' }, 'unsupported_response_type');
      expect(answer?.getAll('state')).toEqual([state]);
    },
  );

  it('13 no state comes back when none was sent', async () => {
    expect(answerOf(await walk(target, app, { state: undefined }), app)?.has('state')).toBe(false);
    const { answer } = await refused({ state: undefined, scope: 'no:such' }, 'invalid_scope');
    expect(answer?.has('state')).toBe(false);
  });

  it('14 iss is once on success and error redirects, and is the issuer of the metadata', async () => {
    const metadata = await fetch(`${target.baseUrl}/.well-known/oauth-authorization-server`);
    const { issuer } = (await metadata.json()) as { issuer: string };
    expect(answerOf(await walk(target, app), app)?.getAll('iss')).toEqual([issuer]);
    const { answer } = await refused({ scope: 'no:such' }, 'invalid_scope');
    expect(answer?.getAll('iss')).toEqual([issuer]);
    const cancelled = await walk(target, app, {}, { decision: { approve: false } });
    expect(answerOf(cancelled, app)?.getAll('iss')).toEqual([issuer]);
  });

  it('15 a parameter sent twice is invalid_request, by redirect when client and redirect URI are certain', async () => {
    for (const extra of [
      '&scope=openai:text',
      '&state=other',
      '&response_type=code',
      '&nonsense=1&nonsense=1',
    ]) {
      const response = await get(authorizeUrl(target, app) + extra);
      expect(answerOf(response, app)?.get('error')).toBe('invalid_request');
    }
    await expectPage(await get(`${authorizeUrl(target, app)}&client_id=${app.clientId}`));
    const redirectUri = encodeURIComponent(app.redirectUri);
    await expectPage(await get(`${authorizeUrl(target, app)}&redirect_uri=${redirectUri}`));
  });

  it('15 resource may be sent more than once', async () => {
    const resource = encodeURIComponent(`${target.baseUrl}/openai/v1`);
    const response = await get(`${authorizeUrl(target, app)}&resource=${resource}&resource=${resource}`);
    expect(response.headers.get('location')).toMatch(/^\/consent\//);
  });

  it('16 a parameter with an empty value counts as left out', async () => {
    await refused({ code_challenge: '' }, 'invalid_request');
    await refused({ response_type: '' }, 'invalid_request');
    expect(
      answerOf(await walk(target, app, { state: '', resource: '', prompt: '' }), app)?.has('state'),
    ).toBe(false);
  });

  it('17 parameters that mean nothing here are ignored', async () => {
    const answer = await walk(target, app, { nonce: 'n', audience: 'a', ui_locales: 'de', constructor: 'c' });
    expect(answerOf(answer, app)?.has('code')).toBe(true);
  });

  it('18 POST is refused, and HEAD and prefetch issue nothing', async () => {
    const posted = await get(authorizeUrl(target, app), { method: 'POST' });
    expect(posted.status).toBe(405);
    expect(posted.headers.get('allow')).toBe('GET');
    const head = await get(authorizeUrl(target, app), { method: 'HEAD' });
    expect(head.status).toBe(405);
    expect(head.headers.get('location')).toBeNull();
    const ahead = await get(authorizeUrl(target, app), { headers: { 'sec-purpose': 'prefetch;prerender' } });
    expect(ahead.headers.get('location')).toBeNull();
  });

  it('18 a HEAD of the way back to the app uses nothing up', async () => {
    const browser = await target.signIn();
    const consent = await browser.request(authorizeUrl(target, app));
    const next = await target.decide(browser, consent.headers.get('location') ?? '', { approve: true });
    const head = await browser.request(next, { method: 'HEAD' });
    expect(head.headers.get('location')).toBeNull();
    expect(answerOf(await browser.request(next), app)?.has('code')).toBe(true);
  });

  it('19 no origin may read the authorization endpoint', async () => {
    const headers = { origin: 'https://app.example' };
    const response = await get(authorizeUrl(target, app), { headers });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    const preflight = await get(authorizeUrl(target, app), {
      method: 'OPTIONS',
      headers: { ...headers, 'access-control-request-method': 'GET' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
    expect(preflight.ok).toBe(false);
  });

  it('20 PKCE is required of public and of confidential clients', async () => {
    for (const client of [app, publicApp]) {
      await refused(
        { code_challenge: undefined, code_challenge_method: undefined },
        'invalid_request',
        client,
      );
      await refused({ code_challenge: undefined }, 'invalid_request', client);
    }
  });

  it.each([undefined, 'plain', 's256', 'S512', 'S256 '])(
    '21 code_challenge_method %j is invalid_request',
    async (method) => {
      await refused({ code_challenge_method: method }, 'invalid_request');
    },
  );

  it.each([
    'a'.repeat(42),
    'a'.repeat(44),
    'a'.repeat(129),
    `${'a'.repeat(42)}=`,
    `${'a'.repeat(42)}+`,
    'ä'.repeat(43),
  ])('22 code_challenge %.50j is invalid_request', async (challenge) => {
    await refused({ code_challenge: challenge }, 'invalid_request');
  });

  it('23 every redirect on the way is a 303', async () => {
    const browser = await target.signIn();
    const first = await browser.request(authorizeUrl(target, app));
    expect(first.status).toBe(303);
    const next = await target.decide(browser, first.headers.get('location') ?? '', { approve: true });
    expect((await browser.request(next)).status).toBe(303);
  });

  it('26 a refusal by the user is access_denied with state and iss, once', async () => {
    const browser = await target.signIn();
    const consent = await browser.request(authorizeUrl(target, app));
    const next = await target.decide(browser, consent.headers.get('location') ?? '', { approve: false });
    const answer = answerOf(await browser.request(next), app);
    expect(answer?.get('error')).toBe('access_denied');
    expect(answer?.get('state')).toBe('a state');
    expect(answer?.get('iss')).toBe(target.baseUrl);
    await expectPage(await browser.request(next));
  });

  it('27 a code expires within a minute', async () => {
    const issued = await obtainCode(target, app);
    target.advance(61);
    const tokens = await redeem(target, app, issued);
    expect(tokens.status).toBe(400);
    expect(tokens.error).toBe('invalid_grant');
  });

  it('28 a code holds 256 random bits and nothing of the challenge', async () => {
    const first = await obtainCode(target, app);
    const second = await obtainCode(target, app);
    expect(first.code).toMatch(/^ccac_[\w-]{43}$/);
    expect(first.code).not.toBe(second.code);
    expect(first.code).not.toContain(first.challenge.slice(0, 8));
  });

  it('29 request and request_uri are refused, and nothing is fetched', async () => {
    let fetched = 0;
    const listener = createServer((_, response) => {
      fetched += 1;
      response.end('{}');
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as AddressInfo;
    await refused({ request_uri: `http://127.0.0.1:${port}/request.jwt` }, 'request_uri_not_supported');
    await refused({ request_uri: 'urn:example:made-up' }, 'request_uri_not_supported');
    await refused({ request: 'eyJhbGciOiJub25lIn0.e30.' }, 'request_not_supported');
    await new Promise((resolve) => listener.close(resolve));
    expect(fetched).toBe(0);
  });

  it('30 a passing failure is temporarily_unavailable, by redirect as soon as that is safe', async () => {
    const { store } = target.broker.deps;
    const save = vi.spyOn(store.authorizations, 'saveRequest').mockRejectedValueOnce(new Error('disk full'));
    await refused({}, 'temporarily_unavailable');
    save.mockRestore();
    const find = vi.spyOn(store.clients, 'findClient').mockRejectedValueOnce(new Error('disk full'));
    const response = await authorize({});
    find.mockRestore();
    expect(response.status).toBe(503);
    expect(response.headers.get('location')).toBeNull();
    expect(await response.text()).not.toContain('disk full');
  });

  it('30 a failure while issuing the code goes back to the app, and the approval can still be collected', async () => {
    const { store } = target.broker.deps;
    const browser = await target.signIn();
    const consent = await browser.request(authorizeUrl(target, app));
    const next = await target.decide(browser, consent.headers.get('location') ?? '', { approve: true });
    const issue = vi.spyOn(store.authorizations, 'issueCode').mockRejectedValueOnce(new Error('disk full'));
    expect(answerOf(await browser.request(next), app)?.get('error')).toBe('temporarily_unavailable');
    issue.mockRestore();
    expect(answerOf(await browser.request(next), app)?.has('code')).toBe(true);
  });

  it('70 malformed encoding, NUL, broken UTF-8 and huge values get a 4xx', async () => {
    for (const extra of [
      '&x=%zz',
      '&x=%',
      '&state=%ff%fe',
      '&x=%00',
      '&%c3%28=1',
      `&x=${'a'.repeat(64 * 1024)}`,
    ]) {
      const { status } = await get(authorizeUrl(target, app) + extra);
      expect(status, extra.slice(0, 20)).toBeGreaterThanOrEqual(400);
      expect(status, extra.slice(0, 20)).toBeLessThan(500);
    }
  });

  it('113 a resource that is not ours is invalid_target', async () => {
    for (const resource of [
      'openai/v1',
      'https://evil.example/',
      `${target.baseUrl}/openai/v1#f`,
      `${target.baseUrl}/openai`,
    ]) {
      await refused({ resource }, 'invalid_target');
    }
  });

  it('115 scheme and host of a resource are compared without case, the rest exactly', async () => {
    const resource = `${target.baseUrl.toUpperCase()}/openai/v1`;
    const { challenge } = makePkce();
    const response = await authorize({ resource, code_challenge: challenge });
    expect(response.headers.get('location')).toMatch(/^\/consent\//);
    await refused({ resource: `${target.baseUrl}/OPENAI/v1` }, 'invalid_target');
    await refused({ resource: `${target.baseUrl}/openai/v1/models` }, 'invalid_target');
  });
});
