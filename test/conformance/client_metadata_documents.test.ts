import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createInternet } from '../support/internet.ts';
import { expectPage } from './expect_page.ts';
import { ask, authorizeUrl, callProxy, makePkce, obtainTokens, refresh, revoke, walk } from './flow.ts';
import { type RegisteredApp, startTarget } from './target.ts';

const internet = await createInternet();
// What authorizations are limited by is told by a front proxy.
const target = await startTarget({ internet, env: { COATCHECK_TRUSTED_PROXIES: '127.0.0.1' } });
const { deps } = target.broker;
afterAll(async () => {
  await target.close();
  await internet.close();
});
beforeEach(() => {
  internet.dialled.length = 0;
  internet.asked.length = 0;
});
const system = { kind: 'system' } as const;

let hosts = 0;

/** An app that has a document of its own, on a host of its own. */
function appAt(path = '/client.json'): RegisteredApp & { readonly host: string } {
  hosts += 1;
  const host = `app${hosts}.example.com`;
  return {
    host,
    clientId: `https://${host}${path}`,
    clientSecret: null,
    redirectUri: `https://${host}/callback`,
  };
}

const documentOf = (app: RegisteredApp, changes: Readonly<Record<string, unknown>> = {}) => ({
  client_id: app.clientId,
  client_name: 'Reading List',
  redirect_uris: [app.redirectUri],
  token_endpoint_auth_method: 'none',
  ...changes,
});

function published(changes: Readonly<Record<string, unknown>> = {}, headers: Record<string, string> = {}) {
  const app = appAt();
  internet.publish(app.clientId, documentOf(app, changes), headers);
  return app;
}

/** Begins an authorization from an address of its own. @returns the answer to a stranger's browser */
function begin(app: RegisteredApp, changes: Record<string, string> = {}): Promise<Response> {
  hosts += 1;
  const headers = { 'x-forwarded-for': `192.0.2.${hosts % 250}` };
  return target.newBrowser().request(authorizeUrl(target, app, changes), { headers });
}

