import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256 } from '../../src/lib/hash.ts';
import { type Broker, createClient, createUser, deposit, startBroker } from '../support/broker.ts';
import { Person } from '../support/person.ts';
import { connectApp } from '../support/world.ts';

let broker: Broker;
let person: Person;
let userId: string;

beforeAll(async () => {
  broker = await startBroker();
  const user = await createUser(broker);
  userId = user.id;
  person = new Person(broker);
  await person.signIn(user.email);
});
afterAll(() => broker.close());

const good = {
  type: 'web',
  name: 'Reading List',
  redirect_uris: 'https://reading-list.example/callback\r\n\r\n  http://127.0.0.1/callback ',
  scope: ['openai:text', 'openai:embeddings'],
};

const clients = () => broker.deps.store.clients.listClients(userId);

test('a developer without apps is told what registering is good for', async () => {
  expect((await person.get('/developer')).text).toContain('Register your app');
});

test('a web app is registered; its secret is shown once and stored as a hash', async () => {
  const page = await person.submit('/developer/new', good);
  expect(page.status).toBe(200);
  const secret = /cccs_[\w-]+/.exec(page.html)?.[0] ?? '';
  const [client] = await clients();
  expect(client).toMatchObject({
    name: 'Reading List',
    type: 'web',
    secretHash: sha256(secret),
    redirectUris: ['https://reading-list.example/callback', 'http://127.0.0.1/callback'],
    scope: 'openai:text openai:embeddings',
    verified: false,
  });
  const again = await person.get(`/developer/${client?.id}`);
  expect(again.html).not.toContain(secret);
  expect(again.text).toContain('PKCE and a client secret');
  expect(again.html).toContain(`client_id=${client?.id}`);
  expect(again.html).toContain(`baseURL: &#39;${broker.url}/openai/v1&#39;`);
  expect((await person.get('/developer')).text).toContain('Reading List');
});

test('public apps get no secret', async () => {
  for (const type of ['spa', 'native']) {
    const made = await person.submit('/developer/new', { ...good, type });
    expect(made.location).toMatch(/^\/developer\/cli_\w+\?done=registered$/);
    expect((await person.get(made.location ?? '')).text).toContain('PKCE, no secret');
  }
});

test.each([
  [{ name: '' }, 'Give the app a name.'],
  [{ name: 'x'.repeat(61) }, 'Keep the name to 60 characters.'],
  [{ name: 'left \u202e right' }, 'invisible or control characters'],
  [{ type: 'robot' }, 'Choose what kind of app it is.'],
  [{ type: undefined }, 'Choose what kind of app it is.'],
  [{ redirect_uris: '' }, 'Give at least one redirect URI.'],
  [{ redirect_uris: 'http://reading-list.example/' }, 'must use https'],
  [{ redirect_uris: 'javascript:alert(1)' }, 'must begin with https'],
  [{ jwks: '{}' }, 'Give the keys as a JWK Set'],
  [{ jwks: '{"keys":[]}', type: 'spa' }, 'Only an app with a server'],
  [{ scope: [] }, 'Tick at least one thing that the app may ask for.'],
  [{ scope: ['openai:admin'] }, 'Tick at least one thing that the app may ask for.'],
])('a registration with %j is refused, says why and keeps what was typed', async (wrong, complaint) => {
  const before = await clients();
  const page = await person.submit('/developer/new', { ...good, ...wrong });
  expect(page.status).toBe(422);
  expect(page.text).toContain(complaint);
  expect(page.html).toContain('<title>Error: ');
  if (!('name' in wrong)) expect(page.html).toContain('value="Reading List"');
  expect(await clients()).toEqual(before);
});

test('name, redirect URIs and scopes are changed', async () => {
  const { id } = await createClient(broker, userId);
  const change = { name: 'Renamed', redirect_uris: 'https://renamed.example/', scope: 'openai:text' };
  const changed = await person.submit(`/developer/${id}`, change);
  expect((await person.get(changed.location ?? '')).text).toContain('The changes are saved.');
  expect(await broker.deps.store.clients.findClient(id)).toMatchObject({
    name: 'Renamed',
    redirectUris: ['https://renamed.example/'],
    scope: 'openai:text',
  });
  const refused = await person.post(`/developer/${id}`, {
    ...change,
    redirect_uris: 'https://u:p@renamed.example/',
  });
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('holds a user name');
});

test('a replaced secret is shown once and takes the place of the old', async () => {
  const { id, secret } = await createClient(broker, userId);
  const page = await person
    .submit(`/developer/${id}/secret`)
    .then(() => person.post(`/developer/${id}/secret`));
  const next = /cccs_[\w-]+/.exec(page.html)?.[0] ?? '';
  expect(next).not.toBe(secret);
  expect((await broker.deps.store.clients.findClient(id))?.secretHash).toBe(sha256(next));
});

test('a web app gives its public keys in place of a secret, and may change back', async () => {
  const key = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
  const jwks = JSON.stringify({ keys: [key] });
  const made = await person.submit('/developer/new', { ...good, jwks });
  const path = made.location?.split('?')[0] ?? '';
  const id = path.replace('/developer/', '');
  const client = () => broker.deps.store.clients.findClient(id);
  expect(await client()).toMatchObject({ secretHash: null, jwks: { keys: [key] } });
  expect((await person.get(path)).text).toContain('signed with its own key');

  const withoutKeys = await person.post(path, { ...good, jwks: '' });
  expect(withoutKeys.status).toBe(422);
  expect(withoutKeys.text).toContain('Without keys the app needs a secret');
  const page = await person.post(`${path}/secret`);
  expect(page.html).toMatch(/cccs_[\w-]+/);
  expect(await client()).toMatchObject({ secretHash: expect.any(String), jwks: null });

  await person.get(path);
  expect((await person.post(path, { ...good, jwks })).status).toBe(303);
  expect(await client()).toMatchObject({ secretHash: null, jwks: { keys: [key] } });
});

