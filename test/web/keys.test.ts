import { afterAll, beforeAll, expect, test } from 'vitest';
import { findProvider } from '../../src/catalog/catalog.ts';
import { createGrant } from '../../src/grants/create.ts';
import type { User } from '../../src/store/records.ts';
import { type Broker, createClient, createUser, deposit, startBroker } from '../support/broker.ts';
import { Person } from '../support/person.ts';

let broker: Broker;
let person: Person;
let user: User;

beforeAll(async () => {
  broker = await startBroker();
});
afterAll(() => broker.close());

async function begin(): Promise<void> {
  user = await createUser(broker);
  person = new Person(broker);
  await person.signIn(user.email);
}

const keys = () => broker.deps.store.credentials.listCredentials(user.id);

/** An app that may use the key. */
async function lend(name: string, credentialId: string): Promise<string> {
  const client = await createClient(broker, user.id, { name });
  const result = await createGrant(
    broker.deps,
    {
      userId: user.id,
      clientId: client.id,
      test: false,
      scopes: ['openai:text'],
      authorizationDetails: [],
      toldOfPayer: [],
      expiresAt: null,
      credentialIds: [credentialId],
    },
    { kind: 'system' },
  );
  if (result.kind !== 'created') throw new Error(result.kind);
  return result.tokens.grant_id;
}

test('an empty list says what keys are for and leads to adding one', async () => {
  await begin();
  const page = await person.get('/keys');
  expect(page.text).toContain('No keys yet');
  expect(page.html).toContain('href="/keys/new"');
});

test('a pasted key is checked, saved and from then on known by its traces only', async () => {
  await begin();
  const secret = 'sk-sandbox-QbFz7Kx2mWnP4vTt';
  const saved = await person.submit('/keys/new', {
    provider: 'openai',
    key: `  ${secret}\n`,
    name: 'Work',
    organization: 'org-Example1',
    project: 'proj_Example2',
  });
  expect(saved.status).toBe(303);
  const [credential] = await keys();
  expect(credential).toMatchObject({
    name: 'Work',
    status: 'verified',
    organization: 'org-Example1',
    last4: '4vTt',
  });
  for (const path of [saved.location ?? '', '/keys', `/keys/${credential?.id}`]) {
    const page = await person.get(path);
    expect(page.status).toBe(200);
    expect(page.text).toContain('Work');
    expect(page.text).toContain('Verified');
    expect(page.text).toContain(credential?.fingerprint);
    expect(page.html).not.toContain(secret.slice(0, 20));
  }
});

test.each([
  ['', 'Paste the key first.'],
  ['sk-admin-abcdefghijkl', 'This is an admin key'],
  ['sk-ant-abcdefghijkl', 'This is an Anthropic key'],
  ['proj_abcdefghijkl', 'This is an id, not a key.'],
  ['sk-abc def-ghijklmnop', 'There is a space or line break inside.'],
  ['"><script>alert(1)</script>', 'OpenAI keys begin with sk-.'],
  ['sk-<script>alert(1)</script>', 'cut short or holds characters that keys never have'],
  ['sk-sandbox-invalid-abcdefgh', 'OpenAI does not accept this key.'],
])('what is no good key (%s) is refused with advice, and never sent back', async (key, advice) => {
  await begin();
  const page = await person.submit('/keys/new', { provider: 'openai', key, name: 'My name' });
  expect(page.status).toBe(422);
  expect(page.text).toContain(advice);
  expect(page.html).toContain('value="My name"');
  expect(page.html).toContain('<title>Error: ');
  if (key) expect(page.html).not.toContain(key);
  expect(await keys()).toEqual([]);
});

