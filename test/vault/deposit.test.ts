import { afterAll, beforeAll, expect, it } from 'vitest';
import { depositKey } from '../../src/vault/deposit.ts';
import { type Broker, createUser, startBroker } from '../support/broker.ts';

let broker: Broker;
beforeAll(async () => {
  broker = await startBroker();
});
afterAll(() => broker.close());

it.each([
  { organization: 'org-1\r\nx-injected: 1', project: null },
  { organization: null, project: 'proj 1' },
  { organization: 'o'.repeat(101), project: null },
])('refuses billing ids that are no header values: %j', async (billing) => {
  const { id: userId } = await createUser(broker);
  const deposit = { userId, provider: 'openai', pasted: 'sk-sandbox-billing', name: null, ...billing };
  expect(await depositKey(broker.deps, deposit, { kind: 'system' })).toMatchObject({ kind: 'refused' });
  expect(await broker.deps.store.credentials.listCredentials(userId)).toEqual([]);
});
