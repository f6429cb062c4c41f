import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { abilitiesInWords, missingInWords } from '../../src/catalog/abilities.ts';
import { providers } from '../../src/catalog/catalog.ts';
import { lookAgain } from '../../src/vault/look_again.ts';
import { type Broker, createUser, deposit, providerNamed, startBroker } from '../support/broker.ts';

let broker: Broker;
beforeAll(async () => {
  broker = await startBroker();
});
afterAll(() => broker.close());

const depositFor = async (key: string, provider?: string) =>
  deposit(broker, (await createUser(broker)).id, key, provider);

const every = {
  'openai:text': true,
  'openai:embeddings': true,
  'openai:moderation': true,
  'openai:images': true,
  'openai:audio.speech': true,
  'openai:audio.transcribe': true,
  'openai:files': true,
  'openai:video': true,
  'openai:batch': true,
};
const textOnly = {
  ...every,
  'openai:images': false,
  'openai:audio.speech': false,
  'openai:audio.transcribe': false,
};
const none = Object.fromEntries(Object.keys(every).map((scope) => [scope, false]));

describe('what a key can do', () => {
  it.each([
    ['sk-sandbox-ordinary-1', every],
    ['sk-sandbox-text-only-1', textOnly],
    ['sk-sandbox-restricted-1', none],
    ['sk-sandbox-no-quota-1', { 'openai:moderation': true, 'openai:files': true, 'openai:batch': true }],
    ['sk-sandbox-rate-limited-1', {}],
    ['sk-sandbox-error-1', {}],
    ['sk-sandbox-unavailable-1', {}],
  ])('is known of %s when it is deposited, as far as the provider shows it', async (key, abilities) => {
    expect((await depositFor(key)).abilities).toEqual(abilities);
  });

  it('is asked of no provider whose answers are not certain to cost nothing', async () => {
    const before = broker.sandbox.received().length;
    expect((await depositFor('sk-ant-sandbox-ordinary-1', 'anthropic')).abilities).toEqual({});
    expect(broker.sandbox.received()).toHaveLength(before + 1);
  });

  it('is asked for by calls that can cost nothing, as nothing is in them', async () => {
    await depositFor('sk-sandbox-free-of-charge');
    const asked = broker.sandbox.received().filter(({ key_last4 }) => key_last4 === 'arge');
    expect(asked.map(({ status }) => status)).toEqual([200, ...Array(10).fill(400)]);
  });

  it('holds up no deposit when the provider falls silent', { timeout: 20_000 }, async () => {
    const silent = createServer((request, response) => {
      if (request.method === 'GET') response.writeHead(200).end('{}');
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const before = await startBroker({ upstreamUrl: `http://127.0.0.1:${port}` });
    const { status, abilities } = await deposit(before, (await createUser(before)).id);
    expect({ status, abilities }).toEqual({ status: 'verified', abilities: {} });
    await before.close();
    silent.closeAllConnections();
    silent.close();
  });

  it('can be found out again', async () => {
    const { credentials } = broker.deps.store;
    const credential = await depositFor('sk-sandbox-text-only-2');
    await credentials.noteAbilities(credential.id, {}, 1);
    await credentials.markCredential(credential.id, 'invalid');
    expect(await lookAgain(broker.deps, credential)).toEqual({ kind: 'verified' });
    const { status, abilities } = (await credentials.findCredential(credential.id)) ?? expect.fail();
    expect({ status, abilities }).toEqual({ status: 'verified', abilities: textOnly });
    await credentials.deleteCredential(credential.id, { kind: 'system' });
    expect(await lookAgain(broker.deps, { ...credential, version: 2 })).toBeNull();
  });
});

describe('in words', () => {
  const openai = providerNamed('openai');

  it.each([
    [{}, null],
    [{ 'openai:text': true }, 'can do text'],
    [
      { 'openai:images': false, 'openai:embeddings': true, 'openai:text': true },
      'can do text and embeddings, not images',
    ],
    [{ 'openai:images': false, 'openai:audio.speech': false }, 'cannot do images or speech'],
  ])('%j is: %s', (abilities, words) => {
    expect(abilitiesInWords(openai, abilities)).toBe(words);
  });

  it('only what is asked for is missing', () => {
    const abilities = { 'openai:text': true, 'openai:images': false, 'openai:audio.speech': false };
    expect(missingInWords(openai, abilities, ['openai:text', 'openai:images'])).toBe('images');
    expect(missingInWords(openai, abilities, ['openai:text', 'openai:embeddings'])).toBeNull();
  });
});

it.each(
  providers.flatMap(({ name, routes, probes = [] }) => probes.map((probe) => ({ name, routes, ...probe }))),
)('the probes of $scope are routes that are lent for it', ({ routes, scope, paths }) => {
  for (const path of paths) {
    expect(routes).toContainEqual(expect.objectContaining({ method: 'POST', path, scope }));
  }
});
