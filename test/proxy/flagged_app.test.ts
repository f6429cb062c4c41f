import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type MailServer, startMailServer } from '../support/mail_server.ts';
import { harm, moderating } from './support/moderated.ts';
import { call, chat, errorOf, type ProxyWorld, startWorld } from './support/world.ts';

let mail: MailServer;
let world: ProxyWorld;
beforeEach(async () => {
  mail = await startMailServer();
  world = await startWorld({
    env: {
      COATCHECK_MODERATION: 'flag',
      COATCHECK_MODERATION_SUSPEND_AFTER: '2',
      COATCHECK_SMTP_URL: mail.url,
      COATCHECK_MAIL_FROM: 'coatcheck@example.com',
    },
  });
});
afterEach(async () => {
  await world.close();
  await mail.close();
});

const ask = (content: string, more = {}) =>
  call(world, '/chat/completions', { body: { ...chat, ...more, messages: [{ role: 'user', content }] } });
const client = async () => {
  const { store } = world.broker.deps;
  const grant = await store.grants.findGrant(world.grantId);
  return store.clients.findClient(grant?.clientId ?? '');
};
const suspensions = async () => {
  const events = await world.broker.deps.store.records.listAuditEvents({}, 1000);
  return events.filter(({ action, actor }) => action === 'client.status_changed' && actor === 'system');
};

it('an app is suspended by calls that are flagged again and again, its running calls end, and its owner is told', async () => {
  world.upstream.answer = moderating((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: {"choices":[]}\n\n');
  });
  const running = await ask('Good morning', { stream: true });
  expect(running.status).toBe(200);
  world.upstream.answer = moderating();
  expect((await ask(harm)).status).toBe(200);
  expect(await client()).toMatchObject({ status: 'active' });
  expect((await ask(harm)).status).toBe(200);
  await expect.poll(client).toMatchObject({ status: 'suspended' });
  await expect(running.text()).rejects.toThrow();
  expect(await errorOf(await ask('Good morning'))).toMatchObject({ code: 'grant_revoked' });
  await vi.waitFor(() => expect(mail.letters).toHaveLength(1));
  expect(mail.letters[0]?.headers.get('subject')).toContain('has been suspended');
  expect(mail.letters[0]?.body).toContain(`${world.broker.url}/developer/${(await client())?.id}`);
  expect(mail.letters[0]?.body).not.toContain(harm);
});

it('flagged calls at once suspend an app once, with one event and one letter', async () => {
  world.upstream.answer = moderating();
  await Promise.all(Array.from({ length: 12 }, () => ask(harm)));
  await expect.poll(client).toMatchObject({ status: 'suspended' });
  await vi.waitFor(() => expect(mail.letters).toHaveLength(1));
  await world.broker.deps.ledger.close();
  expect(await suspensions()).toHaveLength(1);
  expect(mail.letters).toHaveLength(1);
});

it('an app is not suspended for calls that could not be judged, or that were found harmless', async () => {
  world.upstream.answer = moderating(undefined, (response) => void response.writeHead(500).end('{}'));
  for (let calls = 0; calls < 4; calls += 1) expect((await ask('Good morning')).status).toBe(200);
  world.upstream.answer = moderating();
  for (let calls = 0; calls < 4; calls += 1) expect((await ask('Good morning')).status).toBe(200);
  expect((await ask(harm)).status).toBe(200);
  await world.broker.deps.ledger.close();
  expect(await client()).toMatchObject({ status: 'active' });
  expect(mail.letters).toEqual([]);
});
