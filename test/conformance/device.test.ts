import { afterAll, describe, expect, it } from 'vitest';
import { Person } from '../support/person.ts';
import { ask, basicAuth, callProxy, formAuth, introspect, refresh } from './flow.ts';
import { type RegisteredApp, startTarget } from './target.ts';

const target = await startTarget();
afterAll(() => target.close());
const app = await target.registerApp({ type: 'native', redirectUris: ['http://127.0.0.1/callback'] });
const otherApp = await target.registerApp({ type: 'native', redirectUris: ['http://127.0.0.1/callback'] });
const scope = 'openai:text openai:models.read';

interface Started {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_uri_complete: string;
  readonly expires_in: number;
  readonly interval: number;
}

async function start(client: RegisteredApp = app): Promise<Started> {
  const { status, body } = await ask(target, '/oauth/device', { scope, ...formAuth(client) });
  expect(status).toBe(200);
  return body as unknown as Started;
}

const poll = (code: string, client = app) =>
  ask(target, '/oauth/token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: code,
    ...formAuth(client),
  });

/** Somebody signed in at a browser, with a key. */
async function somebody(): Promise<Person> {
  return new Person({ url: target.baseUrl }, (await target.signIn()).cookies);
}

/** Enters a code. @returns path of the page that shows what the device asks for */
async function enter(person: Person, userCode: string): Promise<string> {
  const { location } = await person.submit('/device', { user_code: userCode });
  return location ?? '';
}