test.each([
  ['sk-ant-admin01-abcdefghijkl', 'This is an admin key'],
  ['sk-ant-oat01-abcdefghijkl', 'This is a token of a sign-in, not an API key.'],
  ['sk-proj-abcdefghijkl', 'Anthropic keys begin with sk-ant-.'],
  ['sk-sandbox-abcdefghijkl', 'Sandbox keys for Anthropic begin with sk-ant-sandbox-.'],
  ['sk-ant-api03-abc def', 'There is a space or line break inside.'],
  ['sk-ant-api03-short', 'cut short'],
  ['sk-ant-something-abcdefghijkl', 'is none that can be lent'],
  ['sk-ant-sandbox-invalid-abcdefgh', 'Anthropic does not accept this key.'],
])('what is no good key of Anthropic (%s) is refused with advice', async (key, advice) => {
  await begin();
  const page = await person.submit('/keys/new', { provider: 'anthropic', key });
  expect(page.status).toBe(422);
  expect(page.text).toContain(advice);
  expect(page.html).not.toContain(key);
  expect(page.html).toContain('<option value="anthropic" selected');
  expect(await keys()).toEqual([]);
});

test.each([
  ['ya29.abcdefghijkl', 'This is a token that soon runs out'],
  ['auth_tokens/abcdefghijkl', 'This is a token that soon runs out'],
  ['{"type":"service_account"}', 'This is the key of a service account'],
  ['sk-proj-abcdefghijkl', 'Gemini keys begin with AIza or AQ.'],
  ['sk-sandbox-abcdefghijkl', 'Sandbox keys for Gemini begin with AIza-sandbox-.'],
  ['AIzaSyabc def', 'There is a space or line break inside.'],
  [`AIza${'a'.repeat(34)}`, 'cut short'],
  [`AIza${'a'.repeat(36)}`, 'has something added'],
  ['AIza-sandbox-invalid-abcdefgh', 'Gemini does not accept this key.'],
])('what is no good key of Gemini (%s) is refused with advice', async (key, advice) => {
  await begin();
  const page = await person.submit('/keys/new', { provider: 'gemini', key });
  expect(page.status).toBe(422);
  expect(page.text).toContain(advice);
  expect(await keys()).toEqual([]);
});

test.each([`AIza${'a'.repeat(35)}`, 'AQ.Ab8RN6abcdefghijklmnopqrstuvwxyz'])(
  'a key of Gemini looks like %s',
  (key) => {
    expect(findProvider('gemini')?.keyShape(key)).toEqual({ kind: 'key', sandbox: false });
  },
);

test('a key of another provider is checked as that one wants it', async () => {
  await begin();
  const key = 'sk-ant-sandbox-QbFz7Kx2mWnP4vTt';
  const saved = await person.submit('/keys/new', { provider: 'anthropic', key });
  expect(await keys()).toMatchObject([{ provider: 'anthropic', sandbox: true, status: 'verified' }]);
  const check = broker.sandbox.received().findLast(({ key_last4 }) => key_last4 === '4vTt');
  expect(check).toMatchObject({
    path: '/anthropic/v1/models',
    status: 200,
    headers: { 'anthropic-version': '2023-06-01' },
  });
  const page = await person.get(saved.location ?? '');
  expect(page.text).toContain('Anthropic');
  expect(page.html).not.toContain('name="organization"');
});

test('where it bills to is asked only where that can be said', async () => {
  await begin();
  const key = 'sk-ant-sandbox-abcdefghij';
  const page = await person.submit('/keys/new', { provider: 'anthropic', key, organization: 'org-Example1' });
  expect(page.status).toBe(422);
  expect(page.text).toContain('Anthropic knows no such ids.');
  expect((await person.get('/keys/new')).text).toContain('Only for OpenAI, and only when');
});

