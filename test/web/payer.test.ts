import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Credential, User } from '../../src/store/records.ts';
import { authorizePath, beginAuthorization } from '../support/authorization.ts';
import {
  type Broker,
  createClient,
  createUser,
  deposit,
  type RegisteredClient,
  startBroker,
} from '../support/broker.ts';
import { Person } from '../support/person.ts';
import { connectApp, recordCall } from '../support/world.ts';

let broker: Broker;
let developer: User;
let developing: Person;
let key: Credential;
let client: RegisteredClient;

beforeAll(async () => {
  broker = await startBroker();
  developer = await createUser(broker);
  developing = new Person(broker);
  await developing.signIn(developer.email);
  key = await deposit(broker, developer.id);
});
beforeEach(async () => {
  client = await createClient(broker, developer.id, {
    name: 'Notes',
    redirectUris: ['https://notes.example/callback'],
    scope: 'openai:text anthropic:text',
  });
});
afterAll(() => broker.close());

const pay = (fields: Readonly<Record<string, string>>) =>
  developing
    .get(`/developer/${client.id}`)
    .then(() => developing.post(`/developer/${client.id}/payment`, fields));
/** What the form sends along where the page has said that the app pays. */
const told = 'name="told_of_payer" value="openai"';
const lentKeys = async () => (await broker.deps.store.credentials.listHeldBy(client.id)).map(({ id }) => id);
const paysWhenUsedUp = async () => (await broker.deps.store.clients.findClient(client.id))?.paysWhenUsedUp;

/** Somebody signed in who is asked to let the app in. */
async function asked(keys = 0) {
  const user = await createUser(broker);
  for (let i = 0; i < keys; i += 1) await deposit(broker, user.id);
  const person = new Person(broker);
  await person.signIn(user.email);
  const path = await beginAuthorization(person, client, { scope: 'openai:text' });
  return { person, user, path };
}

test('a developer has the app pay with a key of theirs, and stop it', async () => {
  const page = await developing.get(`/developer/${client.id}`);
  expect(page.text).toContain('Pay for people without a key');
  const done = await pay({ pay_openai: key.id, pay_anthropic: 'none', when_used_up: 'on' });
  expect((await developing.get(done.location ?? '')).text).toContain('Who pays is saved.');
  expect(await lentKeys()).toEqual([key.id]);
  expect(await paysWhenUsedUp()).toBe(true);
  await pay({ pay_openai: 'none', pay_anthropic: 'none' });
  expect(await lentKeys()).toEqual([]);
  expect(await paysWhenUsedUp()).toBe(false);
});

test('a key names the apps that pay with it, also when it is about to be deleted', async () => {
  const unlent = await developing.get(`/keys/${key.id}`);
  expect(unlent.text).not.toContain('Pays for');
  await pay({ pay_openai: key.id });
  expect((await developing.get('/keys')).text).toContain('Pays for Notes');
  const page = await developing.get(`/keys/${key.id}`);
  expect(page.text).toContain('Pays for Notes');
  expect(page.text).toContain('These apps of yours can pay with it no longer: Notes');
  await pay({ pay_openai: 'none' });
  expect((await developing.get('/keys')).text).toContain('No app uses it.');
});

test('nobody has an app pay with what is not theirs, nor another’s app', async () => {
  const { person, user } = await asked(1);
  const [own] = await broker.deps.store.credentials.listCredentials(user.id);
  await pay({ pay_openai: own?.id ?? '' });
  await pay({ pay_anthropic: key.id });
  expect(await lentKeys()).toEqual([]);
  await person.get('/account');
  const refused = await person.post(`/developer/${client.id}/payment`, { pay_openai: own?.id ?? '' });
  expect(refused.status).toBe(404);
});

test('somebody without a key is told that the app pays, and approves', async () => {
  const before = await asked();
  expect((await before.person.get(before.path)).html).not.toContain('value="approve"');
  await pay({ pay_openai: key.id });
  const { person, user, path } = await asked();
  const page = await person.get(path);
  expect(page.text).toContain('Let Notes work for you?');
  expect(page.text).toContain('pays for them itself: you need no key');
  expect(page.text).toContain('Notes pays for OpenAI with a key of its own.');
  expect(page.text).not.toContain('With your OpenAI key');
  expect(page.html).toContain(told);
  const fields = { decision: 'approve', scope: ['openai:text'], life: 'month' };
  expect((await person.post(path, fields)).status).toBe(422);
  expect((await person.post(path, { ...fields, told_of_payer: 'openai' })).status).toBe(303);
  expect(await broker.deps.store.grants.listGrants({ userId: user.id })).toMatchObject([
    { credentials: [], grant: { paidByApp: ['openai'] } },
  ]);
});

test('somebody with a key is told that they pay, and who goes on when their limit is used up', async () => {
  await pay({ pay_openai: key.id });
  const before = await asked(1);
  expect((await before.person.get(before.path)).text).not.toContain('goes on with a key of its own');
  await pay({ when_used_up: 'on' });
  const { person, path } = await asked(1);
  const page = await person.get(path);
  expect(page.text).toContain('It can send requests that you pay for.');
  expect(page.text).toContain('Notes goes on with a key of its own and pays itself');
  expect(page.html).toContain(told);
});

test('an app that begins to go on itself does so only for those whom it has asked since', async () => {
  const actor = { kind: 'system' } as const;
  await broker.deps.store.clients.setVerified(client.id, true, actor);
  await pay({ pay_openai: key.id });
  const { person, user, path } = await asked(1);
  const fields = { decision: 'approve', scope: ['openai:text'], life: 'month' };
  await person.submit(path, fields);
  const again = async () =>
    (await person.get(authorizePath(client, { scope: 'openai:text' }))).location ?? '';
  expect(await again()).not.toContain('/consent/');
  const [before] = await broker.deps.store.grants.listGrants({ userId: user.id });
  await pay({ pay_openai: key.id, when_used_up: 'on' });
  const said = 'When a limit of yours in dollars is used up, it pays for OpenAI itself';
  expect((await person.get(`/apps/${before?.grant.id}`)).text).not.toContain(said);
  const consent = await again();
  expect(consent).toContain('/consent/');
  expect((await person.get(consent)).html).toContain(told);
  await person.post(consent, { ...fields, told_of_payer: 'openai' });
  expect((await person.get(`/apps/${before?.grant.id}`)).text).toContain(said);
  expect(await again()).not.toContain('/consent/');
});

test('an app that pays gets what was allowed before without asking, until it stops', async () => {
  const actor = { kind: 'system' } as const;
  await broker.deps.store.clients.setVerified(client.id, true, actor);
  await pay({ pay_openai: key.id });
  const { person, user } = await asked();
  await connectApp(broker, user, client, ['openai:text']);
  const again = async () =>
    (await person.get(authorizePath(client, { scope: 'openai:text' }))).location ?? '';
  expect(await again()).not.toContain('/consent/');
  await pay({ pay_openai: 'none' });
  expect(await again()).toContain('/consent/');
});

test('the page of a connected app and the list of calls tell what the app paid', async () => {
  await pay({ pay_openai: key.id });
  const { person, user } = await asked();
  const { grantId, familyId } = await connectApp(broker, user, client, ['openai:text']);
  const call = { route: 'POST /chat/completions', model: 'gpt-5-mini', scope: 'openai:text' };
  await recordCall(broker, familyId, call);
  const page = await person.get(`/apps/${grantId}`);
  expect(page.text).toContain('paid by the app');
  expect(page.text).toContain('The app pays for OpenAI with a key of its own.');
});
