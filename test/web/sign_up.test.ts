import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSetupLink, invite } from '../../src/accounts/invitations.ts';
import { type Broker, createUser, password, startBroker } from '../support/broker.ts';
import { Person } from '../support/person.ts';

let now = Date.now();
let broker: Broker;

beforeEach(async () => {
  broker = await startBroker({ clock: () => now });
});
afterEach(() => broker.close());

const someone = { email: 'someone@example.com', password };
const hour = 3_600_000;

async function setupPath(): Promise<string> {
  const link = await createSetupLink(broker.deps);
  if (!link) throw new Error('no set-up link');
  return new URL(link.url).pathname;
}

async function invitePath(email: string | null = null): Promise<string> {
  const operator = await createUser(broker, true);
  return new URL((await invite(broker.deps, operator.id, email)).url).pathname;
}

test('the first account comes through the set-up link and is the operator', async () => {
  const path = await setupPath();
  const person = new Person(broker);
  expect((await person.get('/')).text).toContain('The operator makes the first one with the set-up link');
  expect((await person.get(path)).text).toContain('This first account is the operator’s');
  const entered = await person.post(path, { email: ' Someone@Example.com', password });
  expect(entered).toMatchObject({ status: 303, location: '/keys' });
  expect(await broker.deps.store.accounts.listUsers()).toMatchObject([
    { email: 'someone@example.com', operator: true },
  ]);
  expect((await person.get('/keys')).status).toBe(200);
  expect(await createSetupLink(broker.deps)).toBeNull();
});

test('a set-up link works for an hour, and not when there is somebody already', async () => {
  const path = await setupPath();
  now += hour + 1;
  const late = await new Person(broker).get(path);
  expect(late.status).toBe(410);
  expect(late.text).toContain('Restart the server to get a new one.');
  const fresh = await setupPath();
  const waiting = new Person(broker);
  await waiting.get(fresh);
  await createUser(broker);
  expect((await waiting.post(fresh, someone)).status).toBe(410);
  expect(await broker.deps.store.accounts.countUsers()).toBe(1);
});

test('an invited person makes an account, once', async () => {
  const path = await invitePath();
  const [person, second] = [new Person(broker), new Person(broker)];
  await second.get(path);
  expect((await person.submit(path, someone)).status).toBe(303);
  expect((await second.post(path, { email: 'other@example.com', password })).status).toBe(410);
  const users = await broker.deps.store.accounts.listUsers();
  expect(users.find(({ email }) => email === someone.email)).toMatchObject({ operator: false });
});

test('an invitation ends after seven days', async () => {
  const path = await invitePath();
  now += 7 * 24 * hour + 1;
  expect((await new Person(broker).get(path)).text).toContain('Ask the operator of this site for a new one.');
});

test('an invitation for one address takes no other', async () => {
  const path = await invitePath('guest@example.com');
  const person = new Person(broker);
  expect((await person.get(path)).html).toMatch(
    /value="guest@example.com"[^>]*readonly|readonly[^>]*value="guest@example.com"/,
  );
  const refused = await person.post(path, someone);
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('This invitation is for another address.');
  expect((await person.post(path, { email: 'guest@example.com', password })).status).toBe(303);
});

test('an invitation is no set-up link, nor the other way round', async () => {
  const setup = await setupPath();
  expect((await new Person(broker).get(setup.replace('/setup/', '/invite/'))).status).toBe(410);
  const invitation = await invitePath();
  expect((await new Person(broker).get(invitation.replace('/invite/', '/setup/'))).status).toBe(410);
});

test('sign-up works only when the operator has opened it', async () => {
  await createUser(broker, true);
  const person = new Person(broker);
  expect((await person.get('/sign-up')).status).toBe(403);
  expect((await person.get('/')).text).toContain('Accounts are by invitation');
  await broker.deps.store.accounts.setOpen('sign_up', true, { kind: 'system' });
  expect((await person.get('/')).text).toContain('Make an account');
  await person.get('/sign-up');
  await broker.deps.store.accounts.setOpen('sign_up', false, { kind: 'system' });
  expect((await person.post('/sign-up', someone)).status).toBe(403);
  await broker.deps.store.accounts.setOpen('sign_up', true, { kind: 'system' });
  expect((await person.post('/sign-up', { ...someone, next: '/consent/arq_1' })).location).toBe(
    '/consent/arq_1',
  );
});

test.each([
  [{ email: '' }, 'Enter your email address.'],
  [{ email: 'not an address' }, 'Enter an email address like name@example.com.'],
  [{ email: `${'x'.repeat(250)}@example.com` }, 'Enter an email address like name@example.com.'],
  [{ password: 'short' }, 'Use at least 10 characters.'],
  [{ password: 'x'.repeat(257) }, 'Use at most 256 characters.'],
  [{ password: 'aaaaaaaaaaaa' }, 'Use more different characters.'],
])('%j is refused and says why', async (wrong, complaint) => {
  await broker.deps.store.accounts.setOpen('sign_up', true, { kind: 'system' });
  const page = await new Person(broker).submit('/sign-up', { ...someone, ...wrong });
  expect(page.status).toBe(422);
  expect(page.text).toContain(complaint);
  expect(page.html).not.toContain(password);
  expect(await broker.deps.store.accounts.countUsers()).toBe(0);
});

test('a taken address is not signed in with, and trying many from one place is paused', async () => {
  await broker.deps.store.accounts.setOpen('sign_up', true, { kind: 'system' });
  const { email } = await createUser(broker);
  const person = new Person(broker);
  const taken = await person.submit('/sign-up', { email, password });
  expect(taken.status).toBe(422);
  expect(taken.text).toContain('If it is yours, sign in instead.');
  expect(person.cookies.has('coatcheck_session')).toBe(false);
  let status = 0;
  for (let i = 0; i < 20; i += 1) status = (await person.submit('/sign-up', { email, password })).status;
  expect(status).toBe(429);
});

test('guessing at links is paused, and slows nobody who was invited', async () => {
  const path = await invitePath();
  const guesser = new Person(broker);
  let paused = await guesser.get('/invite/a-guess');
  for (let i = 0; i < 50; i += 1) paused = await guesser.get(`/setup/a-guess-${i}`);
  expect(paused.status).toBe(429);
  expect(Number(paused.headers.get('retry-after'))).toBeGreaterThan(0);
  await guesser.get(path);
  expect((await guesser.post('/invite/a-guess', someone)).status).toBe(429);
  expect((await new Person(broker).submit(path, someone)).status).toBe(303);
});

test('who is signed in does not make an account by accident', async () => {
  const path = await invitePath();
  const person = new Person(broker);
  await person.signIn((await createUser(broker)).email);
  const page = await person.get(path);
  expect(page.status).toBe(409);
  expect(page.text).toContain('You are signed in already');
});
