import { afterAll, describe, expect, it } from 'vitest';
import { authorizePath, type Fields } from '../support/authorization.ts';
import { createDpopKey } from '../support/dpop.ts';
import { expectPage } from './expect_page.ts';
import { answerOf, ask, basicAuth, formAuth, makePkce, post, redeem } from './flow.ts';
import { type RegisteredApp, startTarget } from './target.ts';

const target = await startTarget();
afterAll(() => target.close());
const app = await target.registerApp();
const publicApp = await target.registerApp({ type: 'spa' });

/** The parameters of a good authorization request, but for what `changes` says. */
function requestOf(client: RegisteredApp, changes: Fields = {}): Fields {
  const path = authorizePath({ id: client.clientId, redirectUris: [client.redirectUri] }, changes);
  return Object.fromEntries(new URLSearchParams(path.split('?')[1]));
}

const push = (changes: Fields = {}, client = app) =>
  ask(target, '/oauth/par', { ...requestOf(client, changes), ...formAuth(client) });

/** Pushes a good request. @returns its reference */
async function pushed(changes: Fields = {}, client = app): Promise<string> {
  const { status, body } = await push(changes, client);
  expect([status, body]).toEqual([201, { request_uri: expect.any(String), expires_in: expect.any(Number) }]);
  return String(body.request_uri);
}

const authorizeBy = (requestUri: string, client = app, beside: Fields = {}) =>
  `${target.baseUrl}/oauth/authorize?${new URLSearchParams({
    client_id: client.clientId,
    request_uri: requestUri,
    ...beside,
  } as Record<string, string>)}`;

