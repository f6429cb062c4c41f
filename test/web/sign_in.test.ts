import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashPassword, verifyPassword } from '../../src/accounts/password.ts';
import type { User } from '../../src/store/records.ts';
import { type Broker, createUser, password, startBroker } from '../support/broker.ts';
import { Person } from '../support/person.ts';

let now = Date.now();
let broker: Broker;
let user: User;

beforeAll(async () => {
  broker = await startBroker({ clock: () => now });
  user = await createUser(broker);
});
afterAll(() => broker.close());

const session = 'coatcheck_session';

test('a person signs in, is known, and signs out', async () => {
  const person = new Person(broker);
  const entered = await person.submit('/sign-in', { email: user.email, password });
  expect(entered).toMatchObject({ status: 303, location: '/apps' });
  expect(entered.headers.getSetCookie().join()).toMatch(
    /coatcheck_session=ccse_[\w-]+; Max-Age=1209600; Path=\/; HttpOnly; SameSite=Lax$/,
  );
  expect((await person.get('/keys')).status).toBe(200);
  expect(await person.post('/sign-out')).toMatchObject({ status: 303, location: '/' });
  expect(person.cookies.has(session)).toBe(false);
  expect((await person.get('/keys')).location).toBe('/sign-in?next=%2Fkeys');
});

test('the address is found in any case and with spaces around it', async () => {
  const person = new Person(broker);
  const entered = await person.submit('/sign-in', { email: `  ${user.email.toUpperCase()} `, password });
  expect(entered.status).toBe(303);
});

test('who is signed in and opens the sign-in page goes on', async () => {
  const person = new Person(broker);
  await person.signIn(user.email);
  expect((await person.get('/sign-in?next=/keys')).location).toBe('/keys');
});

test('39 the session id changes at sign-in, the old one is dead, and signing out kills it on the server', async () => {
  const person = new Person(broker);
  await person.signIn(user.email);
  const first = person.cookies.get(session) ?? '';
  // Signing in again in the same browser, with the session cookie of before.
  person.cookies.delete(session);
  await person.get('/sign-in');
  person.cookies.set(session, first);
  await person.get('/keys');
  const again = await person.post('/sign-in', { email: user.email, password });
  expect(again.status).toBe(303);
  const second = person.cookies.get(session) ?? '';
  expect(second).not.toBe(first);

  const thief = new Person(broker);
  thief.cookies.set(session, first);
  expect((await thief.get('/keys')).status).toBe(303);
  thief.cookies.set(session, second);
  expect((await thief.get('/keys')).status).toBe(200);
  await person.get('/keys');
  await person.post('/sign-out');
  expect((await thief.get('/keys')).status).toBe(303);
});

test('39 a session id planted before sign-in does not become the session', async () => {
  const person = new Person(broker);
  await person.get('/sign-in');
  const planted = `ccse_${'A'.repeat(43)}`;
  person.cookies.set(session, planted);
  await person.get('/sign-in');
  await person.post('/sign-in', { email: user.email, password });
  expect(person.cookies.get(session)).not.toBe(planted);
});

test('39 159 behind https the cookies are Secure and bound to the host', async () => {
  const secure = await startBroker({
    env: {
      COATCHECK_ISSUER: 'https://broker.example',
      COATCHECK_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    },
  });
  const { email } = await createUser(secure);
  const person = new Person(secure);
  const entered = await person.submit('/sign-in', { email, password });
  expect(entered.headers.getSetCookie().join()).toMatch(
    /__Host-coatcheck_session=ccse_[\w-]+; Max-Age=1209600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  );
  const home = await new Person(secure).get('/');
  expect(home.headers.getSetCookie().join()).toMatch(
    /^__Host-coatcheck_browser=ccbr_[\w-]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  );
  expect(home.headers.get('strict-transport-security')).toBe('max-age=31536000');
  await secure.close();
});

test('a session ends when its time is up', async () => {
  const person = new Person(broker);
  await person.signIn(user.email);
  now += broker.deps.config.sessionTtl * 1000 + 1;
  expect((await person.get('/keys')).status).toBe(303);
});

test('a suspended account cannot sign in, and learns no more than any wrong password does', async () => {
  const { id, email } = await createUser(broker);
  const inside = new Person(broker);
  await inside.signIn(email);
  await broker.deps.store.accounts.setUserStatus(id, 'suspended', { kind: 'system' });
  expect((await inside.get('/keys')).status).toBe(303);
  const refused = await new Person(broker).submit('/sign-in', { email, password });
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('The address or the password is wrong.');
});

