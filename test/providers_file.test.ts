import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProvider, lendAlso } from '../src/catalog/catalog.ts';
import { readProvidersFile } from '../src/providers_file.ts';
import { json, startUpstream, type Upstream } from './proxy/support/upstream.ts';
import { call, errorOf, settledCall } from './proxy/support/world.ts';
import { type Broker, connect, deposit, grantTo, startBroker } from './support/broker.ts';

const folder = mkdtempSync(join(tmpdir(), 'providers-'));
const path = join(folder, 'providers.json');
afterAll(() => {
  lendAlso([]);
  rmSync(folder, { recursive: true });
});

const lab = { name: 'lab', title: 'Lab', baseUrl: 'http://127.0.0.1:9/v1' };

function write(content: unknown): string {
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

describe('the file of providers', () => {
  it.each<[string, unknown, RegExp]>([
    ['that is no JSON', '{', /COATCHECK_PROVIDERS_FILE cannot be read: /],
    ['that lists none', {}, /providers: /],
    ['with a field that means nothing', { providers: [{ ...lab, key: 'secret' }] }, /"key"/],
    [
      'with a name that is built in',
      { providers: [{ ...lab, name: 'groq' }] },
      /0\.name: is the name of a provider/,
    ],
    [
      'with a name that is none',
      { providers: [{ ...lab, name: '../lab' }] },
      /0\.name: must be 2 to 32 small/,
    ],
    ['with two of a name', { providers: [lab, lab] }, /providers: has two of the same name/],
    [
      'with an address that is none',
      { providers: [{ ...lab, baseUrl: 'lab:1' }] },
      /0\.baseUrl: must be an http/,
    ],
    [
      'with a pattern that is none',
      { providers: [{ ...lab, models: '(' }] },
      /0\.models: must be a regular exp/,
    ],
    ['with an unknown scope', { providers: [{ ...lab, scopes: ['files'] }] }, /0\.scopes\.0: /],
    ['with an unknown header', { providers: [{ ...lab, keyHeader: 'cookie' }] }, /0\.keyHeader: /],
    [
      'with a price below nothing',
      { providers: [{ ...lab, prices: { a: { input: -1, output: 1 } } }] },
      /prices/,
    ],
  ])('%s stops the start with what is wrong', (_, content, complaint) => {
    expect(() => readProvidersFile(write(content))).toThrow(complaint);
  });

  it('that is not there stops the start too', () => {
    expect(() => readProvidersFile(join(folder, 'nowhere.json'))).toThrow(/cannot be read: ENOENT/);
  });

  it('may be left out', () => {
    expect(readProvidersFile(null)).toEqual({ providers: [], baseUrls: {} });
  });
});

describe("a provider of the operator's own", () => {
  let upstream: Upstream;
  let broker: Broker;
  let token: string;
  beforeAll(async () => {
    upstream = await startUpstream();
    const providers = [
      {
        ...lab,
        baseUrl: upstream.url,
        scopes: ['text', 'models.read'],
        models: 'llama-[0-9]+b|free',
        keyHeader: 'api-key',
        prices: { 'llama-8b': { input: 0.5, output: 2 }, free: { input: 0, output: 0 } },
      },
      { ...lab, name: 'attic', title: 'Attic' },
    ];
    broker = await startBroker({ env: { COATCHECK_PROVIDERS_FILE: write({ providers }) } });
    token = (await connect(broker, { provider: 'lab', key: 'any-key' })).tokens.access_token;
  });
  afterAll(async () => {
    await broker.close();
    await upstream.close();
  });

  const usage = { prompt_tokens: 100, completion_tokens: 10 };
  const ask = (model: string) => {
    upstream.answer = json(200, { object: 'chat.completion', choices: [], usage });
    const client = new OpenAI({ baseURL: `${broker.url}/x/lab/v1`, apiKey: token, maxRetries: 0 });
    return client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hi' }] });
  };

  it('is called with the key in the header that it takes, and at its own prices', async () => {
    await ask('llama-8b');
    const sent = upstream.requests.at(-1);
    expect(sent?.target).toBe('/v1/chat/completions');
    expect(sent?.headers).toMatchObject({ 'api-key': 'any-key' });
    expect(sent?.headers.authorization).toBeUndefined();
    expect(await settledCall({ broker })).toMatchObject({ provider: 'lab', costNanoUsd: 70_000 });
    await ask('free');
    expect(await settledCall({ broker })).toMatchObject({ model: 'free', costNanoUsd: 0 });
    await ask('llama-70b');
    expect(await settledCall({ broker })).toMatchObject({ model: 'llama-70b', costNanoUsd: null });
  });

  it('lends only the models that it is told to, and tells of no other', async () => {
    await expect(ask('gpt-4o')).rejects.toMatchObject({ status: 403, code: 'model_not_allowed' });
    await expect(ask('my-llama-8b')).rejects.toMatchObject({ code: 'model_not_allowed' });
    upstream.answer = json(200, { data: [{ id: 'llama-8b', owned_by: 'ada' }, { id: 'secret-model' }] });
    const listed = await call({ url: `${broker.url}/x/lab/v1`, token }, '/models');
    expect(await listed.json()).toEqual({ object: 'list', data: [{ id: 'llama-8b' }] });
  });

  it('lends only the scopes that it is told to', async () => {
    const world = { url: `${broker.url}/x/lab/v1`, token };
    const refused = await call(world, '/embeddings', { body: { model: 'llama-8b', input: 'Hi' } });
    expect(await errorOf(refused)).toMatchObject({ code: 'not_delegable' });
    const metadata = await fetch(`${broker.url}/.well-known/oauth-protected-resource/x/lab/v1`);
    expect(await metadata.json()).toMatchObject({ scopes_supported: ['lab:models.read', 'lab:text'] });
  });

  it('takes no token of another of them, nor answers without one', async () => {
    const other = { url: `${broker.url}/x/attic/v1`, token };
    expect((await call(other, '/models')).status).toBe(401);
    expect((await fetch(`${broker.url}/x/nobody/v1/models`)).status).toBe(401);
    expect((await fetch(`${broker.url}/x/lab/v1/models`)).status).toBe(401);
  });

  it('has the sandbox in its place for sandbox keys', async () => {
    const { user, client } = await connect(broker, { provider: 'lab' });
    await deposit(broker, user.id, undefined, 'lab');
    const { access_token } = await grantTo(broker, user, client, ['lab:text']);
    const world = { url: `${broker.url}/x/lab/v1`, token: access_token };
    const body = { model: 'llama-8b', messages: [{ role: 'user', content: 'Hi' }] };
    expect((await call(world, '/chat/completions', { body })).status).toBe(200);
  });

  it('is gone with the file', async () => {
    expect(findProvider('lab')).toBeDefined();
    const without = await startBroker();
    expect(findProvider('lab')).toBeUndefined();
    await without.close();
  });
});
