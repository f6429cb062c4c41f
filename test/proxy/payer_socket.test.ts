import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { lendKey } from '../../src/grants/lend_key.ts';
import { createClient, createUser, deposit, grantTo } from '../support/broker.ts';
import { accessTo, limitGrant } from '../support/limits.ts';
import { openBoth, recordedCalls, type SocketWorld, startSocketWorld } from './support/sockets.ts';

let world: SocketWorld;
beforeEach(async () => {
  world = await startSocketWorld();
});
afterEach(() => world.close());

const create = { type: 'response.create', model: 'gpt-5-mini', input: 'Good morning' };

/** A token for an app that pays also for those whose limit is used up. */
async function connectPaid(hasKey: boolean): Promise<string> {
  const { broker } = world;
  const actor = { kind: 'system' } as const;
  const owner = await createUser(broker);
  const client = await createClient(broker, owner.id);
  await lendKey(broker.deps, client.id, (await deposit(broker, owner.id)).id, actor);
  await broker.deps.store.clients.updateClient(client.id, { paysWhenUsedUp: true }, actor);
  const user = await createUser(broker);
  if (hasKey) await deposit(broker, user.id);
  return (await grantTo(broker, user, client, ['openai:text'])).access_token;
}

it.each([
  ['user', true],
  ['app', false],
])('the answer that opens a socket names the payer: the %s', async (payer, hasKey) => {
  const authorization = `Bearer ${await connectPaid(hasKey)}`;
  const url = `${world.url.replace('http', 'ws')}/responses`;
  const socket = new WebSocket(url, { headers: { authorization } });
  const [response] = (await once(socket, 'upgrade')) as [IncomingMessage];
  expect(response.headers['coatcheck-payer']).toBe(payer);
  socket.close();
});

it('on a socket that the app pays for every call is paid by the app', async () => {
  const { app, provider } = await openBoth(world, '/responses', { token: await connectPaid(false) });
  app.send(create);
  await provider.next();
  const usage = { input_tokens: 12, output_tokens: 7, total_tokens: 19 };
  provider.send({ type: 'response.completed', response: { id: 'resp_1', usage } });
  await app.until('response.completed');
  expect(await recordedCalls(world, 2)).toMatchObject([{ payer: 'app' }, { payer: 'app' }]);
});

it('a socket stays with the key of the user when their limit is used up, and says what to do', async () => {
  const token = await connectPaid(true);
  const { app } = await openBoth(world, '/responses', { token });
  const budgets = [{ limit_usd: '0.000000001', period: 'month' }] as const;
  await limitGrant(world.broker, token, accessTo('openai', { budgets }));
  app.send(create);
  expect(await app.until('error')).toMatchObject({
    error: { code: 'budget_exceeded', message: expect.stringContaining('Send the call by HTTP') },
  });
});