test.each([
  '//evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  'https:evil.example',
  'https://evil.example/',
  '%09//evil.example',
  '\t//evil.example',
  '/\t/evil.example',
  '/%09/evil.example',
  '/.//evil.example',
  '/a/..//evil.example',
  'javascript:alert(1)',
  'keys',
  '',
])('42 next=%j does not lead off this site', async (next) => {
  const person = new Person(broker);
  const page = await person.get(`/sign-in?next=${encodeURIComponent(next)}`);
  expect(page.html).not.toMatch(/name="next" value="(?!\/[^/\\])/);
  const entered = await person.post('/sign-in', { email: user.email, password, next });
  expect(entered.status).toBe(303);
  const target = new URL(entered.location ?? '', broker.url);
  expect(target.origin).toBe(broker.url);
  expect(entered.location).toMatch(/^\/(?![/\\])/);
});

test('42 next leads to a page of this site, its query included', async () => {
  const person = new Person(broker);
  const before = await person.get('/keys/new?provider=openai&next=%2Fconsent%2Farq_1');
  expect(before.location).toBe(
    `/sign-in?next=${encodeURIComponent('/keys/new?provider=openai&next=%2Fconsent%2Farq_1')}`,
  );
  await person.get(before.location ?? '');
  const next = new URL(before.location ?? '', broker.url).searchParams.get('next') ?? '';
  const entered = await person.post('/sign-in', { email: user.email, password, next });
  expect(entered.location).toBe('/keys/new?provider=openai&next=%2Fconsent%2Farq_1');
});

test('43 an unknown address gets the same answer as a wrong password', async () => {
  const known = await new Person(broker).submit('/sign-in', { email: user.email, password: 'wrong' });
  const unknown = await new Person(broker).submit('/sign-in', {
    email: 'nobody@example.com',
    password: 'wrong',
  });
  const blank = (html: string) =>
    html.replaceAll(/[\w.]+@example\.com/g, 'EMAIL').replaceAll(/name="csrf" value="[^"]*"/g, 'CSRF');
  expect(known.status).toBe(422);
  expect(unknown.status).toBe(422);
  expect(blank(unknown.html)).toBe(blank(known.html));
});

test('43 an unknown address makes as much work as a wrong password', async () => {
  await verifyPassword('warm up', null);
  // Work, not time: time depends on what else the machine does.
  const work = async (phc: string | null) => {
    const before = process.cpuUsage();
    for (let i = 0; i < 5; i += 1) await verifyPassword('wrong', phc);
    const { user: spent, system } = process.cpuUsage(before);
    return spent + system;
  };
  const [known, unknown] = [await work(await hashPassword(password)), await work(null)];
  expect(unknown / known).toBeGreaterThan(0.5);
  expect(unknown / known).toBeLessThan(2);
});

test.each(['known', 'unknown'])('43 guessing at a %s account is paused after ten tries', async (kind) => {
  const email = kind === 'known' ? (await createUser(broker)).email : 'stranger@example.com';
  const person = new Person(broker);
  for (let i = 0; i < 10; i += 1) {
    expect((await person.submit('/sign-in', { email, password: `guess ${i}` })).status).toBe(422);
  }
  const paused = await person.submit('/sign-in', { email, password });
  expect(paused.status).toBe(429);
  expect(paused.text).toContain('Try again in 15 minutes.');
  expect(Number(paused.headers.get('retry-after'))).toBeGreaterThan(0);
  now += 15 * 60_000 + 1;
  expect((await person.submit('/sign-in', { email, password })).status).toBe(kind === 'known' ? 303 : 422);
});

test('43 signing in clears the count', async () => {
  const { email } = await createUser(broker);
  for (let round = 0; round < 2; round += 1) {
    const person = new Person(broker);
    for (let i = 0; i < 8; i += 1) await person.submit('/sign-in', { email, password: 'wrong' });
    expect((await person.submit('/sign-in', { email, password })).status).toBe(303);
  }
});

test('43 X-Forwarded-For changes nothing unless it comes from a trusted proxy', async () => {
  now += 15 * 60_000 + 1;
  const { email } = await createUser(broker);
  const person = new Person(broker);
  let status = 0;
  for (let i = 0; i < 11; i += 1) {
    await person.get('/sign-in');
    const forwarded = { 'x-forwarded-for': `203.0.113.${i}` };
    status = (await person.post('/sign-in', { email, password: 'wrong' }, forwarded)).status;
  }
  expect(status).toBe(429);
});
