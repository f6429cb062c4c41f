import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Broker, createClient, createUser, deposit, startBroker } from '../support/broker.ts';
import { Person } from '../support/person.ts';
import { connectApp, furnish, recordCall, type World } from '../support/world.ts';

let broker: Broker;
let world: World;
let person: Person;

beforeAll(async () => {
  broker = await startBroker();
  world = await furnish(broker);
  person = new Person(broker);
  await person.signIn(world.user.email);
});
afterAll(() => broker.close());

async function newcomer(): Promise<{ person: Person; id: string }> {
  const user = await createUser(broker);
  const fresh = new Person(broker);
  await fresh.signIn(user.email);
  return { person: fresh, id: user.id };
}

test('signed-in people begin at their apps', async () => {
  expect((await person.get('/')).location).toBe('/apps');
});

test('each connected app is listed with what it may do, its key, its use and its end', async () => {
  const { text } = await person.get('/apps');
  expect(text).toMatch(
    /Margin Notes Not verified May generate text, turn text into vectors for search OpenAI sandbox ····0001 Since .* Ends when you revoke it 7 calls, \$1\.23, last just now/,
  );
  expect(text).toContain('Ended (1)');
  expect(text).toMatch(/Old Summaries Not verified Ended .*: you revoked it/);
});

test('without apps the page says what comes first', async () => {
  const { person: fresh, id } = await newcomer();
  expect((await fresh.get('/apps')).text).toContain('First deposit a key.');
  await deposit(broker, id);
  expect((await fresh.get('/apps')).text).toContain('You are ready.');
});

test('one app shows its latest calls, each with result and cost', async () => {
  const { text } = await person.get(`/apps/${world.grantId}`);
  for (const words of [
    'Running',
    'Answered',
    'Broke off',
    'No answer',
    'Provider said 429',
    'Stopped by the app',
  ]) {
    expect(text).toContain(words);
  }
  expect(text).toContain('$1.23');
  expect(text).toContain('$0.000012');
  expect(text).toContain('at most $0.0005');
});

test('revoking ends the access and moves the app to the ended ones', async () => {
  const { person: fresh, id } = await newcomer();
  await deposit(broker, id);
  const client = await createClient(broker, world.user.id, { name: 'Short-lived' });
  const { grantId } = await connectApp(broker, { id }, client);
  await fresh.get(`/apps/${grantId}`);
  const revoked = await fresh.post(`/apps/${grantId}/revoke`);
  const page = await fresh.get(revoked.location ?? '');
  expect(page.text).toContain('Access is revoked.');
  expect(page.text).toMatch(/Ended \(1\) .*Short-lived/);
  expect(await broker.deps.store.grants.findGrant(grantId)).toMatchObject({ revokedReason: 'user' });
  expect((await fresh.post(`/apps/${grantId}/revoke`)).status).toBe(303);
});

test('what an app may do with each provider has a line of its own', async () => {
  const { person: fresh, id } = await newcomer();
  await deposit(broker, id);
  await deposit(broker, id, undefined, 'anthropic');
  const scopes = ['openai:text', 'openai:embeddings', 'anthropic:text'];
  const client = await createClient(broker, id, { scope: scopes.join(' ') });
  const { grantId } = await connectApp(broker, { id }, client, scopes);
  const lines = [
    'generate text, turn text into vectors for search with OpenAI',
    'generate text with Anthropic',
  ];
  const [list, page] = [await fresh.get('/apps'), await fresh.get(`/apps/${grantId}`)];
  for (const line of lines) {
    expect(list.html).toContain(`<p>May ${line}</p>`);
    expect(page.html).toContain(`<p>${line}</p>`);
  }
});

