import { afterEach, expect, it, vi } from 'vitest';
import { Secret } from '../../src/lib/secret.ts';
import { tryMail } from '../../src/mail/mail.ts';
import { keyExhausted, keyExpired, keyExpiresSoon, keyRefused } from '../../src/mail/notices.ts';
import { connectLimited, refusalOf } from '../proxy/support/limited_app.ts';
import { type Broker, type BrokerOptions, connect, createUser, startBroker } from '../support/broker.ts';
import { createHome } from '../support/home.ts';
import { type MailServer, startMailServer } from '../support/mail_server.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function open(
  options: BrokerOptions & { readonly server?: MailServer } = {},
): Promise<{ broker: Broker; server: MailServer }> {
  const server = options.server ?? (await startMailServer());
  if (!options.server) opened.push(server);
  const env = { COATCHECK_SMTP_URL: server.url, COATCHECK_MAIL_FROM: 'Coatcheck <coatcheck@example.com>' };
  const broker = await startBroker({ ...options, env });
  opened.push(broker);
  return { broker, server };
}

const key = { id: 'key_1', provider: 'openai', name: 'Größere Arbeit', last4: '4vTt' };
const notice = keyRefused({ issuer: 'https://coatcheck.example.com' }, key);
const arrival = (server: MailServer, count = 1) =>
  vi.waitFor(() => expect(server.letters).toHaveLength(count), { timeout: 10_000 });

it('a notice arrives as plain text, from us and to the user alone', async () => {
  const { broker, server } = await open();
  const user = await createUser(broker);
  broker.deps.mail.notify(user.id, notice);
  await arrival(server);
  const [letter] = server.letters;
  expect(letter).toMatchObject({ from: 'coatcheck@example.com', to: [user.email], body: notice.text });
  expect(letter?.headers.get('from')).toBe('Coatcheck <coatcheck@example.com>');
  expect(letter?.headers.get('subject')).toBe('OpenAI refuses your key');
  expect(letter?.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(letter?.headers.get('auto-submitted')).toBe('auto-generated');
});

const site = { issuer: 'https://coatcheck.example.com' };
const page = `${site.issuer}/keys/key_1`;
const expiring = { ...key, expiresAt: Date.UTC(2026, 10, 22, 9, 5) };

it.each([
  [keyRefused(site, key), ['does not accept', 'https://platform.openai.com/api-keys', page]],
  [keyRefused(site, { ...key, provider: 'gone' }), ['gone does not accept', 'Make a new one and', page]],
  [keyExhausted(site, key), ['no quota left', 'organization/billing', page]],
  [keyExpiresSoon(site, expiring), ['kept until 2026-11-22 09:05 UTC', page]],
  [keyExpired(site, key), ['deleted now', 'revoke it there: https://', `${site.issuer}/keys/new`]],
])('the notice $kind names the key, says what happened and where to see to it', ({ about, text }, parts) => {
  for (const part of ['"Größere Arbeit" (ending in 4vTt)', ...parts]) expect(text).toContain(part);
  expect(about).toBe('key_1');
});

it('processes on one store send one of a kind about the same in a day', async () => {
  const home = await createHome();
  let now = Date.now();
  const clock = () => now;
  const { broker, server } = await open({ home, clock });
  const { broker: other } = await open({ home, clock, server });
  const user = await createUser(broker);
  for (const { deps } of [broker, other, broker, other]) deps.mail.notify(user.id, notice);
  await arrival(server);
  now += 86_400_000;
  other.deps.mail.notify(user.id, notice);
  await arrival(server, 2);
  broker.deps.mail.notify(user.id, { ...notice, kind: 'key_exhausted' });
  broker.deps.mail.notify(user.id, { ...notice, about: 'key_2' });
  await arrival(server, 4);
});

it('what the server does not take is tried again later, by whoever is there', async () => {
  const home = await createHome();
  let now = Date.now();
  const clock = () => now;
  const { broker, server } = await open({ home, clock });
  const user = await createUser(broker);
  server.isFull = true;
  broker.deps.mail.notify(user.id, notice);
  await vi.waitFor(() => expect(broker.logs.join('')).toContain('could not be sent by mail'));
  server.isFull = false;
  await broker.deps.mail.sendDue();
  expect(server.letters).toEqual([]);
  now += 60_000;
  const { broker: other } = await open({ home, clock, server });
  await other.deps.mail.sendDue();
  await arrival(server);
});

it('neither a dead server nor a failing store is thrown at whoever has something to tell', async () => {
  const { broker, server } = await open();
  const user = await createUser(broker);
  await server.close();
  broker.deps.mail.notify(user.id, notice);
  await vi.waitFor(() => expect(broker.logs.join('')).toContain('could not be sent by mail'));
  const { notices } = broker.deps.store;
  const { addNotice } = notices;
  notices.addNotice = () => Promise.reject(new Error('the disk is full'));
  broker.deps.mail.notify(user.id, notice);
  await vi.waitFor(() => expect(broker.logs.join('')).toContain('the disk is full'));
  notices.addNotice = addNotice;
  expect(broker.logs.join('')).not.toContain(user.email);
});

it('the password goes to no server without TLS, unless it is on this machine', async () => {
  const server = await startMailServer({ password: 'canary-password' });
  opened.push(server);
  const settings = { url: new Secret(server.url), from: 'coatcheck@example.com' };
  await expect(tryMail({ ...settings, requireTls: true })).rejects.toThrow(/STARTTLS/);
  expect(server.signIns).toEqual([]);
  await tryMail({ ...settings, requireTls: false });
  expect(server.signIns).toEqual(['coatcheck:canary-password']);
});

it('a used-up refresh token that comes again is told to the user, once', async () => {
  let now = Date.now();
  const { broker, server } = await open({ clock: () => now });
  const { user, client, tokens } = await connect(broker);
  const refresh = (token: string) =>
    fetch(`${broker.url}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}` },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token }),
    });
  expect((await refresh(tokens.refresh_token)).status).toBe(200);
  now += 60_000;
  for (let again = 0; again < 3; again++) expect((await refresh(tokens.refresh_token)).status).toBe(400);
  await broker.deps.mail.close();
  expect(server.letters).toMatchObject([{ to: [user.email] }]);
  expect(server.letters[0]?.body).toContain(`${broker.url}/apps/${tokens.grant_id}`);
  expect(server.letters[0]?.body).not.toContain(tokens.refresh_token);
});