const expectConsent = (response: Response) =>
  expect(response.headers.get('location')).toMatch(/^\/consent\//);

describe('a client with a document', () => {
  it('97 is advertised, and works from consent to calls', async () => {
    const metadata = await fetch(`${target.baseUrl}/.well-known/oauth-authorization-server`);
    expect(await metadata.json()).toMatchObject({ client_id_metadata_document_supported: true });
    const app = published();
    const tokens = await obtainTokens(target, app, { scope: 'openai:models.read' });
    expect(await callProxy(target, tokens.accessToken)).toBe(200);
    expect((await refresh(target, app, tokens.refreshToken)).status).toBe(200);
    expect(internet.asked).toEqual([app.clientId]);
    expect(await deps.store.clients.findClient(app.clientId)).toMatchObject({
      name: 'Reading List',
      type: 'spa',
      ownerId: null,
      secretHash: null,
      verified: false,
    });
  });

  it('40 is shown with the host of its id and the host that the answer goes to', async () => {
    const app = appAt();
    const elsewhere = 'https://elsewhere.example.com/callback';
    internet.publish(app.clientId, documentOf(app, { redirect_uris: [elsewhere] }));
    const browser = await target.signIn();
    const begun = await browser.request(authorizeUrl(target, { ...app, redirectUri: elsewhere }));
    const page = await (await browser.request(begun.headers.get('location') ?? '')).text();
    expect(page).toContain(app.host);
    expect(page).toContain('elsewhere.example.com');
    expect(page).toContain('Not verified');
  });

  it('may push requests and ask for devices at once', async () => {
    const app = published();
    const pushed = await ask(target, '/oauth/par', {
      client_id: app.clientId,
      response_type: 'code',
      redirect_uri: app.redirectUri,
      code_challenge: makePkce().challenge,
      code_challenge_method: 'S256',
    });
    expect(pushed.status).toBe(201);
    const device = published({ application_type: 'native' });
    expect((await ask(target, '/oauth/device', { client_id: device.clientId })).status).toBe(200);
    const unknown = appAt();
    expect(await ask(target, '/oauth/token', { client_id: unknown.clientId, grant_type: 'x' })).toMatchObject(
      {
        status: 401,
        error: 'invalid_client',
      },
    );
    expect(internet.asked).not.toContain(unknown.clientId);
  });

  it.each([
    'http://app.example.com/client.json',
    'https://app.example.com',
    'https://app.example.com/',
    'https://app.example.com/a/../client.json',
    'https://app.example.com/a/%2e%2e/client.json',
    'https://app.example.com/./client.json',
    'https://app.example.com/%2E/client.json',
    'https://app.example.com/client.json#x',
    'https://app.example.com/client.json#',
    'https://user@app.example.com/client.json',
    'https://user:password@app.example.com/client.json',
    'https://@app.example.com/client.json',
    'https://APP.example.com/client.json',
    'https://app.example.com:443/client.json',
    'https:/app.example.com/client.json',
    'https://app.example.com\\client.json',
    ' https://app.example.com/client.json',
    'https://',
    `https://app.example.com/${'x'.repeat(500)}`,
  ])('138 the id %s → page, and nothing is fetched', async (clientId) => {
    internet.publish('https://app.example.com/client.json', documentOf({ ...appAt(), clientId }));
    await expectPage(await begin({ ...appAt(), clientId }));
    expect(internet.dialled).toEqual([]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['another client_id', { client_id: 'https://app.example.com/other.json' }],
    ['no client_id', { client_id: undefined }],
    ['a secret', { client_secret: 'x' }],
    ['an empty secret', { client_secret: '' }],
    ['the end of a secret', { client_secret_expires_at: 0 }],
    ['a shared secret, basic', { token_endpoint_auth_method: 'client_secret_basic' }],
    ['a shared secret, post', { token_endpoint_auth_method: 'client_secret_post' }],
    ['a shared secret, JWT', { token_endpoint_auth_method: 'client_secret_jwt' }],
    ['a script to redirect to', { redirect_uris: ['javascript:alert(1)'] }],
    ['no redirect URI', { redirect_uris: [] }],
    ['an unsupported grant type', { grant_types: ['password'] }],
    ['a name that deceives', { client_name: 'left \u202e right' }],
    ['more than 5 KB', { client_uri: 'x'.repeat(6000) }],
  ])('139 a document with %s → page', async (_, changes) => {
    const app = published(changes);
    expect(await expectPage(await begin(app))).toContain('The document at client_id is no good');
    expect(await deps.store.clients.findClient(app.clientId)).toBeNull();
  });

  it('139 what a document says does not come to stand on the error page', async () => {
    for (const changes of [
      { redirect_uris: ['http://call-this-number.example/'] },
      { scope: 'call-this-number' },
      { client_name: 'call-this-number \u202e' },
      { grant_types: ['call-this-number'] },
    ]) {
      expect(await expectPage(await begin(published(changes)))).not.toContain('call-this-number');
    }
  });

  it.each(['', 'not JSON', '[]', 'null', '"x"', '<html></html>'])('139 %j is no document', async (text) => {
    const app = appAt();
    internet.publish(app.clientId, text);
    await expectPage(await begin(app));
  });

  it.each([201, 204, 206, 301, 302, 303, 307, 308, 401, 404, 500])(
    '139 an answer with status %i is not taken, and leads nowhere',
    async (status) => {
      const app = appAt();
      const aim = published();
      internet.serve(app.clientId, (_, response) => {
        response.writeHead(status, { location: aim.clientId, 'content-type': 'application/json' });
        response.end(status === 204 ? undefined : JSON.stringify(documentOf(app)));
      });
      await expectPage(await begin(app));
      expect(internet.asked).toEqual([app.clientId]);
    },
  );

  it('139 a document that comes in drops is given up, and so is one without an end', async () => {
    const slow = appAt();
    internet.serve(slow.clientId, (_, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write(' '), 200);
      response.on('close', () => clearInterval(drip));
    });
    const endless = appAt();
    internet.serve(endless.clientId, (_, response) => {
      response.writeHead(200);
      const flood = () => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
      };
      response.on('drain', flood);
      flood();
    });
    const silent = appAt();
    internet.serve(silent.clientId, () => {});
    const began = Date.now();
    await expectPage(await begin(endless));
    expect(Date.now() - began).toBeLessThan(3000);
    const pages = await Promise.all([slow, silent].map(async (app) => expectPage(await begin(app))));
    expect(Date.now() - began).toBeLessThan(12_000);
    for (const page of pages) expect(page).toContain('within five seconds');
  });
});

