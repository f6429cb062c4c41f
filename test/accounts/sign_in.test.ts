import { afterEach, beforeEach, expect, test } from 'vitest';
import { signIn } from '../../src/accounts/sign_in.ts';
import { type Broker, createUser, password, startBroker } from '../support/broker.ts';

let broker: Broker;
beforeEach(async () => {
  broker = await startBroker();
});
afterEach(() => broker.close());

function attempt(email: string, typed: string, address: string) {
  return signIn(broker.deps, { email, password: typed, address, previousToken: undefined });
}

test('a stranger who guesses on and on from one address does not lock the owner out', async () => {
  const { email } = await createUser(broker);
  const kinds = new Set<string>();
  for (let guess = 0; guess < 120; guess++) kinds.add((await attempt(email, 'a guess', '203.0.113.9')).kind);
  expect(kinds).toEqual(new Set(['wrong', 'too_many']));
  expect(await attempt(email, password, '198.51.100.1')).toMatchObject({ kind: 'signed_in' });
});

test('guessing from many addresses is stopped', async () => {
  const { email } = await createUser(broker);
  for (let guess = 0; guess < 100; guess++) await attempt(email, 'a guess', `203.0.113.${guess}`);
  expect(await attempt(email, 'a guess', '198.51.100.1')).toMatchObject({ kind: 'too_many' });
});

test('a password that is changed while the old one is being checked lets nobody in', async () => {
  const { id, email } = await createUser(broker);
  const { store } = broker.deps;
  const accounts = {
    ...store.accounts,
    async findUserByEmail(asked: string) {
      const found = await store.accounts.findUserByEmail(asked);
      await store.accounts.changePassword(id, 'another hash', { kind: 'user', id });
      return found;
    },
  };
  const address = '198.51.100.1';
  const racing = { ...broker.deps, store: { ...store, accounts } };
  expect(await signIn(racing, { email, password, address, previousToken: undefined })).toEqual({
    kind: 'wrong',
  });
  expect(await attempt(email, password, address)).toEqual({ kind: 'wrong' });
});