it('an app that comes with an old token after the user has ended it alarms nobody', async () => {
  let now = Date.now();
  const { broker, server } = await open({ clock: () => now });
  const { client, tokens } = await connect(broker);
  const refresh = () =>
    fetch(`${broker.url}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}` },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token }),
    });
  expect((await refresh()).status).toBe(200);
  await broker.deps.store.grants.revokeGrant(tokens.grant_id, 'user', { kind: 'system' });
  now += 60_000;
  expect((await refresh()).status).toBe(400);
  await broker.deps.mail.close();
  expect(server.letters).toEqual([]);
});

it('a budget that has reached a milestone is told of once, with where to change it', async () => {
  const { broker, server } = await open();
  const app = await connectLimited(broker, { budgets: [{ limit_requests: 2, period: 'day' }] });
  const settled = async (count: number) =>
    vi.waitFor(async () => {
      const calls = await broker.deps.store.records.listCalls({}, { before: null, limit: 10 });
      expect(calls.filter(({ state }) => state === 'settled')).toHaveLength(count);
    });
  await app.openai.models.list();
  await settled(1);
  await app.openai.models.list();
  await settled(2);
  for (const _ of [1, 2]) await refusalOf(app.openai.models.list());
  await arrival(server, 2);
  const [half, all] = server.letters;
  expect(half?.headers.get('subject')).toBe('50 % of a budget of yours is used');
  expect(half?.body).toContain('what Test app may use to 2 calls a day');
  expect(all?.headers.get('subject')).toBe('A budget of yours is used up');
  expect(all?.body).toContain(`${broker.url}/apps/${app.grantId}`);
});
