import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProvider, lendAlso } from '../src/catalog/catalog.ts';
import { price } from '../src/catalog/prices.ts';
import { readPricesFile } from '../src/prices_file.ts';
import { boundOf } from './catalog/bound_of.ts';
import { json } from './proxy/support/upstream.ts';
import { call, chat, errorOf, settledCall, startWorld } from './proxy/support/world.ts';
import { type Broker, connect, startBroker } from './support/broker.ts';

const folder = mkdtempSync(join(tmpdir(), 'prices-'));
const path = join(folder, 'prices.json');
afterAll(() => {
  lendAlso([]);
  rmSync(folder, { recursive: true });
});

function write(content: unknown): string {
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const tableOf = (name: string) => findProvider(name)?.priceTable ?? expect.fail();

describe('the file of prices', () => {
  it.each<[string, unknown, RegExp]>([
    ['that is no JSON', '{', /COATCHECK_PRICES_FILE cannot be read: /],
    ['with a provider that there is none of', { nobody: {} }, /nobody: is the name of no provider/],
    ['with a pattern that is none', { openai: { 'gpt-*-mini': { input: 1 } } }, /openai\.gpt-\*-mini: /],
    ['with a price that means nothing', { openai: { 'gpt-7': { inputs: 1 } } }, /"inputs"/],
    ['with a price below nothing', { openai: { 'gpt-7': { input: -1 } } }, /openai\.gpt-7\.input: /],
    ['with a price in words', { openai: { 'gpt-7': { input: '1' } } }, /openai\.gpt-7\.input: /],
    [
      'with a price that needs another',
      { openai: { 'gpt-7': { cacheRead: 1, output: 1 } } },
      /openai\.gpt-7: lacks a price: .*input/,
    ],
  ])('%s stops the start with what is wrong', (_, content, complaint) => {
    expect(() => readPricesFile(write(content), [])).toThrow(complaint);
  });

  it('may be left out', () => {
    expect(readPricesFile(null, [])).toEqual({});
  });

  it('goes before the prices that are built in, the first pattern that fits', () => {
    const prices = {
      openai: {
        'gpt-4o-mini': { input: 1, output: 2 },
        'gpt-4o*': { input: 3, output: 4 },
        'gpt-9*': {
          ...{ input: 1, cacheRead: 0.1, cacheWrite: 1.25, cacheWrite1h: 2, audioInput: 30, imageInput: 5 },
          ...{ output: 10, audioOutput: 60, imageOutput: 40, webSearch: 0.01, call: 0.001 },
          contextWindow: 1_000,
        },
        'tts-9': { characters: 20 },
        'whisper-9': { audioHour: 0.36 },
        'gpt-image-9': { picture: 0.05 },
      },
    };
    lendAlso([], readPricesFile(write(prices), []));
    const tokens = { input_tokens: 1_000, output_tokens: 1_000 };
    const table = tableOf('openai');
    expect(price(table, 'gpt-4o-mini', tokens)).toBe(3_000_000);
    expect(price(table, 'gpt-4o', tokens)).toBe(7_000_000);
    expect(price(table, 'gpt-5', tokens)).toBe(price('openai', 'gpt-5', tokens));
    expect(price(tableOf('anthropic'), 'gpt-4o', tokens)).toBeNull();
    const cached = {
      ...{ input_tokens: 400, cache_read_tokens: 100, cache_write_tokens: 200, cache_write_1h_tokens: 100 },
      output_tokens: 100,
    };
    // 100 of each, and the call itself.
    expect(price(table, 'gpt-9', cached)).toBe(100_000 * (1 + 0.1 + 1.25 + 2 + 10) + 1_000_000);
    const heard = {
      ...{ input_tokens: 300, input_audio_tokens: 100, input_image_tokens: 100 },
      ...{ output_tokens: 200, output_audio_tokens: 100 },
    };
    expect(price(table, 'gpt-9', heard)).toBe(100_000 * (1 + 30 + 5 + 10 + 60) + 1_000_000);
    expect(price(table, 'whisper-9', { audio_seconds: 10, input_audio_seconds: 10 })).toBe(1_000_000);
    const spoken = { model: 'tts-9', input: 'x'.repeat(100), voice: 'alloy' };
    expect(boundOf('openai', '/audio/speech', spoken)).toMatchObject({ base: 2_000_000, isCeiling: false });
    const drawn = { model: 'gpt-image-9', prompt: 'A train', n: 2 };
    expect(boundOf('openai', '/images/generations', drawn).base).toBe(100_000_000);
    const long = { model: 'gpt-9', messages: [{ role: 'user', content: 'x'.repeat(100_000) }] };
    // No more than the window, and what the call itself costs.
    expect(boundOf('openai', '/chat/completions', long).base).toBe(1_050 * 1_250 + 1_000_000);
  });

  it('raises the ceiling of what has no price', () => {
    lendAlso([], readPricesFile(write({ groq: { dearest: { input: 500, output: 900 } } }), []));
    const unheardOf = { model: 'unheard-of', messages: chat.messages };
    expect(boundOf('groq', '/openai/v1/chat/completions', unheardOf).perOutputToken).toBe(1_800_000);
  });
});

describe('a call whose price is not known', () => {
  let broker: Broker;
  let app: { url: string; token: string };
  beforeAll(async () => {
    const pricesFile = write({ openai: { 'gpt-lab*': { input: 1, output: 1 } } });
    broker = await startBroker({
      env: { COATCHECK_PRICES_FILE: pricesFile, COATCHECK_UNKNOWN_PRICES: 'refuse' },
    });
    app = { url: `${broker.url}/openai/v1`, token: (await connect(broker)).tokens.access_token };
  });
  afterAll(async () => {
    await broker.close();
  });

  const ask = (model: string) => call(app, '/chat/completions', { body: { ...chat, model } });

  it('is refused where the operator wants it so', async () => {
    const refused = await ask('gpt-unheard-of');
    expect(refused.status).toBe(403);
    expect(await errorOf(refused)).toMatchObject({ code: 'model_not_allowed', param: 'model' });
    expect((await ask('gpt-4o-mini')).status).toBe(200);
  });

  it('has one as soon as the file names it', async () => {
    expect((await ask('gpt-lab-1')).status).toBe(200);
    const { usage, costNanoUsd } = await settledCall({ broker });
    const { input_tokens = 0, output_tokens = 0 } = usage ?? {};
    expect(costNanoUsd).toBe(1_000 * (input_tokens + output_tokens));
  });
});

it('prices a deployment by its name where that has a price, and by the model that answers elsewhere', async () => {
  const pricesFile = write({ azure: { 'my-*': { input: 1, output: 2 } } });
  const usage = { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 };
  const answer = json(200, { object: 'chat.completion', model: 'gpt-4o', choices: [], usage });
  const world = await startWorld({ provider: 'azure', answer, env: { COATCHECK_PRICES_FILE: pricesFile } });
  const costAt = async (name: string) => {
    const response = await call(world, `/openai/deployments/${name}/chat/completions`, { body: chat });
    expect(response.status).toBe(200);
    return (await settledCall(world)).costNanoUsd;
  };
  try {
    expect(await costAt('my-chat')).toBe(1_200_000);
    expect(await costAt('gpt-4o-mini')).toBe(3_500_000);
    const path = '/openai/deployments/{model}/chat/completions';
    const { messages } = chat;
    expect(boundOf('azure', path, { messages }, 'my-chat')).toMatchObject({
      perOutputToken: 2_000,
      isCeiling: false,
    });
    expect(boundOf('azure', path, { messages }, 'gpt-4o-mini').isCeiling).toBe(true);
  } finally {
    await world.close();
  }
});