test('an app can be made to take pushed requests only, and to take others again', async () => {
  const { id, name, redirectUris } = await createClient(broker, userId);
  const requiresPar = async () => (await broker.deps.store.clients.findClient(id))?.requiresPushedRequests;
  const fields = { name, redirect_uris: redirectUris.join(' '), scope: 'openai:text' };
  const path = `/developer/${id}`;
  expect((await person.submit(path, { ...fields, require_par: 'on' })).status).toBe(303);
  expect(await requiresPar()).toBe(true);
  expect((await person.get(path)).html).toMatch(/name="require_par"[^>]* checked/);
  expect((await person.post(path, { ...fields, name: '', require_par: 'on' })).html).toMatch(
    /name="require_par"[^>]* checked/,
  );
  expect((await person.submit(path, fields)).status).toBe(303);
  expect(await requiresPar()).toBe(false);
});

test('a public app has no secret to replace', async () => {
  const { id } = await createClient(broker, userId, { type: 'spa' });
  await person.get(`/developer/${id}`);
  expect((await person.post(`/developer/${id}/secret`)).status).toBe(404);
});

test('a deleted app is gone, and so is all its access', async () => {
  const user = await createUser(broker);
  await deposit(broker, user.id);
  const client = await createClient(broker, userId);
  const { grantId } = await connectApp(broker, user, client);
  await person.get('/developer');
  const gone = await person.post(`/developer/${client.id}/delete`);
  expect((await person.get(gone.location ?? '')).text).toContain('The app is deleted');
  expect((await person.get(`/developer/${client.id}`)).status).toBe(404);
  expect((await broker.deps.store.grants.findGrant(grantId))?.revokedReason).toBe('client_deleted');
});

test('a test token comes with a sandbox key of its own and is limited to what was ticked', async () => {
  const user = await createUser(broker);
  const developer = new Person(broker);
  await developer.signIn(user.email);
  const { id } = await createClient(broker, user.id);
  await developer.get(`/developer/${id}`);
  const page = await developer.post(`/developer/${id}/token`, {
    scope: ['openai:models.read', 'openai:text'],
  });
  expect(page.status).toBe(200);
  const token = /id="access-token">([^<]+)</.exec(page.html)?.[1] ?? '';
  const verified = await broker.deps.accessTokens.verify(token);
  expect(verified?.claims).toMatchObject({ client_id: id, scope: 'openai:models.read openai:text' });
  expect(page.text).toContain(`curl ${broker.url}/openai/v1/models`);
  const [key, ...others] = await broker.deps.store.credentials.listCredentials(user.id);
  expect(key?.sandbox).toBe(true);
  expect(others).toEqual([]);
  const [view] = await broker.deps.store.grants.listGrants({ userId: user.id });
  expect(view?.grant.test).toBe(true);
  expect((await developer.get('/apps')).text).toContain('Test');
  // A second one uses the same key.
  await developer.get(`/developer/${id}`);
  await developer.post(`/developer/${id}/token`, { scope: 'openai:text' });
  expect(await broker.deps.store.credentials.listCredentials(user.id)).toHaveLength(1);
});

test('a test token for another provider comes with a key of that one, and shows its own SDK', async () => {
  const user = await createUser(broker);
  const developer = new Person(broker);
  await developer.signIn(user.email);
  const { id } = await createClient(broker, user.id, { scope: 'anthropic:models.read anthropic:text' });
  const registered = await developer.get(`/developer/${id}`);
  expect(registered.text).toContain(
    `new Anthropic({ baseURL: '${broker.url}/anthropic', apiKey: accessToken`,
  );
  expect(registered.text).not.toContain('new OpenAI');
  const page = await developer.post(`/developer/${id}/token`, {
    scope: ['anthropic:models.read', 'anthropic:text'],
  });
  expect(page.text).toContain(`curl ${broker.url}/anthropic/v1/models`);
  expect(page.text).toContain(`new Anthropic({ baseURL: '${broker.url}/anthropic'`);
  const keys = await broker.deps.store.credentials.listCredentials(user.id);
  expect(keys).toMatchObject([{ provider: 'anthropic', sandbox: true, status: 'verified' }]);
});

test('a test token for nothing is refused', async () => {
  const { id } = await createClient(broker, userId, { scope: 'openai:text' });
  for (const scope of [[], ['openai:images']]) {
    const page = await person
      .submit(`/developer/${id}`, {})
      .then(() => person.post(`/developer/${id}/token`, { scope }));
    expect(page.status).toBe(422);
    expect(page.text).toContain('Tick at least one thing that the token may do.');
  }
});

test('somebody else’s registered app is not there', async () => {
  const stranger = await createUser(broker);
  const { id } = await createClient(broker, stranger.id);
  await person.get('/developer');
  expect((await person.get(`/developer/${id}`)).status).toBe(404);
  for (const path of ['', '/secret', '/token', '/delete']) {
    expect((await person.post(`/developer/${id}${path}`, { ...good })).status).toBe(404);
  }
  expect(await broker.deps.store.clients.findClient(id)).toMatchObject({ name: 'Test app' });
});
