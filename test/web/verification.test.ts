import { afterAll, beforeAll, expect, test } from 'vitest';
import { sessionCookie } from '../../src/accounts/cookies.ts';
import { startSession } from '../../src/accounts/session.ts';
import type { User } from '../../src/store/records.ts';
import { unverifiedUserLimit } from '../../src/store/trust.ts';
import { beginAuthorization } from '../support/authorization.ts';
import {
  type Broker,
  createClient,
  createUser,
  deposit,
  grantTo,
  type RegisteredClient,
  startBroker,
} from '../support/broker.ts';
import { createInternet, type Internet } from '../support/internet.ts';
import { Person, type Screen } from '../support/person.ts';

let internet: Internet;
let broker: Broker;
let owner: User;
let developer: Person;
let operator: Person;
let apps = 0;

beforeAll(async () => {
  internet = await createInternet();
  broker = await startBroker({ internet });
  owner = await createUser(broker);
  developer = await signedIn(owner);
  operator = await signedIn(await createUser(broker, true));
});
afterAll(async () => {
  await broker.close();
  await internet.close();
});

async function signedIn({ email }: User): Promise<Person> {
  const person = new Person(broker);
  await person.signIn(email);
  return person;
}

function createApp(redirectUris?: readonly string[]): Promise<RegisteredClient> {
  apps += 1;
  return createClient(broker, owner.id, {
    name: `App ${apps}`,
    redirectUris: redirectUris ?? [`https://app${apps}.example.com/callback`],
  });
}

const clientNow = ({ id }: RegisteredClient) => broker.deps.store.clients.findClient(id);

/** The part of the operator's page that is about an app. */
async function rowOf({ name }: RegisteredClient): Promise<string> {
  const { html } = await operator.get('/operator/apps');
  return html.split('<li>').find((row) => row.includes(`<bdi>${name}</bdi>`)) ?? '';
}

const seenIn = (row: string) => /name="seen" value="([^"]*)"/.exec(row)?.[1];

async function decide(client: RegisteredClient, decision: string): Promise<Screen> {
  const seen = seenIn(await rowOf(client));
  return operator.post('/operator/apps', { client: client.id, seen, decision });
}

test('an owner asks, proves the domain by a file, and the operator decides', async () => {
  const client = await createApp();
  const path = `/developer/${client.id}`;
  expect((await developer.get(path)).text).toContain(`at most ${unverifiedUserLimit} people`);
  expect((await developer.post(`${path}/verification`)).location).toBe(`${path}?done=asked`);
  const asked = await developer.get(path);
  const token = /ccvt_[\w-]{43}/.exec(asked.text)?.[0] ?? '';
  const file = `https://app${apps}.example.com/.well-known/coatcheck-verification.txt`;
  expect(asked.text).toContain(file);
  const record = `_coatcheck.app${apps}.example.com`;
  expect(asked.text).toContain(`${record}. IN TXT "${token}"`);
  expect(await rowOf(client)).toContain('Asks for verification');
  expect(await rowOf(client)).toContain('has not shown these');
  expect((await operator.get('/operator')).text).toContain('1 asks for verification.');

  const missing = await developer.post(`${path}/proof`);
  const complaint = `${file} was not found: it answers with status 404, not 200. ${record} has no TXT record. Expected: ${token}`;
  expect([missing.status, missing.text]).toEqual([422, expect.stringContaining(complaint)]);
  internet.publish(file, 'something else');
  expect((await developer.post(`${path}/proof`)).text).toContain(`${file} holds "something else".`);
  expect(await clientNow(client)).toMatchObject({ domainProvenAt: null });
  internet.publish(file, `${token}\n`);
  expect((await developer.post(`${path}/proof`)).location).toBe(`${path}?done=proven`);
  expect((await developer.get(path)).text).toMatch(/Found on/);
  expect(await rowOf(client)).toContain('Its owner showed these to be theirs');

  expect((await decide(client, 'verified')).location).toBe('/operator/apps?done=verified');
  expect(await clientNow(client)).toMatchObject({ verified: true, verificationAskedAt: null });
  expect((await developer.get(path)).text).toContain('The operator vouches for this app.');
  await decide(client, 'unverified');
  expect(await clientNow(client)).toMatchObject({ verified: false });
});

