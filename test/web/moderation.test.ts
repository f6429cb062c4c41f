import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { User } from '../../src/store/records.ts';
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
import { Person } from '../support/person.ts';

let broker: Broker;
let developer: User;
let developing: Person;
let operating: Person;
let client: RegisteredClient;

async function signedIn(user: User): Promise<Person> {
  const person = new Person(broker);
  await person.signIn(user.email);
  return person;
}

beforeAll(async () => {
  broker = await startBroker();
  developer = await createUser(broker);
  developing = await signedIn(developer);
  operating = await signedIn(await createUser(broker, true));
});
beforeEach(async () => {
  client = await createClient(broker, developer.id, {
    name: 'Notes',
    redirectUris: ['https://notes.example/callback'],
    scope: 'openai:text anthropic:text',
  });
});
afterAll(() => broker.close());

const path = () => `/developer/${client.id}`;
const settings = async () => {
  const found = await broker.deps.store.clients.findClient(client.id);
  return [found?.moderation, found?.requiredModeration];
};
const choose = async (person: Person, moderation: string) => {
  await person.get('/keys');
  return person.post(`${path()}/moderation`, { moderation });
};
const demand = async (person: Person, moderation: string) => {
  await person.get('/keys');
  return person.post('/operator/apps/moderation', { client: client.id, moderation });
};

/** Has somebody's call with the app flagged. @returns that person */
async function flaggedCall(): Promise<Person> {
  const user = await createUser(broker);
  await deposit(broker, user.id);
  const { access_token } = await grantTo(broker, user, client, ['openai:text']);
  const answer = await fetch(`${broker.url}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: 'hate and violence' }] }),
  });
  expect(answer.status).toBe(200);
  await expect.poll(() => broker.deps.store.clients.countFlagged(client.id)).toBe(1);
  return signedIn(user);
}

test('a developer says what is done about harmful content in the calls of the app', async () => {
  const before = (await developing.get(path())).text;
  expect(before).toContain('No call was flagged in the last day.');
  expect(before).toContain('every call to another provider than OpenAI.');
  const done = await choose(developing, 'flag');
  expect((await developing.get(done.location ?? '')).text).toContain(
    'What is done about harmful content is saved',
  );
  expect(await settings()).toEqual(['flag', 'off']);
});

test('flagged calls are counted for the developer and the operator, and the user sees what was found', async () => {
  await choose(developing, 'flag');
  const person = await flaggedCall();
  expect((await developing.get(path())).text).toContain('1 call was flagged in the last day.');
  expect((await operating.get('/operator/apps')).text).toContain('1 call was flagged in the last day.');
  const activity = await person.get('/activity');
  expect(activity.text).toContain('flagged: hate, violence');
});

test('an operator demands more than a developer has chosen, who is told and cannot loosen it', async () => {
  const done = await demand(operating, 'block');
  expect((await operating.get(done.location ?? '')).text).toContain('what is done about harmful content');
  expect((await developing.get(path())).text).toContain('has such calls refused at least');
  await choose(developing, 'off');
  expect(await settings()).toEqual(['off', 'block']);
});

test('nobody sets it for the app of another, nor to what there is not', async () => {
  const stranger = await signedIn(await createUser(broker));
  expect((await choose(stranger, 'off')).status).toBe(404);
  expect((await demand(stranger, 'off')).status).toBe(404);
  expect((await demand(developing, 'off')).status).toBe(404);
  expect((await choose(developing, 'sometimes')).status).toBe(404);
  expect((await demand(operating, 'sometimes')).status).toBe(404);
  expect(await settings()).toEqual(['off', 'off']);
});

test('people are told which provider judges what an app sends before they let it in', async () => {
  const person = await signedIn(await createUser(broker));
  const ask = async () => {
    const consent = await beginAuthorization(person, client, { scope: 'openai:text anthropic:text' });
    return (await person.get(consent)).text;
  };
  const told = 'What it sends is first checked for harmful content by OpenAI.';
  expect(await ask()).not.toContain(told);
  await choose(developing, 'flag');
  expect(await ask()).toContain(told);
});