describe('where a document is fetched from', () => {
  it.each([
    ['loopback', ['127.0.0.1']],
    ['IPv6 loopback', ['::1']],
    ['a private network', ['10.1.2.3']],
    ['another', ['192.168.0.1']],
    ['where clouds keep credentials', ['169.254.169.254']],
    ['IPv4 in IPv6', ['::ffff:127.0.0.1']],
    ['IPv4 behind a translator', ['64:ff9b::a9fe:a9fe']],
    ['a unique local address', ['fd00:ec2::254']],
    ['nowhere in particular', ['0.0.0.0']],
    ['both sides of the door', ['93.184.215.14', '127.0.0.1']],
    ['no address', []],
  ])('140 a host that is %s is not dialled', async (_, found) => {
    const app = published();
    internet.addresses.set(app.host, [found]);
    expect(await expectPage(await begin(app))).toContain('not public');
    expect(internet.dialled).toEqual([]);
  });

  it.each([
    'https://127.0.0.1/client.json',
    'https://127.0.0.1:8787/client.json',
    'https://[::1]/client.json',
    'https://[::ffff:7f00:1]/client.json',
    'https://169.254.169.254/latest',
    'https://2130706433/client.json',
    'https://0x7f000001/client.json',
    'https://0177.0.0.1/client.json',
    'https://127.1/client.json',
    'https://0/client.json',
  ])('140 the address in %s is not dialled', async (clientId) => {
    await expectPage(await begin({ ...appAt(), clientId }));
    expect(internet.dialled).toEqual([]);
  });

  it('140 the address that was checked is the one that is dialled, whatever the name says next', async () => {
    const app = published();
    internet.addresses.set(app.host, [['93.184.215.15'], ['127.0.0.1']]);
    expectConsent(await begin(app));
    expect(internet.dialled).toEqual(['93.184.215.15']);
    target.advance(3600);
    await expectPage(await begin(app));
    expect(internet.dialled).toEqual(['93.184.215.15']);
  });

  it('140 without a stand-in for the internet, this machine is out of reach', async () => {
    let touched = 0;
    const server = createServer((_, response) => response.end()).on('connection', () => {
      touched += 1;
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const plain = await startTarget();
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '[::ffff:7f00:1]']) {
      const clientId = `https://${host}:${port}/client.json`;
      const url = authorizeUrl(plain, { ...appAt(), clientId });
      await expectPage(await plain.newBrowser().request(url));
    }
    expect(touched).toBe(0);
    await plain.close();
    await new Promise((resolve) => server.close(resolve));
  });

  it('140 fetching is limited for each network address', async () => {
    const headers = { 'x-forwarded-for': '198.51.100.9' };
    const statuses: number[] = [];
    for (let tries = 0; tries < 31; tries += 1) {
      const url = authorizeUrl(target, appAt());
      statuses.push((await target.newBrowser().request(url, { headers })).status);
    }
    expect(statuses.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 400));
    expect(statuses[30]).toBe(429);
    expectConsent(await begin(published()));
  });
});