test('a TXT record among others proves a domain too', async () => {
  const client = await createApp();
  const path = `/developer/${client.id}`;
  await developer.get(path);
  await developer.post(`${path}/verification`);
  const { verificationToken: token = null } = (await clientNow(client)) ?? {};
  const record = `_coatcheck.app${apps}.example.com`;
  internet.records.set(record, [['another ', 'service'], ['ccvt_another']]);
  const wrong = await developer.post(`${path}/proof`);
  expect(wrong.text).toContain(`${record} holds "another service, ccvt_another". Expected: ${token}`);
  expect(await clientNow(client)).toMatchObject({ domainProvenAt: null });
  internet.records.set(record, [['another service'], [token ?? '']]);
  expect((await developer.post(`${path}/proof`)).location).toBe(`${path}?done=proven`);
  expect(await clientNow(client)).toMatchObject({ domainProvenAt: expect.any(Number) });
});

test('each host has to hold the token, in whichever way', async () => {
  const client = await createApp([
    'https://one.example.com/a',
    'https://two.example.com:8443/b',
    'https://three.example.com:8443/c',
    'http://127.0.0.1/',
  ]);
  const path = `/developer/${client.id}`;
  await developer.get(path);
  await developer.post(`${path}/verification`);
  const { verificationToken } = (await clientNow(client)) ?? {};
  internet.publish('https://one.example.com/.well-known/coatcheck-verification.txt', verificationToken);
  expect((await developer.post(`${path}/proof`)).text).toContain('https://two.example.com:8443/');
  internet.publish('https://two.example.com:8443/.well-known/coatcheck-verification.txt', verificationToken);
  expect((await developer.post(`${path}/proof`)).text).toContain('_coatcheck.three.example.com has no');
  internet.records.set('_coatcheck.three.example.com', [[verificationToken ?? '']]);
  expect((await developer.post(`${path}/proof`)).status).toBe(303);
});

test('where there is no web address there is nothing to prove', async () => {
  const client = await createApp(['http://127.0.0.1/callback']);
  const path = `/developer/${client.id}`;
  await developer.get(path);
  await developer.post(`${path}/verification`);
  expect((await developer.get(path)).text).toContain('no domain to show as yours');
  expect((await developer.post(`${path}/proof`)).status).toBe(422);
});

test('a proof is not looked for on this machine', async () => {
  const client = await createApp(['https://127.0.0.1:8443/callback']);
  const path = `/developer/${client.id}`;
  await developer.get(path);
  await developer.post(`${path}/verification`);
  const refused = await developer.post(`${path}/proof`);
  expect(refused.text).toContain('not public');
  expect(refused.text).not.toContain('_coatcheck.');
});

test('nobody but its owner asks or checks for an app', async () => {
  const client = await createApp();
  const other = await signedIn(await createUser(broker));
  await other.get('/account');
  for (const what of ['verification', 'proof']) {
    expect((await other.post(`/developer/${client.id}/${what}`)).status).toBe(404);
  }
  expect(await clientNow(client)).toMatchObject({ verificationAskedAt: null });
});

test('nothing is proven before it is asked for', async () => {
  const client = await createApp();
  await developer.get(`/developer/${client.id}`);
  const refused = await developer.post(`/developer/${client.id}/proof`);
  expect([refused.status, refused.text]).toEqual([
    422,
    expect.stringContaining('Ask for verification first'),
  ]);
});

test('a declined request can be made again', async () => {
  const client = await createApp();
  await developer.get(`/developer/${client.id}`);
  await developer.post(`/developer/${client.id}/verification`);
  await decide(client, 'declined');
  expect(await clientNow(client)).toMatchObject({ verified: false, verificationAskedAt: null });
  expect((await developer.get(`/developer/${client.id}`)).text).toContain('Ask for verification');
});

test('nobody vouches for what an app has become since they saw it', async () => {
  const client = await createApp();
  const seen = seenIn(await rowOf(client));
  const asUser = { kind: 'user', id: owner.id } as const;
  for (const change of [{ name: 'Another' }, { redirectUris: ['https://elsewhere.example.com/'] }]) {
    await broker.deps.store.clients.updateClient(client.id, change, asUser);
    const stale = await operator.post('/operator/apps', { client: client.id, seen, decision: 'verified' });
    expect([stale.status, stale.text]).toEqual([409, expect.stringContaining('not what it was')]);
    expect(await clientNow(client)).toMatchObject({ verified: false });
    const { name, redirectUris } = client;
    await broker.deps.store.clients.updateClient(client.id, { name, redirectUris }, asUser);
  }
  const unseen = await operator.post('/operator/apps', { client: client.id, decision: 'verified' });
  expect(unseen.status).toBe(409);
  expect((await decide(client, 'verified')).location).toBe('/operator/apps?done=verified');
});

