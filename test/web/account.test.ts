import { afterAll, beforeAll, expect, test } from 'vitest';
import type { User } from '../../src/store/records.ts';
import { type Broker, createClient, createUser, deposit, password, startBroker } from '../support/broker.ts';
import { Person } from '../support/person.ts';
import { connectApp, recordCall } from '../support/world.ts';

let broker: Broker;

beforeAll(async () => {
  broker = await startBroker();
});
afterAll(() => broker.close());

async function someone(operator = false): Promise<{ user: User; person: Person; elsewhere: Person }> {
  const user = await createUser(broker, operator);
  const [person, elsewhere] = [new Person(broker), new Person(broker)];
  await person.signIn(user.email);
  await elsewhere.signIn(user.email);
  return { user, person, elsewhere };
}

const next = 'another fine password';

test('changing the password says before what it ends, and ends it', async () => {
  const { user, person, elsewhere } = await someone();
  await deposit(broker, user.id);
  const client = await createClient(broker, user.id);
  const { grantId } = await connectApp(broker, user, client);
  const before = await person.get('/account');
  expect(before.text).toContain('signs you out everywhere else and disconnects every app');
  const session = person.cookies.get('coatcheck_session');
  const changed = await person.post('/account/password', { current: password, new: next });
  expect((await person.get(changed.location ?? '')).text).toContain('Your password is changed.');
  expect(person.cookies.get('coatcheck_session')).not.toBe(session);
  expect((await elsewhere.get('/keys')).status).toBe(303);
  expect((await broker.deps.store.grants.findGrant(grantId))?.revokedReason).toBe('password_changed');
  const { email } = user;
  expect((await new Person(broker).submit('/sign-in', { email, password })).status).toBe(422);
  expect((await new Person(broker).submit('/sign-in', { email, password: next })).status).toBe(303);
});

test.each([
  [{ current: 'wrong', new: next }, 'This is not your current password.'],
  [{ current: password, new: 'short' }, 'Use at least 10 characters.'],
  [{ current: password, new: password }, 'Choose a password other than the current one.'],
  [{}, 'This is not your current password.'],
])('the change %j is refused', async (fields, complaint) => {
  const { person, elsewhere } = await someone();
  const page = await person.submit('/account').then(() => person.post('/account/password', fields));
  expect(page.status).toBe(422);
  expect(page.text).toContain(complaint);
  expect(page.html).not.toContain(password);
  expect((await elsewhere.get('/keys')).status).toBe(200);
});

test('43 guessing the current password is paused after ten tries', async () => {
  const { person } = await someone();
  let status = 0;
  for (let i = 0; i < 11; i += 1) {
    status = (await person.post('/account/password', { current: `guess ${i}`, new: next })).status;
  }
  expect(status).toBe(429);
});

test('signing out everywhere ends every session', async () => {
  const { person, elsewhere } = await someone();
  expect((await person.post('/account/sign-out')).location).toBe('/');
  expect((await elsewhere.get('/keys')).status).toBe(303);
  expect((await person.get('/keys')).status).toBe(303);
});

test('the account page tells what happened lately, and to which app or key', async () => {
  const { user, person } = await someone();
  const key = await deposit(broker, user.id);
  const client = await createClient(broker, user.id, { name: 'Notes' });
  const { grantId } = await connectApp(broker, user, client);
  const { clients, credentials, grants } = broker.deps.store;
  await credentials.markExhausted(key.id, true, 1);
  await clients.setClientStatus(client.id, 'suspended', { kind: 'system' });
  await grants.revokeGrant(grantId, 'operator', { kind: 'system' });
  const { text } = await person.get('/account');
  expect(text).toMatch(/Signed in .* UTC/);
  for (const words of [
    'Access given without the consent page: Notes',
    'App received its tokens: Notes',
    `Quota of a key used up: OpenAI sandbox ····${key.last4}`,
    'Registered app suspended: Notes',
    'Access of an app ended: Notes',
  ]) {
    expect(text).toContain(words);
  }
  await credentials.deleteCredential(key.id, { kind: 'system' });
  expect((await person.get('/account')).text).toContain('Key deleted: OpenAI');
});

test('the account page tells how much of which app’s budget is used', async () => {
  const { user, person } = await someone();
  await deposit(broker, user.id);
  const client = await createClient(broker, user.id, { name: 'Notes' });
  const { grantId, familyId } = await connectApp(broker, user, client);
  const budgets = [{ limit_requests: 5, period: 'total' }] as const;
  const limits = { type: 'provider_access', provider: 'openai', budgets } as const;
  await broker.deps.store.grants.changeLimits(grantId, user.id, [limits], { kind: 'system' });
  const call = { route: 'POST /embeddings', model: null, scope: 'openai:embeddings' };
  for (let i = 0; i < 5; i += 1) await recordCall(broker, familyId, call);
  expect((await person.get('/account')).text).toContain('80 % of a budget used: Notes');
  await expect(recordCall(broker, familyId, call)).rejects.toThrow('budget');
  expect((await person.get('/account')).text).toContain('Budget used up: Notes');
});

test('the operator page is the operator’s alone', async () => {
  const { person } = await someone();
  expect((await person.get('/apps')).html).not.toContain('/operator');
  expect((await person.get('/operator')).status).toBe(404);
  expect((await person.get('/operator/apps')).status).toBe(404);
  await person.get('/account');
  for (const path of ['gates', 'users', 'apps', 'invitations', 'invitations/withdraw']) {
    const fields = { gate: 'sign_up', state: 'open' };
    expect((await person.post(`/operator/${path}`, fields)).status).toBe(404);
  }
  expect(await broker.deps.store.accounts.isOpen('sign_up')).toBe(false);
});

test('the operator opens and closes sign-up', async () => {
  const { person } = await someone(true);
  await person.get('/operator');
  const opened = await person.post('/operator/gates', { gate: 'sign_up', state: 'open' });
  expect((await person.get(opened.location ?? '')).text).toContain('Anybody can make an account now.');
  expect(await broker.deps.store.accounts.isOpen('sign_up')).toBe(true);
  await person.post('/operator/gates', { gate: 'sign_up', state: 'closed' });
  expect(await broker.deps.store.accounts.isOpen('sign_up')).toBe(false);
});

test('the operator invites somebody; the link is shown once, works, and can be withdrawn', async () => {
  const { person } = await someone(true);
  await person.get('/operator');
  const page = await person.post('/operator/invitations', { email: ' Guest@Example.com ' });
  const link = /id="invitation-link">([^<]+)</.exec(page.html)?.[1] ?? '';
  expect(link).toMatch(new RegExp(`^${broker.url}/invite/ccin_`));
  const again = await person.get('/operator');
  expect(again.html).not.toContain(new URL(link).pathname);
  expect(again.text).toContain('guest@example.com');
  const { pathname } = new URL(link);
  expect((await new Person(broker).get(pathname)).status).toBe(200);
  const invitation = /name="invitation" value="([^"]+)"/.exec(again.html)?.[1] ?? '';
  await person.post('/operator/invitations/withdraw', { invitation });
  expect((await new Person(broker).get(pathname)).status).toBe(410);
  const refused = await person.post('/operator/invitations', { email: 'nonsense' });
  expect(refused.status).toBe(422);
  expect(refused.html).toContain('value="nonsense"');
});

test('the operator sees every account', async () => {
  const { person } = await someone(true);
  const other = await createUser(broker);
  expect((await person.get('/operator')).text).toContain(other.email);
});
