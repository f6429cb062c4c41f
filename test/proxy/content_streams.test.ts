import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessTo, type Limits, limitGrant } from '../support/limits.ts';
import { type Answer, byteByByte, events, json } from './support/upstream.ts';
import { call, errorOf, type ProxyWorld, settledCall, startWorld } from './support/world.ts';

let world: ProxyWorld;
beforeAll(async () => {
  world = await startWorld({ provider: 'gemini' });
});
afterAll(async () => {
  await world.close();
});

const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`;
const piece = (text: string, usageMetadata?: object, finishReason?: string) =>
  event({
    candidates: [{ content: { parts: [{ text }], role: 'model' }, ...(finishReason && { finishReason }) }],
    ...(usageMetadata && { usageMetadata }),
    modelVersion: 'gemini-2.5-flash',
  });

const body = { contents: [{ role: 'user', parts: [{ text: 'Good morning' }] }] };
const path = (verb: string, model = 'gemini-2.5-flash') => `/v1beta/models/${model}:${verb}`;

function ask(answer: Answer, model?: string): Promise<Response> {
  world.upstream.answer = answer;
  return call(world, path('streamGenerateContent', model), { body });
}

const begun = { promptTokenCount: 10, totalTokenCount: 10 };
const whole = {
  promptTokenCount: 10,
  cachedContentTokenCount: 4,
  toolUsePromptTokenCount: 2,
  candidatesTokenCount: 5,
  thoughtsTokenCount: 3,
};
const usage = {
  ...{ input_tokens: 12, cache_read_tokens: 4, output_tokens: 8, output_reasoning_tokens: 3 },
};
// 0.30 USD for a million tokens, 0.03 from the cache, 2.50 for the answer.
const cost = 8 * 300 + 4 * 30 + 8 * 2_500;

describe('the stream of a content', () => {
  const sent = piece('Hel', begun) + piece('lo "finishReason"', begun) + piece('!', whole, 'STOP');

  it.each(['\n', '\r\n', '\r'])(
    'goes on as it came, wherever it is split, with line ends %j',
    async (end) => {
      const text = sent.replaceAll('\n', end);
      for (const answer of [events(text), byteByByte(text)]) {
        const response = await ask(answer);
        expect(await response.text()).toBe(text);
        expect(await settledCall(world)).toMatchObject({
          ...{ outcome: 'answered', model: 'gemini-2.5-flash', usage, costNanoUsd: cost },
        });
      }
    },
  );

  it('is always asked for as events', async () => {
    world.upstream.answer = events(sent);
    await (await call(world, `${path('streamGenerateContent')}?alt=json&key=x`, { body })).text();
    expect(world.upstream.requests.at(-1)?.target).toMatch(/:streamGenerateContent\?alt=sse$/);
  });

  it('may end because the prompt is not answered', async () => {
    const text = event({ promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: begun });
    expect(await (await ask(events(text))).text()).toBe(text);
    expect(await settledCall(world)).toMatchObject({ outcome: 'answered', costNanoUsd: 10 * 300 });
  });

  it('may tell its usage behind its reason to end', async () => {
    const last = event({ candidates: [], usageMetadata: whole });
    await (await ask(events(piece('Hi', begun, 'STOP') + last))).text();
    expect(await settledCall(world)).toMatchObject({ outcome: 'answered', usage, costNanoUsd: cost });
  });

  it('that ends without a reason does not end as if it were finished, at a price that nobody knows', async () => {
    const response = await ask(events(piece('Hel', begun) + piece('lo "finishReason"', begun)));
    await expect(response.text()).rejects.toThrow();
    expect(await settledCall(world)).toMatchObject({ outcome: 'cut', costNanoUsd: null });
  });

  it('that reports an error tells it in the shape of Google, ends, and is on record as cut', async () => {
    const error = { code: 503, message: 'Overloaded in projects/123456789012', status: 'UNAVAILABLE' };
    const seen = await (await ask(byteByByte(piece('Hel', begun) + event({ error })))).text();
    expect(JSON.parse(seen.split('data: ').at(-1) ?? '').error).toEqual({
      code: 503,
      status: 'UNAVAILABLE',
      message: 'The provider broke off with an error. Try again.',
      details: [],
      param: null,
      source: 'provider',
    });
    expect((await settledCall(world)).outcome).toBe('cut');
  });

  it('of a model without a known price is on record without one', async () => {
    await (await ask(events(sent.replaceAll('gemini-2.5-flash', 'gemini-0-none')), 'gemini-0-none')).text();
    expect(await settledCall(world)).toMatchObject({ outcome: 'answered', usage, costNanoUsd: null });
  });
});

describe('the usage of a content', () => {
  it('counts sound by its own rate', async () => {
    const promptTokensDetails = [
      { modality: 'TEXT', tokenCount: 4 },
      { modality: 'AUDIO', tokenCount: 6 },
    ];
    const usageMetadata = { promptTokenCount: 10, candidatesTokenCount: 1, promptTokensDetails };
    world.upstream.answer = json(200, { candidates: [{ finishReason: 'STOP' }], usageMetadata });
    await (await call(world, path('generateContent'), { body })).text();
    expect(await settledCall(world)).toMatchObject({
      usage: { input_tokens: 10, input_audio_tokens: 6, output_tokens: 1 },
      costNanoUsd: 4 * 300 + 6 * 1_000 + 2_500,
    });
  });

  it('of vectors is what was read', async () => {
    world.upstream.answer = json(200, {
      embedding: { values: [1] },
      usageMetadata: { promptTokenCount: 10 },
    });
    const embed = { content: body.contents[0] };
    await (await call(world, path('embedContent', 'gemini-embedding-001'), { body: embed })).text();
    expect(await settledCall(world)).toMatchObject({ usage: { input_tokens: 10 }, costNanoUsd: 10 * 150 });
  });
});

describe('limits of the user', () => {
  const allow = (limits: Limits) => limitGrant(world.broker, world.token, accessTo('gemini', limits));

  it('hold for the model in the path', async () => {
    await allow({ models: ['gemini-2.5-*'] });
    world.upstream.answer = json(200, { candidates: [] });
    expect((await call(world, path('generateContent'), { body })).status).toBe(200);
    const refused = await call(world, path('generateContent', 'gemini-3-pro-preview'), { body });
    expect(refused.status).toBe(403);
    expect(await errorOf(refused)).toMatchObject({ code: 'model_not_allowed', param: 'model' });
    const cards = [
      'models/gemini-2.5-pro',
      'models/gemini-3-pro',
      'models/gemini-2.5-flash-image',
      'tunedModels/x',
    ];
    world.upstream.answer = json(200, { models: cards.map((name) => ({ name })), nextPageToken: 'x' });
    expect(await (await call(world, '/v1/models')).json()).toEqual({
      models: [{ name: 'models/gemini-2.5-pro' }],
    });
    expect(world.upstream.requests.at(-1)?.target).toMatch(/\/v1\/models\?pageSize=1000$/);
  });

  it('hold for the length of an answer', async () => {
    await allow({ max_output_tokens: 50 });
    world.upstream.answer = json(200, { candidates: [] });
    await call(world, path('generateContent'), { body });
    expect(JSON.parse(world.upstream.requests.at(-1)?.body ?? '')).toEqual({
      ...body,
      generationConfig: { maxOutputTokens: 50 },
    });
    const generationConfig = { maxOutputTokens: 51 };
    const refused = await call(world, path('generateContent'), { body: { ...body, generationConfig } });
    expect(await errorOf(refused)).toMatchObject({
      ...{ code: 'field_not_allowed', param: 'generationConfig.maxOutputTokens' },
    });
  });
});
