import { Hono } from 'hono';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { User } from '../../src/store/records.ts';
import { checkForm } from '../../src/web/csrf.ts';
import type { PageEnv } from '../../src/web/page.ts';
import { type Broker, createUser, password, startBroker } from '../support/broker.ts';
import { Person } from '../support/person.ts';

let broker: Broker;
let user: User;

beforeAll(async () => {
  broker = await startBroker();
  user = await createUser(broker);
});
afterAll(() => broker.close());

async function signedIn(): Promise<Person> {
  const person = new Person(broker);
  await person.signIn(user.email);
  return person;
}

const deposit = { provider: 'openai', key: 'sk-sandbox-forged' };

test('34 a form without its token changes nothing', async () => {
  const person = await signedIn();
  for (const csrf of [undefined, '', 'x'.repeat(43)]) {
    const refused = await person.post('/keys/new', { ...deposit, csrf });
    expect(refused.status).toBe(403);
    expect(refused.text).toContain('This form is no longer valid');
  }
  expect(await broker.deps.store.credentials.listCredentials(user.id)).toEqual([]);
});

test('34 a form from before signing in again is stale', async () => {
  const person = await signedIn();
  const { csrf } = await person.get('/keys/new');
  await person.post('/sign-out');
  await person.signIn(user.email);
  expect((await person.post('/keys/new', { ...deposit, csrf })).status).toBe(403);
});

test('34 a form with another session’s token is foreign', async () => {
  const other = new Person(broker);
  await other.signIn((await createUser(broker)).email);
  const { csrf } = await other.get('/keys/new');
  const person = await signedIn();
  expect((await person.post('/keys/new', { ...deposit, csrf })).status).toBe(403);
});

test('34 the sign-in form is bound to the browser it was sent to', async () => {
  const { csrf } = await new Person(broker).get('/sign-in');
  const victim = new Person(broker);
  await victim.get('/sign-in');
  const refused = await victim.post('/sign-in', { email: user.email, password, csrf });
  expect(refused.status).toBe(403);
  expect(victim.cookies.has('coatcheck_session')).toBe(false);
});

test.each([
  ['a foreign Origin', { origin: 'https://evil.example' }],
  ['an Origin on another port', { origin: 'http://127.0.0.1:1' }],
  ['an opaque Origin that nothing vouches for', { origin: 'null' }],
  ['Sec-Fetch-Site: cross-site', { 'sec-fetch-site': 'cross-site' }],
  ['Sec-Fetch-Site: same-site', { 'sec-fetch-site': 'same-site' }],
  ['Sec-Fetch-Site: none', { 'sec-fetch-site': 'none' }],
  ['one good sign and one bad', { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' }],
])('35 a post with %s is refused, right token or not', async (_name, headers) => {
  const person = await signedIn();
  await person.get('/keys/new');
  expect((await person.post('/keys/new', deposit, headers)).status).toBe(403);
});

test.each([
  ['our own Origin', () => ({ origin: broker.url })],
  ['an Origin hidden by our no-referrer', () => ({ origin: 'null', 'sec-fetch-site': 'same-origin' })],
  ['neither header', () => ({})],
])('35 a post with %s is let through', async (_name, headers) => {
  const person = await signedIn();
  await person.get('/keys/new');
  expect((await person.post('/keys/sandbox', { provider: 'openai' }, headers())).status).toBe(303);
});

test('35 the Host header does not make an Origin ours', async () => {
  const { host } = new URL(broker.url);
  const person = await signedIn();
  await person.get('/keys/new');
  const refused = await person.post('/keys/new', deposit, {
    origin: 'http://evil.example',
    'x-forwarded-host': host,
  });
  expect(refused.status).toBe(403);
});

test('a form beyond 64 KB is refused', async () => {
  const person = await signedIn();
  await person.get('/keys/new');
  const refused = await person.post('/keys/new', { ...deposit, name: 'x'.repeat(70_000) });
  expect(refused.status).toBe(413);
  expect(refused.text).toContain('at most 64 KB');
});

test('a body that is no form is refused', async () => {
  const person = await signedIn();
  const cookie = [...person.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const refused = await fetch(`${broker.url}/keys/new`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json' },
    body: JSON.stringify(deposit),
  });
  expect(refused.status).toBe(403);
});

test('a page that does not exist says so, whoever asks and however', async () => {
  const person = await signedIn();
  for (const page of [
    await person.get('/nowhere'),
    await person.post('/nowhere'),
    await new Person(broker).get('/x'),
  ]) {
    expect(page.status).toBe(404);
    expect(page.text).toContain('Page not found');
  }
});

test('a failure inside shows a plain page and goes to the log, not to the page', async () => {
  const person = await signedIn();
  const { credentials } = broker.deps.store;
  const { listCredentials } = credentials;
  Object.assign(credentials, { listCredentials: () => Promise.reject(new Error('disk on fire')) });
  const page = await person.get('/keys');
  Object.assign(credentials, { listCredentials });
  expect(page.status).toBe(503);
  expect(page.headers.get('retry-after')).toBe('5');
  expect(page.text).toContain('This does not work right now');
  expect(page.html).not.toContain('disk on fire');
  expect(broker.logs.join()).toContain('disk on fire');
  expect(broker.logs.join()).toContain('"route":"GET /keys"');
  expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
});

test.each([
  ['as it is', 0, 303],
  ['and bounded', 70_000, 413],
])('a form sent in chunks is read %s', async (_name, padding, status) => {
  const person = await signedIn();
  const { csrf = '' } = await person.get('/keys/new');
  const cookie = [...person.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const form = new URLSearchParams({ csrf, provider: 'openai', padding: 'x'.repeat(padding) });
  const answer = await fetch(`${broker.url}/keys/sandbox`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
    // A stream has no length to announce, so it goes out chunked.
    body: new Blob([form.toString()]).stream(),
    duplex: 'half',
  } as RequestInit);
  expect(answer.status).toBe(status);
});

async function* breakingOff(error: Error): AsyncGenerator<Uint8Array> {
  yield Buffer.from('csrf=');
  throw error;
}

/** What becomes of a form whose reading fails. @returns the status, and what would be logged as a failure of ours */
async function readingFails(error: Error) {
  const failures: Error[] = [];
  const app = new Hono<PageEnv>().use(checkForm(broker.url));
  app.onError((failure, c) => {
    failures.push(failure);
    return c.body(null, 500);
  });
  const incoming = { iterator: () => breakingOff(error) };
  const { status } = await app.request('/', { method: 'POST' }, { incoming });
  return { status, failures };
}

test('a form that breaks off is the browser’s doing', async () => {
  const aborted = Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
  expect(await readingFails(aborted)).toEqual({ status: 400, failures: [] });
});

test('any other failure to read a form is ours', async () => {
  const bug = new Error('a bug');
  expect(await readingFails(bug)).toEqual({ status: 500, failures: [bug] });
});