describe('pushed authorization requests', () => {
  it('101 are answered 201 with a reference that cannot be guessed and does not live long', async () => {
    const { status, headers, body } = await push();
    expect(status).toBe(201);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body.request_uri).toMatch(/^urn:ietf:params:oauth:request_uri:ccpr_[\w-]{43}$/);
    expect(body.expires_in).toBeGreaterThanOrEqual(5);
    expect(body.expires_in).toBeLessThanOrEqual(600);
    expect((await push()).body.request_uri).not.toBe(body.request_uri);
  });

  it('102 hold no reference themselves', async () => {
    for (const request_uri of [await pushed(), 'https://app.example/request', 'urn:x']) {
      expect(await push({ request_uri })).toMatchObject({ status: 400, error: 'invalid_request' });
    }
    expect((await push({ request: 'ey.ey.ey' })).status).toBe(400);
  });

  it.each<[string, Fields, string]>([
    ['an unregistered redirect URI', { redirect_uri: 'https://evil.example/' }, 'invalid_request'],
    ['no redirect URI', { redirect_uri: '' }, 'invalid_request'],
    ['an unknown scope', { scope: 'no:such' }, 'invalid_scope'],
    ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['no PKCE', { code_challenge: '' }, 'invalid_request'],
    ['a foreign resource', { resource: 'https://elsewhere.example' }, 'invalid_target'],
  ])('103 with %s are refused as JSON, never by redirect', async (_, changes, error) => {
    const answer = await push(changes);
    expect(answer).toMatchObject({ status: 400, error });
    expect(answer.headers.has('location')).toBe(false);
  });

  it('103 come by POST, as a form of a bearable size', async () => {
    expect((await fetch(`${target.baseUrl}/oauth/par`)).status).toBe(405);
    expect((await push({ state: 'x'.repeat(70_000) })).status).toBe(413);
    const json = await post(target, '/oauth/par', '{}', { 'content-type': 'application/json' });
    expect(json.status).toBe(400);
  });

  it('104 are of use to the client alone that pushed them', async () => {
    const requestUri = await pushed();
    const browser = await target.signIn();
    await expectPage(await browser.request(authorizeBy(requestUri, publicApp)));
    await expectPage(await browser.request(`${target.baseUrl}/oauth/authorize?request_uri=${requestUri}`));
    // Nobody else can use one up.
    expect((await browser.request(authorizeBy(requestUri))).status).toBe(303);
  });

  it.each([
    ['a confidential', app],
    ['a public', publicApp],
  ])('105 lead %s client to a code, once', async (_, client) => {
    const pkce = makePkce();
    const requestUri = await pushed({ code_challenge: pkce.challenge, state: 'a+b &c=%#' }, client);
    const browser = await target.signIn();
    const first = await browser.request(authorizeBy(requestUri, client));
    const consentUrl = first.headers.get('location') ?? '';
    // A browser that loads the address again sees the same page, and no other browser does.
    expect((await browser.request(authorizeBy(requestUri, client))).headers.get('location')).toBe(consentUrl);
    await expectPage(await (await target.signIn()).request(authorizeBy(requestUri, client)));
    const next = await target.decide(browser, consentUrl, { approve: true });
    await expectPage(await browser.request(authorizeBy(requestUri, client)));
    const answer = answerOf(await browser.request(next), client);
    expect(answer?.get('state')).toBe('a+b &c=%#');
    const tokens = await redeem(target, client, { code: answer?.get('code') ?? '', verifier: pkce.verifier });
    expect(tokens.status).toBe(200);
    await expectPage(await browser.request(authorizeBy(requestUri, client)));
  });

  it('105 expire, and what was never pushed is refused', async () => {
    const { body } = await push();
    const browser = target.newBrowser();
    const prefix = 'urn:ietf:params:oauth:request_uri:';
    for (const never of [prefix, `${prefix}ccpr_x`, `${prefix}${'x'.repeat(5_000)}`]) {
      await expectPage(await browser.request(authorizeBy(never)));
    }
    target.advance(Number(body.expires_in));
    await expectPage(await browser.request(authorizeBy(String(body.request_uri))));
  });

  it('106 are what counts, whatever stands beside them in the query', async () => {
    const requestUri = await pushed({ scope: 'openai:text' });
    const browser = await target.signIn();
    const beside = {
      scope: 'openai:text openai:images',
      redirect_uri: 'https://evil.example/',
      response_type: 'token',
      state: 'another',
      code_challenge: 'x',
    };
    const first = await browser.request(authorizeBy(requestUri, app, beside));
    const next = await target.decide(browser, first.headers.get('location') ?? '', { approve: false });
    const answer = answerOf(await browser.request(next), app);
    expect(answer?.get('error')).toBe('access_denied');
    expect(answer?.get('state')).toBe('a state');
  });

  it('107 can be required of an app: others are refused, pushed ones are taken', async () => {
    const strict = await target.registerApp({ requiresPushedRequests: true });
    const plain = authorizePath({ id: strict.clientId, redirectUris: [strict.redirectUri] });
    const refused = await target.newBrowser().request(target.baseUrl + plain);
    expect(answerOf(refused, strict)?.get('error')).toBe('invalid_request');
    const taken = await target.newBrowser().request(authorizeBy(await pushed({}, strict), strict));
    expect(taken.headers.get('location')).toMatch(/^\/consent\//);
  });

  it('108 bind the code to the key of the proof that comes with them', async () => {
    const key = await createDpopKey();
    const url = `${target.baseUrl}/oauth/par`;
    const send = async (nonce: string | undefined, changes: Fields = {}) =>
      ask(
        target,
        '/oauth/par',
        { ...requestOf(app, changes), ...formAuth(app) },
        {
          dpop: await key.prove({ url, nonce }),
        },
      );
    const nonce = (await send(undefined)).headers.get('dpop-nonce') ?? '';
    const conflict = await send(nonce, { dpop_jkt: 'x'.repeat(43) });
    expect(conflict).toMatchObject({ status: 400, error: 'invalid_request' });
    const pkce = makePkce();
    const { status, body } = await send(nonce, { code_challenge: pkce.challenge });
    expect(status).toBe(201);
    const browser = await target.signIn();
    const first = await browser.request(authorizeBy(String(body.request_uri)));
    const next = await target.decide(browser, first.headers.get('location') ?? '', { approve: true });
    const code = answerOf(await browser.request(next), app)?.get('code') ?? '';
    expect((await redeem(target, app, { code, verifier: pkce.verifier })).error).toBe('invalid_grant');
  });

  it('108 need the client to prove itself as at the token endpoint, and keep nothing of that', async () => {
    const bare = requestOf(app);
    expect(await ask(target, '/oauth/par', bare)).toMatchObject({ status: 401, error: 'invalid_client' });
    const wrong = { ...bare, client_secret: 'cccs_wrong' };
    expect(await ask(target, '/oauth/par', wrong)).toMatchObject({ status: 401, error: 'invalid_client' });
    const { client_id: _, ...unnamed } = bare;
    const basic = basicAuth(app.clientId, app.clientSecret ?? '');
    expect((await ask(target, '/oauth/par', unnamed, basic)).status).toBe(201);
    const requestUri = await pushed();
    const stored = await target.broker.home.contents();
    expect(stored.includes('code_challenge_method=S256')).toBe(true);
    for (const secret of [app.clientSecret ?? '', requestUri.split(':').at(-1) ?? '']) {
      expect(stored.includes(secret)).toBe(false);
    }
  });
});