test('a suspended app says so to whoever has connected it and to its developer', async () => {
  const { person: fresh, id } = await newcomer();
  await deposit(broker, id);
  const client = await createClient(broker, id);
  const { grantId } = await connectApp(broker, { id }, client);
  const pages = async () => [
    (await fresh.get('/apps')).text,
    (await fresh.get(`/apps/${grantId}`)).text,
    (await fresh.get(`/developer/${client.id}`)).text,
  ];
  for (const text of await pages()) expect(text).not.toMatch(/suspended/i);
  await broker.deps.store.clients.setClientStatus(client.id, 'suspended', { kind: 'system' });
  const [list, connected, registered] = await pages();
  expect(list).toContain('Suspended');
  expect(connected).toContain('This app is suspended here: its calls are refused');
  expect(registered).toContain('This app is suspended: its calls are refused');
});

test('somebody else’s connected app is not there', async () => {
  const { person: fresh } = await newcomer();
  await fresh.get('/apps');
  expect((await fresh.get(`/apps/${world.grantId}`)).status).toBe(404);
  expect((await fresh.post(`/apps/${world.grantId}/revoke`)).status).toBe(404);
  expect((await broker.deps.store.grants.findGrant(world.grantId))?.revokedAt).toBeNull();
});

test('activity lists the calls of one user, filtered by app', async () => {
  expect((await person.get('/activity')).html.match(/<tr /g)).toHaveLength(1 + 7);
  const filtered = await person.get(`/activity?app=${world.client.id}`);
  expect(filtered.html).toContain(`<option value="${world.client.id}" selected="">`);
  expect(filtered.text).toContain('Turn text into vectors for search');
  const { person: fresh } = await newcomer();
  expect((await fresh.get(`/activity?app=${world.client.id}`)).text).toContain('No calls yet');
});

test('activity goes page by page to the oldest call', async () => {
  const { person: fresh, id } = await newcomer();
  await deposit(broker, id);
  const client = await createClient(broker, world.user.id, { name: 'Busy' });
  const { familyId } = await connectApp(broker, { id }, client);
  const call = { route: 'POST /embeddings', scope: 'openai:embeddings' };
  for (let i = 0; i < 60; i += 1) await recordCall(broker, familyId, { ...call, model: `model-${i}` });
  const seen: string[] = [];
  let path: string | undefined = '/activity';
  while (path !== undefined) {
    const { html } = await fresh.get(path);
    seen.push(...[...html.matchAll(/<code>(model-\d+)<\/code>/g)].map(([, model]) => model ?? ''));
    path = /href="([^"]*)">Older calls/.exec(html)?.[1]?.replaceAll('&amp;', '&');
  }
  // Calls of the same millisecond come in any order, but each comes once.
  expect(seen).toHaveLength(60);
  expect(new Set(seen).size).toBe(60);
});

test('a made-up cursor or filter does no harm', async () => {
  for (const query of [
    'before=nonsense',
    'before=%27%3B--',
    'app=nobody',
    'app=%3Cscript%3E',
    'done=%3Cscript%3E',
  ]) {
    const page = await person.get(`/activity?${query}`);
    expect(page.status).toBe(200);
    expect(page.html).not.toContain('<script>');
  }
  expect((await person.get('/apps?done=constructor')).html).not.toContain('native code');
});

test('40 the names of apps are text on every page that shows them', async () => {
  const { person: fresh, id } = await newcomer();
  await deposit(broker, id);
  const name = '<script>alert(1)</script>';
  const client = await createClient(broker, id, { name });
  const { grantId, familyId } = await connectApp(broker, { id }, client);
  await recordCall(broker, familyId, { route: 'POST /<b>', model: '<i>model', scope: 'openai:text' });
  const [key] = await broker.deps.store.credentials.listCredentials(id);
  const paths = [
    '/apps',
    `/apps/${grantId}`,
    '/activity',
    '/keys',
    `/keys/${key?.id}`,
    '/developer',
    `/developer/${client.id}`,
  ];
  for (const path of paths) {
    const { html } = await fresh.get(path);
    expect(html).toContain('&lt;script&gt;');
    expect(html).not.toMatch(/<script>|<i>model|<b>/);
  }
});