test('the resource that a key is for is asked, kept and shown', async () => {
  await begin();
  const given = { provider: 'azure', key: 'azure-sandbox-abcdefghij' };
  const refused = await person.submit('/keys/new', { ...given, resource: 'evil.example#' });
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('That is not the name of a resource.');
  expect(refused.html).toContain('value="evil.example#"');
  const saved = await person.submit('/keys/new', { ...given, resource: ' ada-openai ' });
  expect(await keys()).toMatchObject([{ provider: 'azure', resource: 'ada-openai', status: 'verified' }]);
  expect((await person.get(saved.location ?? '')).text).toContain('Resource ada-openai');
  const replaced = await person.submit(saved.location ?? '', { name: 'Work', resource: 'other' });
  expect(replaced.status).toBe(303);
  expect(await keys()).toMatchObject([{ name: 'Work', resource: 'ada-openai' }]);
  expect((await person.get('/keys/new')).text).toContain('Only for Azure OpenAI');
});

test('the page for a new key says where keys are made', async () => {
  await begin();
  const either = await person.get('/keys/new');
  expect(either.text).toContain('at the provider.');
  const one = await person.get('/keys/new?provider=anthropic');
  expect(one.text).toContain('at platform.claude.com .');
  expect(one.html.match(/<option value="anthropic" selected/g)).toHaveLength(2);
});

test.each([
  [{ name: 'x'.repeat(61) }, 'Use at most 60 characters for the name.'],
  [{ organization: 'org-1\r\nx-evil: 1' }, 'This is no organisation id.'],
  [{ project: 'proj 1' }, 'This is no project id.'],
  [{ provider: 'nobody' }, 'There is no provider called nobody.'],
])('%j is refused', async (wrong, advice) => {
  await begin();
  const page = await person.submit('/keys/new', {
    provider: 'openai',
    key: 'sk-sandbox-abcdefghij',
    ...wrong,
  });
  expect(page.status).toBe(422);
  expect(page.text).toContain(advice);
  expect(page.html).not.toContain('sk-sandbox-abcdefghij');
});

test('a key that cannot be checked is saved as unverified, and says so', async () => {
  await begin();
  const saved = await person.submit('/keys/new', { provider: 'openai', key: 'sk-sandbox-unavailable-1234' });
  const page = await person.get(saved.location ?? '');
  expect(page.text).toContain('Unverified');
  expect(page.text).toContain('could not be asked about this key yet');
});

test('a key in trouble says so wherever keys are shown, and what to do', async () => {
  await begin();
  const { id } = await deposit(broker, user.id);
  const { credentials } = broker.deps.store;
  const pages = async () => [await person.get('/keys'), await person.get(`/keys/${id}`)];
  for (const { text } of await pages()) expect(text).not.toMatch(/refuses this key|no quota left/);
  await credentials.markCredential(id, 'invalid');
  for (const { text, html } of await pages()) {
    expect(text).toContain('Refused by the provider');
    expect(text).toContain('OpenAI refuses this key');
    expect(html).toContain('href="https://platform.openai.com/api-keys"');
  }
  await credentials.markCredential(id, 'verified');
  await credentials.markExhausted(id, true, 1);
  for (const { text, html } of await pages()) {
    expect(text).toContain('Quota used up');
    expect(text).toContain('OpenAI says that the account behind this key has no quota left');
    expect(html).toContain('href="https://platform.openai.com/settings/organization/billing"');
  }
  await person.submit(`/keys/${id}/replace`, { key: 'sk-sandbox-another-one' });
  for (const { text } of await pages()) expect(text).not.toMatch(/Quota used up|no quota left/);
});

test('the sandbox button deposits a key of the simulated provider', async () => {
  await begin();
  expect((await person.get('/keys/new')).text).toContain('Use a sandbox key');
  await person.post('/keys/sandbox', { provider: 'openai' });
  expect(await keys()).toMatchObject([{ sandbox: true, status: 'verified' }]);
});

test('after depositing, the person goes on to where they came from, on this site only', async () => {
  await begin();
  const add = (next: string) =>
    person.submit('/keys/new', { provider: 'openai', key: 'sk-sandbox-abcdefghij', next });
  expect((await add('/consent/arq_1')).location).toBe('/consent/arq_1');
  expect((await add('//evil.example')).location).toMatch(/^\/keys\/key_/);
});

