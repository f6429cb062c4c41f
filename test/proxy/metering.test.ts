import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { price } from '../../src/catalog/prices.ts';
import { openai } from '../../src/catalog/providers/openai.ts';
import type { Settlement } from '../../src/store/contract/ledger.ts';
import { type Broker, connect, startBroker } from '../support/broker.ts';
import { json } from './support/upstream.ts';
import { call, chat, settledCall, startWorld } from './support/world.ts';

let broker: Broker;
let app: { url: string; token: string };
let claude: { url: string; token: string };
const settlements: Settlement[] = [];
beforeAll(async () => {
  broker = await startBroker();
  const { ledger } = broker.deps.store;
  const { admit, settle } = ledger;
  ledger.admit = (batch, settled = []) => {
    settlements.push(...settled);
    return admit.call(ledger, batch, settled);
  };
  ledger.settle = (batch) => {
    settlements.push(...batch);
    return settle.call(ledger, batch);
  };
  app = { url: `${broker.url}/openai/v1`, token: (await connect(broker)).tokens.access_token };
  const { tokens } = await connect(broker, { provider: 'anthropic' });
  claude = { url: `${broker.url}/anthropic`, token: tokens.access_token };
});
afterAll(async () => {
  await broker.close();
});

async function metered(path: string, body?: unknown, by = app) {
  const response = await call(by, path, { body });
  await response.arrayBuffer();
  expect(response.status).toBe(200);
  const settled = await settledCall({ broker });
  expect(settled.id).toBe(response.headers.get('x-request-id'));
  expect(settlements.filter(({ callId }) => callId === settled.id)).toHaveLength(1);
  return settled;
}

function upload(fields: Readonly<Record<string, string>>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
}

const file = new Blob(['x'.repeat(500_000)], { type: 'audio/wav' });
const withFile = (name: string, fields: Readonly<Record<string, string>>) => {
  const form = upload(fields);
  form.append(name, file, 'a.wav');
  return form;
};

describe('a tool that runs at the provider', () => {
  it('counts in full where the answer says nothing of what it cost', async () => {
    const answer = { object: 'response', status: 'completed', model: 'gpt-5', output: [] };
    const usage = { input_tokens: 1_000, output_tokens: 100, total_tokens: 1_100 };
    const scopes = ['openai:text', 'openai:tools.web'];
    const world = await startWorld({ scopes, answer: json(200, { ...answer, usage }) });
    try {
      const body = { model: 'gpt-5', input: 'Hi', tools: [{ type: 'web_search' }], max_tool_calls: 2 };
      expect((await call(world, '/responses', { body })).status).toBe(200);
      // 1,000 tokens at 1.25 and 100 at 10 USD a million, and two searches at 10 USD a thousand.
      expect(await settledCall(world)).toMatchObject({ costNanoUsd: null, countedNanoUsd: 22_250_000 });
    } finally {
      await world.close();
    }
  });
});

