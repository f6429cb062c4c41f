import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type MailServer, startMailServer } from '../support/mail_server.ts';
import { type Answer, json } from './support/upstream.ts';
import { call, chat, errorOf, type ProxyWorld, startWorld } from './support/world.ts';

let mail: MailServer;
let world: ProxyWorld;
beforeEach(async () => {
  mail = await startMailServer();
  world = await startWorld({
    env: { COATCHECK_SMTP_URL: mail.url, COATCHECK_MAIL_FROM: 'coatcheck@example.com' },
  });
});
afterEach(async () => {
  await world.close();
  await mail.close();
});

const good = json(200, { object: 'chat.completion', choices: [] });
const refusal = json(401, { error: { message: 'Incorrect API key provided', code: 'invalid_api_key' } });
const noQuota = json(429, { error: { message: 'You exceeded your quota', code: 'insufficient_quota' } });

/** How the provider answers calls, and how it answers when it is asked about the key. */
function answerWith(calls: Answer, check: Answer = json(200, { object: 'list', data: [] })): void {
  world.upstream.answer = (response, request) =>
    (request.target.endsWith('/models') ? check : calls)(response, request);
}

const ask = () => call(world, '/chat/completions', { body: chat });
const requests = (path: string) =>
  world.upstream.requests.filter(({ target }) => target.endsWith(path)).length;
const credential = async () => {
  const found = await world.broker.deps.store.credentials.findCredential(world.credentialId);
  if (!found) throw new Error('the key is gone');
  return found;
};
const lookedAgain = (verdict: string) =>
  vi.waitFor(() => expect(world.broker.logs.join('')).toContain(`"check":"${verdict}"`));

it('a refused key is never told as a refused token of ours, but with the page where it is mended', async () => {
  answerWith(refusal);
  const response = await ask();
  expect(response.status).toBe(403);
  expect(response.headers.get('www-authenticate')).toBeNull();
  expect(response.headers.get('x-should-retry')).toBe('false');
  expect(await errorOf(response)).toMatchObject({
    code: 'provider_key_invalid',
    source: 'coatcheck',
    action_url: `${world.broker.url}/keys`,
  });
});

it('one refusal is not believed while the provider accepts the key when asked again', async () => {
  answerWith(refusal);
  await ask();
  await lookedAgain('verified');
  expect(await credential()).toMatchObject({ status: 'verified' });
  answerWith(good);
  expect((await ask()).status).toBe(200);
  expect(mail.letters).toEqual([]);
});

it('a key that is refused when asked again is marked, and its owner told', async () => {
  answerWith(refusal, refusal);
  await ask();
  await vi.waitFor(async () => expect(await credential()).toMatchObject({ status: 'invalid' }));
  const before = world.upstream.requests.length;
  const refused = await ask();
  expect(await errorOf(refused)).toMatchObject({
    code: 'provider_key_invalid',
    action_url: `${world.broker.url}/keys`,
  });
  expect(world.upstream.requests).toHaveLength(before);
  await vi.waitFor(() => expect(mail.letters).toHaveLength(1));
  expect(mail.letters[0]?.body).toContain(`${world.broker.url}/keys/${world.credentialId}`);
});

it.each<[string, Answer]>([
  ['does not answer', (response) => response.destroy()],
  ['fails', json(500, {})],
  ['has too much to do', json(429, { error: { code: 'rate_limit_exceeded' } })],
  ['lets it list no models', json(403, { error: { code: 'missing_scope' } })],
  ['says in other words that it may list no models', json(401, { error: { message: 'Missing scopes: x' } })],
])('a key is not marked when the provider %s when asked again', async (_, check) => {
  answerWith(refusal, check);
  await ask();
  await vi.waitFor(() => expect(world.broker.logs.join('')).toContain('has been looked at again'));
  expect(await credential()).toMatchObject({ status: 'verified' });
});

it('however many calls are refused, the provider is asked about the key once', async () => {
  let answerCheck = () => {};
  answerWith(refusal, (response, request) => {
    answerCheck = () => json(200, { data: [] })(response, request);
  });
  await Promise.all(Array.from({ length: 20 }, ask));
  await vi.waitFor(() => expect(requests('/models')).toBe(1));
  answerCheck();
  await lookedAgain('verified');
  await Promise.all(Array.from({ length: 5 }, ask));
  expect(requests('/models')).toBe(1);
});

it('used-up quota is on record until a call that costs something is answered, and stops none', async () => {
  answerWith(noQuota);
  const response = await ask();
  expect(response.status).toBe(429);
  expect(response.headers.get('x-should-retry')).toBe('false');
  expect(await errorOf(response)).toMatchObject({
    code: 'provider_quota_exceeded',
    source: 'coatcheck',
    action_url: 'https://platform.openai.com/settings/organization/billing',
  });
  await vi.waitFor(async () => expect((await credential()).exhaustedAt).not.toBeNull());
  expect(await credential()).toMatchObject({ status: 'verified' });
  await vi.waitFor(() => expect(mail.letters).toHaveLength(1));
  expect(mail.letters[0]?.headers.get('subject')).toBe('Your quota with OpenAI is used up');

  await ask();
  expect(requests('/chat/completions')).toBe(2);
  answerWith(good);
  expect((await call(world, '/models')).status).toBe(200);
  expect((await credential()).exhaustedAt).not.toBeNull();
  expect((await ask()).status).toBe(200);
  await vi.waitFor(async () => expect((await credential()).exhaustedAt).toBeNull());
  expect(mail.letters).toHaveLength(1);
});

it('a rate limit is not taken for used-up quota', async () => {
  answerWith(json(429, { error: { code: 'rate_limit_exceeded' } }));
  for (let again = 0; again < 2; again++) {
    expect(await errorOf(await ask())).toMatchObject({ code: 'provider_rate_limited' });
  }
  const events = await world.broker.deps.store.records.listAuditEvents({}, 100);
  expect(events.map(({ action }) => action)).not.toContain('credential.quota_changed');
});