test('a key is renamed and billed elsewhere', async () => {
  await begin();
  const { id } = await deposit(broker, user.id);
  const changed = await person.submit(`/keys/${id}`, { name: 'Home', organization: '', project: 'proj_1' });
  expect((await person.get(changed.location ?? '')).text).toContain('The changes are saved.');
  expect(await keys()).toMatchObject([{ name: 'Home', organization: null, project: 'proj_1' }]);
  const refused = await person.post(`/keys/${id}`, { name: ' ', project: 'a b' });
  expect(refused.status).toBe(422);
  expect(refused.text).toContain('Give the key a name.');
  expect(refused.text).toContain('This is no project id.');
});

test('the page of a key says what it can do, and finds out again', async () => {
  await begin();
  const { id } = await deposit(broker, user.id, 'sk-sandbox-text-only-1');
  const words =
    'This key can do text, embeddings, moderation, files, videos and batches, not images, speech or transcription.';
  expect((await person.get(`/keys/${id}`)).text).toContain(words);
  const { credentials } = broker.deps.store;
  await credentials.noteAbilities(id, {}, 1);
  await credentials.markCredential(id, 'invalid');
  expect((await person.get(`/keys/${id}`)).text).toContain('OpenAI has not shown what this key can do');
  const asked = await person.post(`/keys/${id}/check`);
  const page = await person.get(asked.location ?? '');
  expect(page.text).toContain('The provider has been asked again.');
  expect(page.text).toContain(words);
  expect(page.text).toContain('Verified');

  const { id: silent } = await deposit(broker, user.id, 'sk-sandbox-unavailable-1');
  const unasked = await person.submit(`/keys/${silent}/check`);
  expect((await person.get(unasked.location ?? '')).text).toContain('could not be asked just now');
});

test('a provider is not asked about a key as often as somebody likes', async () => {
  await begin();
  const { id } = await deposit(broker, user.id);
  await person.get(`/keys/${id}`);
  for (let asked = 0; asked < 10; asked++) {
    expect((await person.post(`/keys/${id}/check`)).status).toBe(303);
  }
  expect((await person.post(`/keys/${id}/check`)).status).toBe(429);
});

test('a key is kept for as long as its owner says', async () => {
  await begin();
  const add = (keep: string) =>
    person.submit('/keys/new', { provider: 'openai', key: 'sk-sandbox-abcdefghij', keep });
  for (const wrong of ['2', 'constructor', '']) {
    const refused = await add(wrong);
    expect(refused.status).toBe(422);
    expect(refused.text).toContain('Choose for how long it is kept.');
  }
  expect(await keys()).toEqual([]);
  const saved = await add('7');
  const [{ id, expiresAt, createdAt } = expect.fail()] = await keys();
  expect(expiresAt).toBeCloseTo(createdAt + 7 * 86_400_000, -4);
  const until = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' }).format(
    expiresAt ?? 0,
  );
  expect((await person.get(saved.location ?? '')).text).toContain(`Kept until ${until}`);
  expect((await person.get('/keys')).text).toContain(`Kept until ${until}`);
  expect((await person.get(`/keys/${id}`)).html).toContain('<option value="7" selected');

  expect((await person.post(`/keys/${id}/keep`, { keep: '8' })).status).toBe(422);
  const changed = await person.post(`/keys/${id}/keep`, { keep: 'always' });
  expect((await person.get(changed.location ?? '')).text).toContain('Kept until you delete it');
  expect(await keys()).toMatchObject([{ expiresAt: null }]);
});