test('the operator suspends an app, lifts that, and deletes it', async () => {
  const client = await createApp();
  const user = await createUser(broker);
  await deposit(broker, user.id);
  const { access_token } = await grantTo(broker, user, client, ['openai:models.read']);
  const call = async () =>
    (await fetch(`${broker.url}/openai/v1/models`, { headers: { authorization: `Bearer ${access_token}` } }))
      .status;
  expect(await call()).toBe(200);
  await decide(client, 'suspended');
  expect(await call()).toBe(401);
  expect(await rowOf(client)).toContain('Suspended');
  await decide(client, 'lifted');
  expect(await call()).toBe(200);
  await decide(client, 'deleted');
  expect(await call()).toBe(401);
  expect(await rowOf(client)).toBe('');
  expect((await decide(client, 'promoted')).status).toBe(404);
});

test('the operator suspends an account and lifts that, but not their own', async () => {
  const user = await createUser(broker);
  const person = await signedIn(user);
  await operator.get('/operator');
  const suspend = (id: string, status: string) => operator.post('/operator/users', { user: id, status });
  expect((await suspend(user.id, 'suspended')).location).toBe('/operator?done=user_suspended');
  expect((await person.get('/keys')).status).toBe(303);
  expect((await operator.get('/operator')).text).toContain('Lift the suspension');
  await suspend(user.id, 'active');
  expect((await person.get('/keys')).status).toBe(200);
  const self = await createUser(broker, true);
  const other = await signedIn(self);
  expect((await other.post('/operator/users', { user: self.id, status: 'suspended' })).status).toBe(404);
  expect((await suspend(user.id, 'gone')).status).toBe(404);
});

test('the operator opens and closes what apps may do by themselves', async () => {
  const { accounts } = broker.deps.store;
  await operator.get('/operator');
  for (const [gate, first] of [
    ['registration', 'open'],
    ['client_documents', 'closed'],
  ] as const) {
    const second = first === 'open' ? 'closed' : 'open';
    expect(await accounts.isOpen(gate)).toBe(second === 'open');
    for (const state of [first, second]) {
      const { location } = await operator.post('/operator/gates', { gate, state });
      expect(await accounts.isOpen(gate)).toBe(state === 'open');
      expect((await operator.get(location ?? '')).html).toContain('class="notice good"');
    }
  }
  expect((await operator.post('/operator/gates', { gate: 'back_door', state: 'open' })).status).toBe(404);
});

test('the eleventh person is told that an app that nobody vouches for takes no more', async () => {
  const client = await createApp();
  const approval = { decision: 'approve', scope: ['openai:text'], life: 'day' };
  async function connect(): Promise<{ person: Person; path: string; answer: Screen }> {
    const user = await createUser(broker);
    await deposit(broker, user.id);
    const person = new Person(broker);
    // By the session itself: the form lets only so many in from one address.
    person.cookies.set(
      sessionCookie(broker.deps.config).name,
      await startSession(broker.deps, user.id, undefined),
    );
    const path = await beginAuthorization(person, client, { scope: 'openai:text' });
    return { person, path, answer: await person.submit(path, approval) };
  }
  const first = await connect();
  expect(first.answer.status).toBe(303);
  for (let users = 1; users < unverifiedUserLimit; users += 1)
    expect((await connect()).answer.status).toBe(303);
  const { person, path, answer } = await connect();
  expect([answer.status, answer.text]).toEqual([
    403,
    expect.stringContaining('This app is not open to more people yet'),
  ]);
  expect((await person.submit(path, { decision: 'deny' })).status).toBe(303);
  // Who has connected it goes on, and approves again.
  const again = await beginAuthorization(first.person, client, { scope: 'openai:text' });
  expect((await first.person.submit(again, approval)).status).toBe(303);
  await decide(client, 'verified');
  expect((await connect()).answer.status).toBe(303);
});

test('the consent page tells since when an app is known, whose site gets the answer, and whether anybody vouches', async () => {
  const client = await createApp();
  const path = await beginAuthorization(developer, client);
  const before = await developer.get(path);
  expect(before.text).toMatch(/Not verified .* Registered here since \d+ \w+ \d{4}/);
  expect(before.text).not.toContain('is theirs');
  await broker.deps.store.clients.markDomainProven(client.id, client.redirectUris, { kind: 'system' });
  const host = `app${apps}.example.com`;
  expect((await developer.get(path)).text).toMatch(new RegExp(`showed on .* that ${host} is theirs`));
  await decide(client, 'verified');
  expect((await developer.get(path)).text).toMatch(/Verified app .* Registered here since/);
});
