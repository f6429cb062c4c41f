import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { User } from '../../src/store/records.ts';
import { beginAuthorization } from '../support/authorization.ts';
import {
  type Broker,
  createClient,
  createUser,
  deposit,
  password,
  type RegisteredClient,
  startBroker,
} from '../support/broker.ts';
import { Person } from '../support/person.ts';

let now = Date.now();
let broker: Broker;
let developer: User;
let client: RegisteredClient;

beforeAll(async () => {
  broker = await startBroker({ clock: () => now });
  developer = await createUser(broker);
});
// One for each test: an app that nobody vouches for takes ten people.
beforeEach(async () => {
  client = await createClient(broker, developer.id, {
    name: 'Notes',
    redirectUris: ['https://notes.example/callback?tab=1'],
  });
});
afterAll(() => broker.close());

/** Somebody signed in, with a key unless told otherwise. */
async function personWithKey(keys = 1): Promise<{ person: Person; user: User }> {
  const user = await createUser(broker);
  for (let i = 0; i < keys; i += 1) await deposit(broker, user.id);
  const person = new Person(broker);
  await person.signIn(user.email);
  return { person, user };
}

const approval = { decision: 'approve', scope: ['openai:text', 'openai:embeddings'], life: 'month' };

const grantsOf = async ({ id }: User) => broker.deps.store.grants.listGrants({ userId: id });

test('the page tells who asks for what, where the answer goes, and which key is used', async () => {
  const { person, user } = await personWithKey();
  const page = await person.get(await beginAuthorization(person, client));
  expect(page.status).toBe(200);
  expect(page.text).toContain('Let Notes use your keys?');
  expect(page.text).toContain(`You are signed in as ${user.email}`);
  expect(page.text).toContain('Not verified');
  expect(page.text).toContain('notes.example');
  expect(page.text).toContain('generate text');
  expect(page.text).toContain('turn text into vectors for search');
  expect(page.text).not.toContain('make and edit images');
  expect(page.text).toMatch(/Key used: OpenAI sandbox ····\w{4}/);
});

test('what the key is not permitted to do is said before it is lent for that', async () => {
  const app = await createClient(broker, developer.id, { scope: 'openai:text openai:images' });
  const { person, user } = await personWithKey(0);
  await deposit(broker, user.id, 'sk-sandbox-text-only-1');
  const show = async (scope: string) => person.get(await beginAuthorization(person, app, { scope }));
  expect((await show('openai:text')).text).not.toContain('cannot do');
  const asked = await show('openai:text openai:images');
  expect(asked.text).toContain('cannot do images: OpenAI does not permit it. Such calls will fail.');
  await deposit(broker, user.id);
  const either = await show('openai:text openai:images');
  expect(either.html).toContain('<select id="openai_key"');
  expect(either.text.match(/cannot do images/g)).toHaveLength(1);
});