describe('the record of a call', () => {
  it.each<[string, unknown, string]>([
    ['/chat/completions', chat, 'gpt-4o-mini'],
    ['/chat/completions', { ...chat, stream: true }, 'gpt-4o-mini'],
    ['/completions', { model: 'gpt-3.5-turbo-instruct', prompt: 'Once' }, 'gpt-3.5-turbo-instruct'],
    [
      '/completions',
      { model: 'gpt-3.5-turbo-instruct', prompt: 'Once', stream: true },
      'gpt-3.5-turbo-instruct',
    ],
    ['/responses', { model: 'gpt-5', input: 'Hi' }, 'gpt-5'],
    ['/responses', { model: 'gpt-5', input: 'Hi', stream: true }, 'gpt-5'],
    ['/responses/compact', { model: 'gpt-5', input: 'Hi' }, 'gpt-5'],
    ['/embeddings', { model: 'text-embedding-3-small', input: 'Hi there' }, 'text-embedding-3-small'],
    [
      '/embeddings',
      { model: 'text-embedding-3-large', input: Array(100).fill('Hi') },
      'text-embedding-3-large',
    ],
    ['/images/generations', { model: 'gpt-image-2', prompt: 'A train' }, 'gpt-image-2'],
    ['/images/generations', { model: 'gpt-image-2', prompt: 'A train', stream: true }, 'gpt-image-2'],
    ['/images/edits', withFile('image', { model: 'gpt-image-2', prompt: 'A train' }), 'gpt-image-2'],
    ['/audio/transcriptions', withFile('file', { model: 'gpt-4o-transcribe' }), 'gpt-4o-transcribe'],
    [
      '/audio/transcriptions',
      withFile('file', { model: 'gpt-4o-transcribe', stream: 'true' }),
      'gpt-4o-transcribe',
    ],
    [
      '/audio/transcriptions',
      withFile('file', { model: 'whisper-1', response_format: 'verbose_json' }),
      'whisper-1',
    ],
    [
      '/audio/speech',
      { model: 'gpt-4o-mini-tts', input: 'Hi', voice: 'alloy', stream_format: 'sse' },
      'gpt-4o-mini-tts',
    ],
  ])('%s %j has model, usage and price', async (path, body, model) => {
    const settled = await metered(path, body);
    expect(settled).toMatchObject({
      route: `POST ${path}`,
      provider: 'openai',
      model,
      state: 'settled',
      outcome: 'answered',
      status: 200,
      upstreamRequestId: expect.stringMatching(/^req_/),
    });
    expect(settled.costNanoUsd).toBe(price(openai.priceTable, model, settled.usage ?? {}));
    expect(settled.costNanoUsd).toBeGreaterThan(0);
    expect(settled.countedNanoUsd).toBe(settled.costNanoUsd);
  });

  it.each([false, true])('of a message, streamed: %s, has model, usage and price', async (stream) => {
    const body = { model: 'claude-opus-5', max_tokens: 100, messages: chat.messages, stream };
    const settled = await metered('/v1/messages', body, claude);
    expect(settled).toMatchObject({
      route: 'POST /v1/messages',
      provider: 'anthropic',
      model: 'claude-opus-5',
      state: 'settled',
      outcome: 'answered',
      upstreamRequestId: expect.stringMatching(/^req_/),
    });
    const { input_tokens, output_tokens } = settled.usage ?? {};
    expect(input_tokens).toBeGreaterThan(0);
    // 5 and 25 USD for a million tokens.
    expect(settled.costNanoUsd).toBe((input_tokens ?? 0) * 5_000 + (output_tokens ?? 0) * 25_000);
  });

  it.each<[string, unknown]>([
    ['/v1/models', undefined],
    ['/v1/models/claude-opus-5', undefined],
    ['/v1/messages/count_tokens', { model: 'claude-opus-5', messages: chat.messages }],
  ])('%s of Anthropic costs nothing', async (path, body) => {
    const free = { costNanoUsd: 0, usage: null, outcome: 'answered' };
    expect(await metered(path, body, claude)).toMatchObject(free);
  });

  it.each([false, true])(
    'of a message that reports no usage, streamed: %s, has no known price, which is not 0',
    async (stream) => {
      const body = { model: 'sandbox-no-usage', max_tokens: 100, messages: chat.messages, stream };
      const settled = await metered('/v1/messages', body, claude);
      expect(settled).toMatchObject({ usage: null, costNanoUsd: null });
    },
  );

  it.each<[string, unknown]>([
    ['/models', undefined],
    ['/models/gpt-4o', undefined],
    ['/moderations', { input: 'Hi' }],
    ['/responses/input_tokens', { model: 'gpt-5', input: 'Hi' }],
  ])('%s costs nothing', async (path, body) => {
    expect(await metered(path, body)).toMatchObject({ costNanoUsd: 0, usage: null, outcome: 'answered' });
  });

  it.each<[string, unknown]>([
    ['/chat/completions', { ...chat, model: 'sandbox-no-usage' }],
    ['/chat/completions', { ...chat, model: 'sandbox-no-usage', stream: true }],
    ['/audio/speech', { model: 'tts-1', input: 'Hi', voice: 'alloy' }],
    ['/audio/transcriptions', withFile('file', { model: 'whisper-1', response_format: 'text' })],
    ['/images/generations', { model: 'dall-e-3', prompt: 'A train' }],
  ])('%s %j has no known price, which is not 0', async (path, body) => {
    expect((await metered(path, body)).costNanoUsd).toBeNull();
  });

  it('names the route for one model by its place, not by its name', async () => {
    expect((await metered('/models/gpt-4o')).route).toBe('GET /models/{model}');
  });

  it('is settled once for each of many calls at the same time', async () => {
    settlements.length = 0;
    const ids = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const response = await call(app, '/chat/completions', { body: { ...chat, stream: index % 2 === 0 } });
        await response.text();
        return response.headers.get('x-request-id') ?? '';
      }),
    );
    await expect.poll(() => settlements.length).toBe(100);
    expect(new Set(settlements.map(({ callId }) => callId))).toEqual(new Set(ids));
  });
});
