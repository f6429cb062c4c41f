import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  daysToKeep,
  deleteExpiredKeys,
  forDays,
  forSession,
  type KeyLife,
} from '../../src/vault/key_life.ts';
import { type Broker, connect, startBroker } from '../support/broker.ts';
import { type MailServer, startMailServer } from '../support/mail_server.ts';

const day = 86_400_000;
let now: number;
let mail: MailServer;
let broker: Broker;
beforeEach(async () => {
  now = Date.now();
  mail = await startMailServer();
  broker = await startBroker({
    clock: () => now,
    env: { COATCHECK_SMTP_URL: mail.url, COATCHECK_MAIL_FROM: 'coatcheck@example.com' },
  });
});
afterEach(async () => {
  await broker.close();
  await mail.close();
});

/** A connected app by a key that is kept for so long. */
async function connectFor(life: KeyLife) {
  const connected = await connect(broker);
  await broker.deps.store.credentials.updateCredential(connected.credential.id, life, { kind: 'system' });
  return connected;
}

const listModels = (token: string) =>
  fetch(`${broker.url}/openai/v1/models`, { headers: { authorization: `Bearer ${token}` } });

/** What is due, and the subjects of all mail until then. */
async function tidyUp(): Promise<readonly string[]> {
  await deleteExpiredKeys(broker.deps);
  await broker.deps.mail.close();
  return mail.letters.map(({ headers }) => headers.get('subject') ?? '');
}

it('an app gets nothing by a key from the moment its time is over, though it has used it just before', async () => {
  const { tokens } = await connectFor({ expiresAt: now + 60_000, sessionHash: null });
  now += 59_999;
  expect((await listModels(tokens.access_token)).status).toBe(200);
  now += 1;
  const refused = await listModels(tokens.access_token);
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({ error: { code: 'no_credential', source: 'coatcheck' } });
  await deleteExpiredKeys(broker.deps);
  const ended = await listModels(tokens.access_token);
  expect(await ended.json()).toMatchObject({ error: { code: 'grant_revoked' } });
});

it.each(daysToKeep)('a key that is kept for %i days is there for as long', async (days) => {
  const { credential } = await connectFor(forDays(days, now));
  now += days * day - 1;
  await deleteExpiredKeys(broker.deps);
  expect(await broker.deps.store.credentials.findCredential(credential.id)).not.toBeNull();
  now += 1;
  await deleteExpiredKeys(broker.deps);
  expect(await broker.deps.store.credentials.findCredential(credential.id)).toBeNull();
});

it('its owner is told a day ahead and when it is over', async () => {
  await connectFor(forDays(7, now));
  now += 6 * day - 1;
  expect(await tidyUp()).toEqual([]);
  now += 1;
  expect(await tidyUp()).toEqual(['Your OpenAI key will soon be deleted here']);
  now += day - 1;
  expect(await tidyUp()).toHaveLength(1);
  now += 1;
  const after = ['Your OpenAI key will soon be deleted here', 'Your OpenAI key has been deleted here'];
  expect(await tidyUp()).toEqual(after);
  expect(await tidyUp()).toEqual(after);
});

it('the end of a key for a day is told when it is there, and of one for a session not at all', async () => {
  const { user } = await connectFor(forDays(1, now));
  expect(await tidyUp()).toEqual([]);
  const session = { hash: 'session', userId: user.id, expiresAt: now + day };
  await broker.deps.store.accounts.startSession(session, null);
  await connectFor(forSession(session));
  now += day;
  expect(await tidyUp()).toEqual(['Your OpenAI key has been deleted here']);
});