test('a request for two providers asks for a key of each, and uses each for its own', async () => {
  const scope = 'openai:text anthropic:text';
  const app = await createClient(broker, developer.id, { scope });
  const { person, user } = await personWithKey();
  const path = await beginAuthorization(person, app, { scope });
  const page = await person.get(path);
  expect(page.text).toContain('With your OpenAI key it may');
  expect(page.text).toContain('With your Anthropic key it may');
  expect(page.text).toContain('You have no key for Anthropic here yet.');
  const ids = [...page.html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
  expect(ids).toEqual([...new Set(ids)]);

  const back = await person.post('/keys/sandbox', { provider: 'anthropic', next: path });
  expect((await person.get(back.location ?? '')).text).toMatch(/Key used: Anthropic sandbox ····\w{4}/);
  const keys = await broker.deps.store.credentials.listCredentials(user.id);
  const decision = { ...approval, scope: scope.split(' '), key: keys.map(({ id }) => id) };
  expect((await person.post(path, decision)).status).toBe(303);
  const [view] = await grantsOf(user);
  expect(view?.grant.scope).toBe(scope);
  const held = await broker.deps.store.credentials.listHeldBy(view?.grant.id ?? '');
  expect(held.map(({ provider }) => provider).toSorted()).toEqual(['anthropic', 'openai']);
});

test('of a request for two providers one may be left out, with its key', async () => {
  const scope = 'openai:text anthropic:text';
  const app = await createClient(broker, developer.id, { scope });
  const { person, user } = await personWithKey();
  const path = await beginAuthorization(person, app, { scope });
  expect((await person.get(path)).text).toContain(
    'go on without, by unticking all that it may do with Anthropic',
  );
  expect((await person.post(path, { ...approval, scope: ['openai:text'] })).status).toBe(303);
  expect((await grantsOf(user))[0]?.grant.scope).toBe('openai:text');
});

test('approving leads back to the app with a code', async () => {
  const { person, user } = await personWithKey();
  const path = await beginAuthorization(person, client);
  const decided = await person.submit(path, approval);
  expect(decided.status).toBe(303);
  const answer = new URL((await person.get(decided.location ?? '')).location ?? '');
  expect(answer.origin + answer.pathname).toBe('https://notes.example/callback');
  expect(answer.searchParams.get('tab')).toBe('1');
  expect(answer.searchParams.get('code')).toMatch(/^ccac_/);
  expect(answer.searchParams.get('state')).toBe('a state');
  const [view] = await grantsOf(user);
  expect(view?.grant).toMatchObject({
    scope: 'openai:text openai:embeddings',
    expiresAt: now + 30 * 86_400_000,
  });
});

test.each([
  ['day', 86_400_000],
  ['month', 30 * 86_400_000],
  ['always', null],
])('allowing it for %s ends it when it should', async (life, lasts) => {
  const { person, user } = await personWithKey();
  await person.submit(await beginAuthorization(person, client), { ...approval, life });
  const [view] = await grantsOf(user);
  expect(view?.grant.expiresAt).toBe(lasts === null ? null : now + lasts);
});

test('what is unticked is not granted', async () => {
  const { person, user } = await personWithKey();
  await person.submit(await beginAuthorization(person, client), { ...approval, scope: 'openai:embeddings' });
  expect((await grantsOf(user))[0]?.grant.scope).toBe('openai:embeddings');
});

test('unticking everything is no approval', async () => {
  const { person, user } = await personWithKey();
  const page = await person.submit(await beginAuthorization(person, client), { ...approval, scope: [] });
  expect(page.status).toBe(422);
  expect(page.text).toContain('Tick at least one thing that the app may do, or cancel.');
  expect(await grantsOf(user)).toEqual([]);
});

test('an unknown length of time is refused', async () => {
  const { person } = await personWithKey();
  const path = await beginAuthorization(person, client);
  for (const life of ['', 'forever', 'toString', '__proto__']) {
    expect((await person.submit(path, { ...approval, life })).status).toBe(422);
  }
});

test('cancelling leads back to the app with access_denied', async () => {
  const { person, user } = await personWithKey();
  const decided = await person.submit(await beginAuthorization(person, client), { decision: 'deny' });
  const answer = new URL((await person.get(decided.location ?? '')).location ?? '');
  expect(answer.searchParams.get('error')).toBe('access_denied');
  expect(answer.searchParams.get('state')).toBe('a state');
  expect(await grantsOf(user)).toEqual([]);
});

test('with several keys the person chooses which one', async () => {
  const { person, user } = await personWithKey(3);
  const [, second] = await broker.deps.store.credentials.listCredentials(user.id);
  const path = await beginAuthorization(person, client);
  expect((await person.get(path)).html.match(/<option value="key_/g)).toHaveLength(3);
  await person.submit(path, { ...approval, key: second?.id ?? '' });
  const [view] = await grantsOf(user);
  expect(view?.credentials.map(({ id }) => id)).toEqual([second?.id]);
});

test('a key that works is chosen before a newer one whose quota is used up, or that is refused', async () => {
  const { person, user } = await personWithKey(3);
  const { credentials } = broker.deps.store;
  const [refused, exhausted, works] = await credentials.listCredentials(user.id);
  await credentials.markCredential(refused?.id ?? '', 'invalid');
  await credentials.markExhausted(exhausted?.id ?? '', true, 1);
  const page = await person.get(await beginAuthorization(person, client));
  expect(page.html).toContain(`<option value="${works?.id}" selected="">`);
});

test('a key that is gone or somebody else’s is not replaced by another one unasked', async () => {
  const { person, user } = await personWithKey();
  const stranger = await createUser(broker);
  const foreign = await deposit(broker, stranger.id);
  const page = await person.submit(await beginAuthorization(person, client), {
    ...approval,
    key: foreign.id,
  });
  expect(page.status).toBe(422);
  expect(page.text).toContain('A key that you chose is not there any more.');
  expect(await grantsOf(user)).toEqual([]);
});

test('without a key the page leads to adding one, and back', async () => {
  const { person } = await personWithKey(0);
  const path = await beginAuthorization(person, client);
  const page = await person.get(path);
  expect(page.text).toContain('You have no key for OpenAI here yet.');
  expect(page.html).not.toContain('value="approve"');
  expect(page.html).toContain(`href="/keys/new?next=${encodeURIComponent(path)}&amp;provider=openai"`);
  const tried = await person.post(path, approval);
  expect(tried.status).toBe(422);
  await person.get(`/keys/new?next=${encodeURIComponent(path)}&provider=openai`);
  const back = await person.post('/keys/sandbox', { provider: 'openai', next: path });
  expect(back.location).toBe(path);
  expect((await person.submit(path, approval)).location).toMatch(/^\/oauth\/resume\//);
});

test('who is not signed in signs in first and comes back', async () => {
  const user = await createUser(broker);
  await deposit(broker, user.id);
  const person = new Person(broker);
  const path = await beginAuthorization(person, client);
  expect((await person.get(path)).location).toBe(`/sign-in?next=${encodeURIComponent(path)}`);
  await person.get(`/sign-in?next=${encodeURIComponent(path)}`);
  expect((await person.post('/sign-in', { email: user.email, password, next: path })).location).toBe(path);
  expect((await person.get(path)).status).toBe(200);
});

test('a repeated request marks what is new and replaces what was', async () => {
  const { person, user } = await personWithKey();
  await person.submit(await beginAuthorization(person, client), { ...approval, scope: 'openai:text' });
  const path = await beginAuthorization(person, client);
  const page = await person.get(path);
  expect(page.text).toContain('It has had access since');
  expect(page.text).toMatch(/turn text into vectors for search New/);
  expect(page.text).not.toMatch(/generate text New/);
  await person.post(path, { ...approval, scope: 'openai:embeddings' });
  const grants = await grantsOf(user);
  expect(grants.map(({ grant }) => grant.scope)).toEqual(['openai:embeddings']);
});

test('34 a decision without, with a stale or with a foreign token is refused and leads to no code', async () => {
  const { person, user } = await personWithKey();
  const other = await personWithKey();
  const path = await beginAuthorization(person, client);
  await person.get(path);
  const foreign = (await other.person.get('/keys')).csrf;
  for (const csrf of [undefined, 'stale', foreign]) {
    expect((await person.post(path, { ...approval, csrf })).status).toBe(403);
  }
  expect(await grantsOf(user)).toEqual([]);
  expect((await person.get(path.replace('/consent/', '/oauth/resume/'))).location).toBe(path);
});

test('36 another browser cannot answer a request, whoever is signed in there', async () => {
  const { person } = await personWithKey();
  const { person: other, user: otherUser } = await personWithKey();
  const path = await beginAuthorization(person, client);
  const page = await other.get(path);
  expect(page.status).toBe(403);
  expect(page.text).toContain('This request belongs to another browser');
  await other.get('/keys');
  expect((await other.post(path, approval)).status).toBe(403);
  expect((await other.post(path, { decision: 'deny' })).status).toBe(403);
  expect(await grantsOf(otherUser)).toEqual([]);
  // And the one who began it cannot collect what another decided: there is nothing decided.
  expect((await person.get(path)).status).toBe(200);
});

test('36 a browser without cookies learns nothing of a request', async () => {
  const { person } = await personWithKey();
  const path = await beginAuthorization(person, client);
  const page = await new Person(broker).get(path);
  expect(page.status).toBe(403);
  expect(page.html).not.toContain('Notes');
});

test('37 what the form says of the request changes nothing', async () => {
  const { person, user } = await personWithKey();
  const evil = await createClient(broker, user.id, { redirectUris: ['https://evil.example/'] });
  const path = await beginAuthorization(person, client);
  const decided = await person.submit(path, {
    ...approval,
    scope: ['openai:text', 'openai:images', 'openai:admin'],
    client_id: evil.id,
    redirect_uri: 'https://evil.example/',
    resource: 'https://evil.example/',
    state: 'evil',
    user_id: 'usr_1',
  });
  const answer = new URL((await person.get(decided.location ?? '')).location ?? '');
  expect(answer.host).toBe('notes.example');
  expect(answer.searchParams.get('state')).toBe('a state');
  const [view] = await grantsOf(user);
  expect(view?.grant).toMatchObject({ clientId: client.id, scope: 'openai:text', userId: user.id });
});

test('38 a decision submitted twice gives one code', async () => {
  const { person } = await personWithKey();
  const path = await beginAuthorization(person, client);
  await person.get(path);
  const [first, second] = await Promise.all([person.post(path, approval), person.post(path, approval)]);
  expect([first.status, second.status]).toEqual([303, 303]);
  expect(first.location).toBe(second.location);
  const answers = [await person.get(first.location ?? ''), await person.get(second.location ?? '')];
  expect(answers.map(({ status }) => status).sort()).toEqual([303, 400]);
});

test('38 a second, different decision changes nothing', async () => {
  const { person, user } = await personWithKey();
  const path = await beginAuthorization(person, client);
  await person.submit(path, approval);
  await person.post(path, { decision: 'deny' });
  expect((await grantsOf(user))[0]?.grant.revokedAt).toBeNull();
  expect((await person.get(path)).text).toContain('You have answered this already');
});

test('a request that is unknown or has run out says what to do', async () => {
  const { person } = await personWithKey();
  const path = await beginAuthorization(person, client);
  now += 31 * 60_000;
  for (const gone of [path, '/consent/arq_nothing']) {
    const page = await person.get(gone);
    expect(page.status).toBe(410);
    expect(page.text).toContain('go back to it and start again');
  }
  await person.get('/keys');
  expect((await person.post(path, approval)).status).toBe(410);
});

test('an app that was deleted or suspended meanwhile gets nothing', async () => {
  const { person, user } = await personWithKey();
  const owner = await createUser(broker);
  for (const end of ['deleted', 'suspended']) {
    const doomed = await createClient(broker, owner.id, { redirectUris: ['https://doomed.example/'] });
    const path = await beginAuthorization(person, doomed);
    await person.get(path);
    if (end === 'deleted') await broker.deps.store.clients.deleteClient(doomed.id, { kind: 'system' });
    else await broker.deps.store.clients.setClientStatus(doomed.id, 'suspended', { kind: 'system' });
    const refused = await person.post(path, approval);
    expect(refused.status).toBe(410);
    expect(refused.text).toContain('This app is gone');
  }
  expect(await grantsOf(user)).toEqual([]);
});

test('40 names and addresses of apps are shown as text', async () => {
  const { person, user } = await personWithKey();
  const name = '<script>alert(1)</script>"><img src=x onerror=alert(1)>';
  const nasty = await createClient(broker, user.id, {
    name,
    redirectUris: ['https://xn--80ak6aa92e.example/'],
  });
  const page = await person.get(await beginAuthorization(person, nasty));
  expect(page.html).not.toContain('<script>alert');
  expect(page.html).not.toContain('<img');
  expect(page.html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  // An internationalised host stays in its unambiguous spelling.
  expect(page.text).toContain('xn--80ak6aa92e.example');
});

test.each([
  ['web', 'http://127.0.0.1/callback', 'a program on this computer ( 127.0.0.1 )'],
  ['native', 'http://localhost:9/callback', 'a program on this computer ( localhost:9 )'],
  ['native', 'com.example.notes:/callback', 'whichever app on this device opens com.example.notes: links'],
] as const)('40 a %s app at %s comes with a warning', async (type, redirectUri, warning) => {
  const { person, user } = await personWithKey();
  const local = await createClient(broker, user.id, { type, redirectUris: [redirectUri] });
  expect((await person.get(await beginAuthorization(person, local))).text).toContain(warning);
});

test.each([
  ['web', 'https://notes.example:8443/callback', 'https://notes.example:8443'],
  ['web', 'http://127.0.0.1:5555/callback', 'http://127.0.0.1:5555'],
  ['web', 'http://[::1]:5555/callback', 'http:'],
  ['native', 'com.example.notes:/callback', 'com.example.notes:'],
] as const)(
  '41 the policy lets the form of a %s app lead to %s, and nowhere else',
  async (type, redirectUri, source) => {
    const { person, user } = await personWithKey();
    const app = await createClient(broker, user.id, { type, redirectUris: [redirectUri] });
    const page = await person.get(await beginAuthorization(person, app));
    expect(page.headers.get('content-security-policy')).toContain(`; form-action 'self' ${source};`);
  },
);
