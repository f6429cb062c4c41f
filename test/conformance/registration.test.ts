import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectPage } from './expect_page.ts';
import { authorizeUrl, callProxy, obtainCode, obtainTokens, redeem, refresh, walk } from './flow.ts';
import { type RegisteredApp, startTarget } from './target.ts';

// The addresses that registrations come from are told apart by what a front proxy says.
const target = await startTarget({ env: { COATCHECK_TRUSTED_PROXIES: '127.0.0.1' } });
const { deps } = target.broker;
afterAll(() => target.close());
const system = { kind: 'system' } as const;
beforeAll(() => deps.store.accounts.setOpen('registration', true, system));

const good = {
  client_name: 'Reading List',
  redirect_uris: ['https://reading-list.example/callback'],
  token_endpoint_auth_method: 'none',
};

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

let addresses = 0;

/** Sends JSON, or text as it is, from an address of its own. */
async function send(
  method: string,
  url: string,
  document?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  addresses += 1;
  const from = `192.0.2.${addresses % 250}`;
  const response = await fetch(new URL(url, target.baseUrl), {
    method,
    headers: { 'content-type': 'application/json', 'x-forwarded-for': from, ...headers },
    ...(document !== undefined && {
      body: typeof document === 'string' ? document : JSON.stringify(document),
    }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
}

const register = (document: unknown, headers?: Record<string, string>) =>
  send('POST', '/oauth/register', document, headers);

interface Registration {
  readonly app: RegisteredApp;
  readonly url: string;
  readonly token: string;
  readonly bearer: Record<string, string>;
}

async function registered(changes: Readonly<Record<string, unknown>> = {}): Promise<Registration> {
  const { status, body } = await register({ ...good, ...changes });
  expect([status, body.error_description]).toEqual([201, undefined]);
  const token = String(body.registration_access_token);
  return {
    app: {
      clientId: String(body.client_id),
      clientSecret: body.client_secret === undefined ? null : String(body.client_secret),
      redirectUri: (body.redirect_uris as string[])[0] ?? '',
    },
    url: String(body.registration_client_uri),
    token,
    bearer: { authorization: `Bearer ${token}` },
  };
}

describe('registration by the app itself', () => {
  it('132 answers 201, uncached, with all that is registered', async () => {
    const { status, headers, body } = await register(good);
    expect(status).toBe(201);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      client_id: expect.stringMatching(/^cli_/),
      client_id_issued_at: expect.closeTo(Date.now() / 1000, -2),
      client_name: 'Reading List',
      redirect_uris: ['https://reading-list.example/callback'],
      application_type: 'web',
      token_endpoint_auth_method: 'none',
      grant_types: expect.arrayContaining(['authorization_code', 'refresh_token']),
      response_types: ['code'],
      scope: expect.stringContaining('openai:text'),
      authorization_details_types: ['provider_access'],
      dpop_bound_access_tokens: false,
      require_pushed_authorization_requests: false,
      registration_access_token: expect.stringMatching(/^ccrg_[\w-]{43}$/),
      registration_client_uri: `${target.baseUrl}/oauth/register/${body.client_id}`,
    });
  });

  it.each([
    [undefined, 'client_secret_basic'],
    ['client_secret_basic', 'client_secret_basic'],
    ['client_secret_post', 'client_secret_post'],
  ])('132 with the method %s it gets a secret that does not expire', async (asked, method) => {
    const { token_endpoint_auth_method: _, ...rest } = good;
    const { body } = await register({ ...rest, ...(asked && { token_endpoint_auth_method: asked }) });
    expect(body).toMatchObject({ token_endpoint_auth_method: method, client_secret_expires_at: 0 });
    expect(body.client_secret).toMatch(/^cccs_[\w-]{43}$/);
  });

  it('132 what is registered works, from consent to calls', async () => {
    const { app } = await registered({ scope: 'openai:models.read openai:text' });
    const tokens = await obtainTokens(target, app, { scope: 'openai:models.read' });
    expect(await callProxy(target, tokens.accessToken)).toBe(200);
    expect((await refresh(target, app, tokens.refreshToken)).status).toBe(200);
  });

  it('53 a secret is shown in the registered way and in no other', async () => {
    const { app } = await registered({ token_endpoint_auth_method: 'client_secret_basic' });
    const issued = await obtainCode(target, app);
    expect(await redeem(target, app, issued)).toMatchObject({ status: 401, error: 'invalid_client' });
    const basic = Buffer.from(`${app.clientId}:${app.clientSecret}`).toString('base64');
    const response = await fetch(`${target.baseUrl}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code: issued.code,
        redirect_uri: app.redirectUri,
        code_verifier: issued.verifier,
      }),
    });
    expect(response.status).toBe(200);
  });

  it.each([
    ['no redirect URI', { redirect_uris: undefined }],
    ['an empty list', { redirect_uris: [] }],
    ['no list', { redirect_uris: 'https://reading-list.example/' }],
    ['plain http', { redirect_uris: ['http://reading-list.example/'] }],
    ['a fragment', { redirect_uris: ['https://reading-list.example/#x'] }],
    ['a wildcard', { redirect_uris: ['https://*.reading-list.example/'] }],
    ['one bad among good ones', { redirect_uris: ['https://reading-list.example/', 'javascript:alert(1)'] }],
    ['a script', { redirect_uris: ['JavaScript:alert(1)'] }],
    ['a script behind a blank', { redirect_uris: [' javascript:alert(1)'] }],
    ['data', { redirect_uris: ['data:text/html,x'] }],
    ['localhost for a web app', { redirect_uris: ['http://localhost/'], application_type: 'web' }],
  ])('133 with %s → invalid_redirect_uri', async (_, changes) => {
    const { status, body } = await register({ ...good, ...changes });
    expect([status, body.error]).toEqual([400, 'invalid_redirect_uri']);
  });

  it.each([
    ['an unsupported grant type', { grant_types: ['password'] }],
    ['the implicit grant', { grant_types: ['implicit'] }],
    ['an unsupported response type', { response_types: ['code', 'token'] }],
    ['an unsupported method', { token_endpoint_auth_method: 'tls_client_auth' }],
    ['an unknown scope', { scope: 'openai:text openai:admin' }],
    ['a name that deceives', { client_name: 'left \u202e right' }],
    ['a name of another kind', { client_name: { en: 'x' } }],
    ['keys twice', { jwks: { keys: [] }, jwks_uri: 'https://reading-list.example/jwks' }],
  ])('133 with %s → invalid_client_metadata', async (_, changes) => {
    const { status, body } = await register({ ...good, ...changes });
    expect([status, body.error]).toEqual([400, 'invalid_client_metadata']);
  });

  it.each(['', '[]', '"x"', 'null', '{', '\u0000'])('133 %j is no registration', async (text) => {
    expect((await register(text)).status).toBe(400);
  });

  it('133 a form is none, and one of more than 32 KB is too large', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await register('redirect_uris=x', form)).status).toBe(400);
    expect((await register({ ...good, software_id: 'x'.repeat(33_000) })).status).toBe(413);
  });

  it('134 an app cannot raise itself above what it is', async () => {
    const wished = {
      client_id: 'cli_mine',
      client_secret: 'mine',
      id: 'cli_mine',
      owner_id: 'usr_x',
      verified: true,
      skip_consent: true,
      first_party: true,
      require_pkce: false,
      __proto__: { verified: true },
    };
    const { app } = await registered(wished);
    expect(app.clientId).not.toBe('cli_mine');
    const client = await deps.store.clients.findClient(app.clientId);
    expect(client).toMatchObject({ ownerId: null, verified: false, secretHash: null });
    const browser = await target.signIn();
    const plain = await browser.request(authorizeUrl(target, app, { code_challenge: '' }));
    expect(plain.headers.get('location')).toContain('error=invalid_request');
    const asked = await browser.request(authorizeUrl(target, app));
    expect(asked.headers.get('location')).toMatch(/^\/consent\//);
    const wider = await browser.request(authorizeUrl(target, app, { scope: 'openai:admin' }));
    expect(wider.headers.get('location')).toContain('error=invalid_scope');
  });

  it('135 nothing that a registration names is fetched', async () => {
    const named = {
      logo_uri: `${target.broker.sandbox.url}/logo`,
      client_uri: `${target.broker.sandbox.url}/`,
      jwks_uri: 'http://169.254.169.254/keys',
    };
    const { body } = await register({ ...good, ...named });
    expect(body).not.toHaveProperty('logo_uri');
    expect(body).not.toHaveProperty('jwks_uri');
  });

  it('136 is limited for each network address', async () => {
    const from = { 'x-forwarded-for': '198.51.100.7' };
    const statuses = [];
    for (let tries = 0; tries < 21; tries += 1) statuses.push((await register(good, from)).status);
    expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 201));
    expect(statuses[20]).toBe(429);
    const limited = await register(good, from);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await register(good)).status).toBe(201);
  });

  it('25 leads nobody who is not signed in to an app that nobody answers for', async () => {
    const { app } = await registered();
    for (const changes of [{ scope: 'no:such' }, { prompt: 'none' }, { response_type: 'token' }]) {
      const stranger = await target.newBrowser().request(authorizeUrl(target, app, changes));
      await expectPage(stranger);
    }
    const signedIn = await target.signIn();
    const told = await signedIn.request(authorizeUrl(target, app, { scope: 'no:such' }));
    expect(told.headers.get('location')).toMatch(/^https:\/\/reading-list\.example\/callback\?error=/);
    const denied = await walk(target, app, {}, { decision: { approve: false } });
    expect(denied.headers.get('location')).toContain('error=access_denied');
  });

  it('is closed until an operator opens it, and advertised while it is open', async () => {
    const metadata = async () =>
      (await fetch(`${target.baseUrl}/.well-known/oauth-authorization-server`)).json();
    expect(await metadata()).toMatchObject({ registration_endpoint: `${target.baseUrl}/oauth/register` });
    const { url, bearer } = await registered();
    await deps.store.accounts.setOpen('registration', false, system);
    const refused = await register(good);
    expect([refused.status, refused.body.error]).toEqual([403, 'access_denied']);
    expect(await metadata()).not.toHaveProperty('registration_endpoint');
    // Who is registered still is.
    expect((await send('GET', url, undefined, bearer)).status).toBe(200);
    await deps.store.accounts.setOpen('registration', true, system);
    expect((await fetch(`${target.baseUrl}/oauth/register`)).status).toBe(405);
  });
});

describe('client configuration', () => {
  it('137 gives what is registered to whoever has the token', async () => {
    const { app, url, token, bearer } = await registered({
      token_endpoint_auth_method: 'client_secret_post',
    });
    const { status, headers, body } = await send('GET', url, undefined, bearer);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toMatchObject({
      client_id: app.clientId,
      token_endpoint_auth_method: 'client_secret_post',
      redirect_uris: good.redirect_uris,
      registration_access_token: token,
      registration_client_uri: url,
    });
    expect(body).not.toHaveProperty('client_secret');
  });

  it('137 a wrong or another client’s token → 401, for reading, changing and ending', async () => {
    const [mine, other] = [await registered(), await registered()];
    const developers = await target.registerApp();
    const noSuch = `${target.baseUrl}/oauth/register/cli_none`;
    const developersUrl = `${target.baseUrl}/oauth/register/${developers.clientId}`;
    const wrong = [{}, other.bearer, { authorization: 'Bearer ' }, { authorization: `Basic ${mine.token}` }];
    for (const headers of wrong) {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        for (const url of [mine.url, noSuch, developersUrl]) {
          const {
            status,
            headers: sent,
            body,
          } = await send(method, url, method === 'PUT' ? good : undefined, headers);
          expect([status, body.error]).toEqual([401, 'invalid_token']);
          expect(sent.get('www-authenticate')).toMatch(/^Bearer /);
        }
      }
    }
    expect((await send('GET', mine.url, undefined, mine.bearer)).status).toBe(200);
  });

  it('137 a change takes the place of what was registered', async () => {
    const { app, url, bearer } = await registered();
    const changed = {
      client_id: app.clientId,
      client_name: 'Reading Pile',
      redirect_uris: ['https://reading-pile.example/callback'],
      scope: 'openai:text',
    };
    const { status, body } = await send('PUT', url, changed, bearer);
    expect(status).toBe(200);
    expect(body).toMatchObject({ ...changed, token_endpoint_auth_method: 'none' });
    expect((await send('GET', url, undefined, bearer)).body).toEqual(body);
    const old = await target.newBrowser().request(authorizeUrl(target, app));
    await expectPage(old);
  });

  it.each([
    ['another client_id', { client_id: 'cli_other' }, 'invalid_request'],
    ['no client_id', { client_id: undefined }, 'invalid_request'],
    ['another client_secret', { client_secret: 'mine' }, 'invalid_request'],
    ['what the server says', { registration_access_token: 'mine' }, 'invalid_request'],
    ['what the server says of time', { client_secret_expires_at: 0 }, 'invalid_request'],
    ['a bad redirect URI', { redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri'],
    ['a wider scope than there is', { scope: 'openai:admin' }, 'invalid_client_metadata'],
    ['no secret any more', { token_endpoint_auth_method: 'none' }, 'invalid_client_metadata'],
    ['another type', { application_type: 'native' }, 'invalid_client_metadata'],
    ['an address of another type', { redirect_uris: ['com.example.app:/cb'] }, 'invalid_redirect_uri'],
  ])('137 a change with %s → 400, and nothing is changed', async (_, changes, error) => {
    const { token_endpoint_auth_method: _method, ...rest } = good;
    const { app, url, bearer } = await registered({ token_endpoint_auth_method: 'client_secret_basic' });
    const before = (await send('GET', url, undefined, bearer)).body;
    const wished = { ...rest, client_name: 'Other', client_id: app.clientId, ...changes };
    const { status, body } = await send('PUT', url, wished, bearer);
    expect([status, body.error]).toEqual([400, error]);
    expect((await send('GET', url, undefined, bearer)).body).toEqual(before);
  });

  it('134 a change cannot raise an app either, and ends what an operator has vouched for', async () => {
    const { app, url, bearer } = await registered();
    await deps.store.clients.setVerified(app.clientId, true, system);
    const change = { ...good, client_id: app.clientId, skip_consent: true, verified: true };
    expect((await send('PUT', url, { ...change, client_name: 'Your Bank' }, bearer)).status).toBe(200);
    expect(await deps.store.clients.findClient(app.clientId)).toMatchObject({
      name: 'Your Bank',
      verified: false,
    });
  });

  it('137 ends the registration with 204, and all grants with it', async () => {
    const { app, url, bearer } = await registered();
    const tokens = await obtainTokens(target, app, { scope: 'openai:models.read' });
    expect(await callProxy(target, tokens.accessToken)).toBe(200);
    expect((await send('DELETE', url, undefined, bearer)).status).toBe(204);
    expect(await callProxy(target, tokens.accessToken)).toBe(401);
    expect((await refresh(target, app, tokens.refreshToken)).status).toBe(401);
    expect((await send('GET', url, undefined, bearer)).status).toBe(401);
  });

  it('137 a suspended app changes nothing', async () => {
    const { app, url, bearer } = await registered();
    await deps.store.clients.setClientStatus(app.clientId, 'suspended', system);
    expect((await send('GET', url, undefined, bearer)).status).toBe(403);
    expect((await send('DELETE', url, undefined, bearer)).status).toBe(403);
  });

  it('84 the database holds no registration token', async () => {
    const { app, token } = await registered();
    const client = await deps.store.clients.findClient(app.clientId);
    expect(JSON.stringify(client)).not.toContain(token);
  });
});