describe('how long a document holds', () => {
  it('141 no longer than an hour', async () => {
    const app = published({}, { 'cache-control': 'max-age=86400' });
    expectConsent(await begin(app));
    target.advance(3599);
    expectConsent(await begin(app));
    expect(internet.asked).toEqual([app.clientId]);
    target.advance(1);
    expectConsent(await begin(app));
    expect(internet.asked).toEqual([app.clientId, app.clientId]);
  });

  it.each([
    ['max-age=60', 60],
    ['public, max-age="60"', 60],
    ['no-store', 0],
    ['no-cache, max-age=60', 0],
  ])('141 less where the answer says %s', async (cacheControl, seconds) => {
    const app = published({}, { 'cache-control': cacheControl });
    expectConsent(await begin(app));
    if (seconds > 0) {
      target.advance(seconds - 1);
      expectConsent(await begin(app));
      expect(internet.asked).toHaveLength(1);
      target.advance(1);
    }
    expectConsent(await begin(app));
    expect(internet.asked).toHaveLength(2);
  });

  it('141 what is not there or no good is not remembered', async () => {
    const app = appAt();
    await expectPage(await begin(app));
    internet.publish(app.clientId, documentOf(app, { redirect_uris: ['javascript:alert(1)'] }));
    await expectPage(await begin(app));
    internet.publish(app.clientId, documentOf(app));
    expectConsent(await begin(app));
  });

  it('141 one that turns bad begins nothing more, and what was begun goes on', async () => {
    const app = published();
    const tokens = await obtainTokens(target, app);
    internet.publish(app.clientId, 'gone');
    target.advance(3600);
    await expectPage(await begin(app));
    expect((await refresh(target, app, tokens.refreshToken)).status).toBe(200);
  });

  it('141 with another redirect URI there is new consent, and nobody vouches for it any more', async () => {
    const app = published();
    const browser = await target.signIn();
    await obtainTokens(target, app, {}, { browser });
    await deps.store.clients.setVerified(app.clientId, true, system);
    const elsewhere = 'https://elsewhere.example.com/callback';
    internet.publish(app.clientId, documentOf(app, { redirect_uris: [elsewhere] }));
    target.advance(3600);
    await expectPage(await begin(app));
    const moved = await browser.request(authorizeUrl(target, { ...app, redirectUri: elsewhere }));
    expectConsent(moved);
    expect(await deps.store.clients.findClient(app.clientId)).toMatchObject({ verified: false });
  });
});

describe('a client that many installs share', () => {
  it('142 revoking one install leaves the others', async () => {
    const app = published();
    const browser = await target.signIn();
    const scope = 'openai:models.read';
    const [one, two] = [
      await obtainTokens(target, app, { scope }, { browser }),
      await obtainTokens(target, app, { scope }, { browser }),
    ];
    const others = await obtainTokens(target, app, { scope });
    expect((await revoke(target, app, one.refreshToken)).status).toBe(200);
    expect(await callProxy(target, one.accessToken)).toBe(401);
    for (const { accessToken } of [two, others]) expect(await callProxy(target, accessToken)).toBe(200);
  });

  it('142 no id that is given out here looks like one with a document', async () => {
    expect((await target.registerApp()).clientId).toMatch(/^cli_/);
  });

  it('25 leads nobody who is not signed in to it with an error', async () => {
    const app = published();
    await expectPage(await begin(app, { scope: 'no:such' }));
    await expectPage(await begin(app, { prompt: 'none' }));
    const denied = await walk(target, app, {}, { decision: { approve: false } });
    expect(denied.headers.get('location')).toContain('error=access_denied');
  });

  it('is not let in while an operator has such clients closed out', async () => {
    const app = published();
    const tokens = await obtainTokens(target, app);
    await deps.store.accounts.setOpen('client_documents', false, system);
    await expectPage(await begin(app));
    const metadata = await fetch(`${target.baseUrl}/.well-known/oauth-authorization-server`);
    expect(await metadata.json()).toMatchObject({ client_id_metadata_document_supported: false });
    expect((await refresh(target, app, tokens.refreshToken)).status).toBe(200);
    await deps.store.accounts.setOpen('client_documents', true, system);
    expectConsent(await begin(app));
  });

  it('stays out once it has been suspended or deleted here', async () => {
    const [suspended, deleted] = [published(), published()];
    for (const app of [suspended, deleted]) expectConsent(await begin(app));
    await deps.store.clients.setClientStatus(suspended.clientId, 'suspended', system);
    await deps.store.clients.deleteClient(deleted.clientId, system);
    for (const app of [suspended, deleted]) await expectPage(await begin(app));
    target.advance(3600);
    for (const app of [suspended, deleted]) await expectPage(await begin(app));
  });
});
