import { afterEach, beforeEach, expect, test } from 'vitest';
import { changePassword } from '../../src/accounts/change_password.ts';
import { type Broker, createUser, password, startBroker } from '../support/broker.ts';

let broker: Broker;
beforeEach(async () => {
  broker = await startBroker();
});
afterEach(() => broker.close());

test('whoever guesses in a session that is not theirs does not keep the owner from ending it', async () => {
  const user = await createUser(broker);
  const attempt = (current: string, address: string) =>
    changePassword(broker.deps, user, { current, next: 'another fine password' }, address);
  const kinds = new Set<string>();
  for (let guess = 0; guess < 101; guess++) kinds.add((await attempt('a guess', '203.0.113.9')).kind);
  expect(kinds).toEqual(new Set(['complaints', 'too_many']));
  expect(await attempt(password, '198.51.100.1')).toEqual({ kind: 'changed' });
});