test.each([
  ['signs out', '/sign-out'],
  ['signs out everywhere', '/account/sign-out'],
])('a key for a session is destroyed when its owner %s, with the access by it', async (_, signOut) => {
  await begin();
  await person.submit('/keys/new', { provider: 'openai', key: 'sk-sandbox-abcdefghij', keep: 'session' });
  const [{ id } = expect.fail()] = await keys();
  const grantId = await lend('Notes', id);
  expect((await person.get('/keys')).text).toContain('Kept until you sign out');
  const elsewhere = new Person(broker);
  await elsewhere.signIn(user.email);
  expect((await elsewhere.get(`/keys/${id}`)).text).toContain('until you sign out where you added it');

  await person.get('/account');
  expect((await person.post(signOut)).status).toBe(303);
  expect(await keys()).toEqual([]);
  const { credentials, grants } = broker.deps.store;
  const wraps = await credentials.listWrapsNotUnder('none', 1000);
  expect(wraps.filter(({ credentialId }) => credentialId === id)).toEqual([]);
  expect(await grants.findGrant(grantId)).toMatchObject({ revokedReason: 'credential_expired' });
});

test('a key for a session outlives another session of its owner', async () => {
  await begin();
  await person.submit('/keys/new', { provider: 'openai', key: 'sk-sandbox-abcdefghij', keep: 'session' });
  const elsewhere = new Person(broker);
  await elsewhere.signIn(user.email);
  await elsewhere.post('/sign-out');
  expect(await keys()).toHaveLength(1);
});

test('a replaced key keeps its apps', async () => {
  await begin();
  const { id, fingerprint } = await deposit(broker, user.id);
  await lend('Notes', id);
  const replaced = await person.submit(`/keys/${id}/replace`, { key: 'sk-sandbox-another-one' });
  const page = await person.get(replaced.location ?? '');
  expect(page.text).toContain('The new key is in place.');
  expect(page.text).toContain('Used by Notes');
  expect((await keys())[0]?.fingerprint).not.toBe(fingerprint);
});

test('a key is not replaced by a bad one', async () => {
  await begin();
  const { id, fingerprint } = await deposit(broker, user.id);
  const refused = await person.submit(`/keys/${id}/replace`, { key: 'sk-sandbox-invalid-abcdefgh' });
  expect(refused.status).toBe(422);
  expect(refused.html).not.toContain('sk-sandbox-invalid');
  expect((await keys())[0]?.fingerprint).toBe(fingerprint);
});

test('deleting a key names the apps that lose it, and ends them', async () => {
  await begin();
  const { id } = await deposit(broker, user.id);
  const grantId = await lend('Notes', id);
  expect((await person.get(`/keys/${id}`)).text).toContain('These apps can use this key no longer: Notes');
  const gone = await person.post(`/keys/${id}/delete`);
  expect((await person.get(gone.location ?? '')).text).toContain('The key is deleted for good.');
  expect(await keys()).toEqual([]);
  expect((await broker.deps.store.grants.findGrant(grantId))?.revokedReason).toBe('credential_deleted');
});

test('somebody else’s key is not there', async () => {
  await begin();
  const stranger = await createUser(broker);
  const { id } = await deposit(broker, stranger.id);
  expect((await person.get(`/keys/${id}`)).status).toBe(404);
  for (const path of [
    `/keys/${id}`,
    `/keys/${id}/check`,
    `/keys/${id}/keep`,
    `/keys/${id}/replace`,
    `/keys/${id}/delete`,
  ]) {
    expect((await person.post(path, { name: 'mine', key: 'sk-sandbox-abcdefghij' })).status).toBe(404);
  }
  expect(await broker.deps.store.credentials.findCredential(id)).toMatchObject({ version: 1 });
});

test('opening pages changes nothing', async () => {
  await begin();
  const { id } = await deposit(broker, user.id);
  for (const path of [`/keys/${id}/delete`, `/keys/${id}/replace`, '/keys/sandbox', '/sign-out']) {
    await person.get(path);
  }
  expect(await keys()).toHaveLength(1);
  expect((await person.get('/keys')).status).toBe(200);
});