async function decide(person: Person, path: string, decision: 'approve' | 'deny'): Promise<void> {
  await person.get(path);
  const fields = { decision, life: 'day', scope: ['openai:models.read'] };
  const { location } = await person.post(path, fields);
  expect(location).toMatch(/^\/oauth\/resume\//);
  expect((await person.get(location ?? '')).location).toBe('/device/done');
}

describe('device grant', () => {
  it('125 begins with everything that the device needs, uncached', async () => {
    const { status, headers, body } = await ask(target, '/oauth/device', { scope, ...formAuth(app) });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      device_code: expect.stringMatching(/^ccdc_[\w-]{43}$/),
      user_code: expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
      verification_uri: `${target.baseUrl}/device`,
      verification_uri_complete: `${target.baseUrl}/device?user_code=${body.user_code}`,
      expires_in: 900,
      interval: 5,
    });
    const metadata = await fetch(`${target.baseUrl}/.well-known/oauth-authorization-server`);
    expect(await metadata.json()).toMatchObject({
      device_authorization_endpoint: `${target.baseUrl}/oauth/device`,
      grant_types_supported: expect.arrayContaining(['urn:ietf:params:oauth:grant-type:device_code']),
    });
  });

  it.each([
    ['an unknown scope', { scope: 'no:such' }, 400, 'invalid_scope'],
    ['a foreign resource', { resource: 'https://elsewhere.example' }, 400, 'invalid_target'],
    ['no client', { client_id: '' }, 401, 'invalid_client'],
  ])('125 with %s is refused', async (_, changes, status, error) => {
    expect(await ask(target, '/oauth/device', { scope, ...formAuth(app), ...changes })).toMatchObject({
      status,
      error,
    });
  });

  it('49 is not for apps that run in a browser', async () => {
    const spa = await target.registerApp({ type: 'spa' });
    expect(await ask(target, '/oauth/device', { scope, ...formAuth(spa) })).toMatchObject({
      status: 400,
      error: 'unauthorized_client',
    });
  });

  it('126 waits, slows down who asks too fast, and gives tokens once after the approval', async () => {
    const { device_code, user_code } = await start();
    expect(await poll(device_code)).toMatchObject({ status: 400, error: 'authorization_pending' });
    expect(await poll(device_code)).toMatchObject({ status: 400, error: 'slow_down' });
    target.advance(6);
    expect(await poll(device_code)).toMatchObject({ status: 400, error: 'slow_down' });
    const person = await somebody();
    await decide(person, await enter(person, user_code), 'approve');
    target.advance(16);
    const tokens = await poll(device_code);
    expect(tokens).toMatchObject({ status: 200, body: { scope: 'openai:models.read' } });
    expect(await callProxy(target, tokens.accessToken)).toBe(200);
    expect((await refresh(target, app, tokens.refreshToken)).status).toBe(200);
    target.advance(16);
    expect(await poll(device_code)).toMatchObject({ status: 400, error: 'invalid_grant' });
    expect(await callProxy(target, tokens.accessToken)).toBe(200);
  });

  it('126 tells of a refusal, and of a code that has expired', async () => {
    const person = await somebody();
    const refused = await start();
    await decide(person, await enter(person, refused.user_code), 'deny');
    expect(await poll(refused.device_code)).toMatchObject({ status: 400, error: 'access_denied' });
    const late = await start();
    target.advance(900);
    expect(await poll(late.device_code)).toMatchObject({ status: 400, error: 'expired_token' });
    expect(await enter(person, late.user_code)).toBe('');
  });

  it('126 is no other way to a token: neither code is good elsewhere', async () => {
    const { device_code, user_code } = await start();
    for (const code of [device_code, user_code]) {
      const fields = { grant_type: 'authorization_code', code, code_verifier: 'x'.repeat(43) };
      expect((await ask(target, '/oauth/token', { ...fields, ...formAuth(app) })).error).toBe(
        'invalid_grant',
      );
      expect((await refresh(target, app, code)).error).toBe('invalid_grant');
    }
    expect((await poll(user_code)).error).toBe('invalid_grant');
    expect((await poll('')).error).toBe('invalid_request');
  });

  it('127 answers the client alone that began', async () => {
    const { device_code } = await start();
    expect(await poll(device_code, otherApp)).toMatchObject({ status: 400, error: 'invalid_grant' });
    expect(await poll(device_code)).toMatchObject({ status: 400, error: 'authorization_pending' });
    const web = await target.registerApp();
    const begun = await start(web);
    const bare = {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: begun.device_code,
    };
    const unproven = { ...bare, client_id: web.clientId };
    expect((await ask(target, '/oauth/token', unproven)).status).toBe(401);
    const basic = basicAuth(web.clientId, web.clientSecret ?? '');
    expect((await ask(target, '/oauth/token', bare, basic)).error).toBe('authorization_pending');
  });

  it('128 takes a code however it is typed', async () => {
    const person = await somebody();
    const { user_code } = await start();
    const path = await enter(person, user_code);
    expect(path).toMatch(/^\/consent\//);
    for (const typed of [
      user_code.toLowerCase(),
      user_code.replace('-', ''),
      ` ${user_code.replace('-', ' – ')} `,
    ]) {
      expect(await enter(person, typed)).toBe(path);
    }
  });

  it('128 lets nobody guess on and on', async () => {
    const guesser = await somebody();
    const guess = () => guesser.submit('/device', { user_code: 'BBBB-BBBB' });
    const answers = [];
    for (let n = 0; n < 12; n += 1) answers.push(await guess());
    expect(answers.slice(0, 10).map(({ status }) => status)).toEqual(Array(10).fill(422));
    expect(answers[10]?.status).toBe(429);
    expect(Number(answers[10]?.headers.get('retry-after'))).toBeGreaterThan(0);
    // Not even the right one then.
    expect(await enter(guesser, (await start()).user_code)).toBe('');
  });

  it('129 shows client, code and scopes before anything is allowed, and takes no link for an answer', async () => {
    const person = await somebody();
    const { device_code, user_code, verification_uri_complete } = await start();
    const { pathname, search } = new URL(verification_uri_complete);
    const entry = await person.get(pathname + search);
    expect(entry.status).toBe(200);
    expect(entry.html).toContain(`value="${user_code}"`);
    expect((await poll(device_code)).error).toBe('authorization_pending');
    const forged = await person.post('/device', { user_code, csrf: undefined });
    expect(forged.status).toBe(403);
    const consent = await person.get(await enter(person, user_code));
    expect(consent.text).toContain('Test app');
    expect(consent.text).toContain(`shows the code ${user_code}`);
    expect(consent.html).toContain('value="openai:text"');
    expect(consent.headers.get('content-security-policy')).toContain("form-action 'self';");
    const decision = { decision: 'approve', life: 'day', scope: ['openai:text'], csrf: undefined };
    expect(
      (await person.post(`/consent/${consent.html.match(/consent\/(arq_\w+)/)?.[1]}`, decision)).status,
    ).toBe(403);
  });

  it('130 lets nobody decide but the browser that entered the code', async () => {
    const [owner, stranger] = [await somebody(), await somebody()];
    const { device_code, user_code } = await start();
    const path = await enter(owner, user_code);
    expect(await enter(stranger, user_code)).toBe('');
    expect((await stranger.get(path)).status).toBe(403);
    const answer = await stranger.post(path, { decision: 'approve', life: 'day', scope: ['openai:text'] });
    expect(answer.status).toBe(403);
    expect((await poll(device_code)).error).toBe('authorization_pending');
    expect((await new Person({ url: target.baseUrl }).get('/device')).location).toBe(
      '/sign-in?next=%2Fdevice',
    );
  });

  it('131 gives one set of tokens to polls that come at once', async () => {
    const person = await somebody();
    const { device_code, user_code } = await start();
    await decide(person, await enter(person, user_code), 'approve');
    const polls = await Promise.all(Array.from({ length: 30 }, () => poll(device_code)));
    const good = polls.filter(({ status }) => status === 200);
    expect(good).toHaveLength(1);
    const confidential = await target.registerApp();
    expect(await introspect(target, confidential, good[0]?.accessToken ?? '')).toEqual({ active: false });
  });

  it('131 a request of a device that is answered leads to no code', async () => {
    const person = await somebody();
    const { user_code } = await start();
    const path = await enter(person, user_code);
    await decide(person, path, 'approve');
    const again = await person.get(path.replace('/consent/', '/oauth/resume/'));
    expect(again.location).toBe('/device/done');
  });
});
