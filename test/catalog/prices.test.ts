import { calcPrice, extractUsage, findProvider } from '@pydantic/genai-prices';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costOf } from '../../src/catalog/cost.ts';
import { lastObject } from '../../src/catalog/last_object.ts';
import { price } from '../../src/catalog/prices.ts';
import { messageUsage } from '../../src/catalog/providers/anthropic_usage.ts';
import {
  chatUsage,
  embeddingsUsage,
  imagesUsage,
  responsesUsage,
  speechUsage,
  transcriptionUsage,
} from '../../src/catalog/providers/openai_usage.ts';
import { readUsage } from '../../src/catalog/usage.ts';

describe('usage', () => {
  it('of a chat completion, with what is cached and what is audio', () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 20,
      total_tokens: 120,
      prompt_tokens_details: { cached_tokens: 40, cache_write_tokens: 5, audio_tokens: 7 },
      completion_tokens_details: { reasoning_tokens: 3, audio_tokens: 2, accepted_prediction_tokens: 0 },
    };
    expect(readUsage(chatUsage, { model: 'gpt-4o', usage })?.usage).toEqual({
      input_tokens: 100,
      cache_read_tokens: 40,
      cache_write_tokens: 5,
      input_audio_tokens: 7,
      output_tokens: 20,
      output_reasoning_tokens: 3,
      output_audio_tokens: 2,
    });
  });

  it('of a response, also inside an event, with the pictures a tool has made', () => {
    const response = {
      model: 'gpt-5',
      usage: {
        input_tokens: 10,
        input_tokens_details: { cached_tokens: 4, cache_write_tokens: 1 },
        output_tokens: 5,
        output_tokens_details: { reasoning_tokens: 2 },
      },
      tool_usage: { image_gen: { input_tokens: 8, output_tokens: 90 }, web_search: { num_requests: 0 } },
    };
    const event = { type: 'response.completed', response };
    expect(readUsage(responsesUsage, event)).toEqual(readUsage(responsesUsage, response));
    expect(readUsage(responsesUsage, event)?.charges).toEqual([
      {
        model: 'gpt-5',
        usage: {
          input_tokens: 10,
          cache_read_tokens: 4,
          cache_write_tokens: 1,
          output_tokens: 5,
          output_reasoning_tokens: 2,
          web_searches: 0,
        },
      },
      { model: null, usage: { input_tokens: 8, output_tokens: 90, output_image_tokens: 90 } },
    ]);
  });

  it('of a message, with what is read from the cache and written to it in the total', () => {
    const usage = {
      input_tokens: 10,
      cache_creation_input_tokens: 100,
      cache_read_input_tokens: 50,
      cache_creation: { ephemeral_5m_input_tokens: 60, ephemeral_1h_input_tokens: 40 },
      output_tokens: 20,
      output_tokens_details: { thinking_tokens: 5 },
      server_tool_use: null,
      service_tier: 'standard',
    };
    const expected = {
      input_tokens: 160,
      cache_read_tokens: 50,
      cache_write_tokens: 100,
      cache_write_1h_tokens: 40,
      output_tokens: 20,
      output_reasoning_tokens: 5,
    };
    const message = { type: 'message', model: 'claude-opus-5', usage };
    expect(readUsage(messageUsage, message)?.charges).toEqual([{ model: 'claude-opus-5', usage: expected }]);
    expect(readUsage(messageUsage, { type: 'message_start', message })?.usage).toEqual(expected);
    const table = findProvider({ providerId: 'anthropic' }) ?? expect.fail();
    expect(extractUsage(table, message).usage).toMatchObject(expected);
  });

  it.each([
    ['says only what was written', { output_tokens: 9 }],
    [
      'says null of what was read',
      {
        input_tokens: null,
        cache_creation_input_tokens: null,
        cache_read_input_tokens: null,
        output_tokens: 9,
        output_tokens_details: null,
      },
    ],
    ['says all of it again', { input_tokens: 10, cache_read_input_tokens: 50, output_tokens: 9 }],
  ])('of a message is the last word on each count, where its end %s', (_, usage) => {
    const first = { input_tokens: 10, cache_read_input_tokens: 50, output_tokens: 1 };
    const started = readUsage(messageUsage, { message: { model: 'claude-opus-5', usage: first } });
    const ended = readUsage(messageUsage, { type: 'message_delta', usage }, started);
    expect(ended?.charges).toEqual([
      {
        model: 'claude-opus-5',
        usage: { input_tokens: 60, cache_read_tokens: 50, output_tokens: 9 },
      },
    ]);
  });

  it.each([
    ['embeddings', embeddingsUsage, { prompt_tokens: 8, total_tokens: 8 }, { input_tokens: 8 }],
    [
      'images',
      imagesUsage,
      { input_tokens: 50, input_tokens_details: { text_tokens: 10, image_tokens: 40 }, output_tokens: 90 },
      {
        ...{ input_tokens: 50, input_text_tokens: 10, input_image_tokens: 40 },
        ...{ output_tokens: 90, output_image_tokens: 90 },
      },
    ],
    [
      'transcription',
      transcriptionUsage,
      {
        type: 'tokens',
        input_tokens: 14,
        input_token_details: { audio_tokens: 14, text_tokens: 0 },
        output_tokens: 45,
      },
      { input_tokens: 14, input_audio_tokens: 14, output_tokens: 45 },
    ],
    [
      'transcription',
      transcriptionUsage,
      { type: 'duration', seconds: 9 },
      { audio_seconds: 9, input_audio_seconds: 9 },
    ],
    [
      'speech',
      speechUsage,
      { input_tokens: 14, output_tokens: 101, total_tokens: 115 },
      { input_tokens: 14, output_tokens: 101 },
    ],
  ] as const)('%s as in %j', (_, rules, usage, expected) => {
    expect(readUsage(rules, { usage })?.usage).toEqual(expected);
  });

  it.each([
    null,
    undefined,
    'x',
    [],
    {},
    { usage: null },
    { usage: [] },
    { usage: {} },
    { usage: { prompt_tokens: -1 } },
  ])('is unknown in %j', (answer) => {
    expect(readUsage(chatUsage, answer)).toBeNull();
  });

  it('is found at the end of an answer, and not inside of its text', () => {
    const answer = { data: 'he said "usage":{"input_tokens":0}', usage: { input_tokens: 3 }, size: '1x1' };
    expect(lastObject(JSON.stringify(answer).slice(5), 'usage')).toEqual({ input_tokens: 3 });
    expect(lastObject(JSON.stringify(answer, null, 2), 'usage')).toEqual({ input_tokens: 3 });
    expect(lastObject('{"usage":null}', 'usage')).toBeUndefined();
    expect(lastObject('{"usage":{"a":1', 'usage')).toBeUndefined();
    expect(lastObject('', 'usage')).toBeUndefined();
  });
});

describe('price', () => {
  it('is an integer of nano-USD', () => {
    // 0.15 and 0.6 USD for a million tokens.
    expect(price('openai', 'gpt-4o-mini', { input_tokens: 1, output_tokens: 6 })).toBe(3_750);
    // 0.02 USD for a million tokens.
    expect(price('openai', 'text-embedding-3-small', { input_tokens: 1 })).toBe(20);
    expect(price('openai', 'gpt-4o-mini', { input_tokens: 0, output_tokens: 0 })).toBe(0);
  });

  it('counts cached tokens at their own rate', () => {
    const fresh = price('openai', 'gpt-4o', { input_tokens: 1000, output_tokens: 0 }) ?? 0;
    const cached = price('openai', 'gpt-4o', {
      input_tokens: 1000,
      cache_read_tokens: 1000,
      output_tokens: 0,
    });
    expect(cached).toBe(fresh / 2);
  });

  it('of audio by its length', () => {
    // 0.36 USD an hour.
    expect(price('openai', 'whisper-1', { audio_seconds: 10, input_audio_seconds: 10 })).toBe(1_000_000);
  });

  it('of what is written to the cache for an hour has a rate of its own, or none', () => {
    const usage = { input_tokens: 1000, cache_write_tokens: 1000, cache_write_1h_tokens: 1000 };
    // 10 USD for a million tokens, of which 5 minutes would cost 6.25.
    expect(price('anthropic', 'claude-opus-5', usage)).toBe(10_000_000);
    expect(price('anthropic', 'claude-2', usage)).toBeNull();
  });

  it.each([
    ['a model that the table does not know', 'gpt-unheard-of', { input_tokens: 5 }],
    [
      'seconds of a model that is priced by tokens',
      'gpt-4o-transcribe',
      { audio_seconds: 10, input_audio_seconds: 10 },
    ],
    ['tokens of a model that is priced by the hour', 'whisper-1', { input_tokens: 5 }],
    [
      'audio of a model whose audio rate is not in the table',
      'gpt-4o-audio-preview',
      {
        input_tokens: 10,
        output_tokens: 5,
        output_audio_tokens: 5,
      },
    ],
    ['counts that contradict each other', 'gpt-4o', { input_tokens: 5, cache_read_tokens: 9 }],
  ])('is unknown, never 0, for %s', (_, model, usage) => {
    expect(price('openai', model, usage)).toBeNull();
  });

  it.each(['openai', 'anthropic', 'mistral', 'groq', 'openrouter', 'deepseek', 'x-ai', 'together'])(
    'is what the table itself comes to, for text of any length and every model of %s',
    (priceTable) => {
      const models = findProvider({ providerId: priceTable })?.models.map(({ id }) => id) ?? [];
      const count = fc.oneof(fc.nat(1_000), fc.nat(600_000));
      const usage = fc.record(
        {
          input_tokens: count,
          cache_read_tokens: count,
          cache_write_tokens: count,
          output_tokens: count,
          output_reasoning_tokens: count,
        },
        { requiredKeys: [] },
      );
      fc.assert(
        fc.property(fc.constantFrom(...models), usage, (model, counts) => {
          expect(price(priceTable, model, counts) || null).toBe(byTheTable(priceTable, model, counts));
        }),
        { numRuns: 2_000 },
      );
    },
  );

  it('of a call with a tool that has a model of its own is known only as a whole', () => {
    const own = { model: 'gpt-5', usage: { input_tokens: 10, output_tokens: 10 } };
    const tool = { model: null, usage: { input_tokens: 8, output_tokens: 90 } };
    const report = { usage: own.usage, charges: [own, tool], costNanoUsd: null };
    expect(costOf('openai', { model: 'gpt-5', otherModels: [] }, report)).toBeNull();
    expect(costOf('openai', { model: 'gpt-5', otherModels: ['gpt-image-2'] }, report)).toBe(
      (price('openai', 'gpt-5', own.usage) ?? 0) + (price('openai', 'gpt-image-2', tool.usage) ?? 0),
    );
  });

  it('goes by the model that was asked for, else by the one that answered', () => {
    const usage = { input_tokens: 1000, output_tokens: 0 };
    const report = { usage, charges: [{ model: 'gpt-4o', usage }], costNanoUsd: null };
    expect(costOf('openai', { model: null, otherModels: [] }, report)).toBe(price('openai', 'gpt-4o', usage));
    expect(costOf('openai', { model: 'gpt-4o-mini', otherModels: [] }, report)).toBe(
      price('openai', 'gpt-4o-mini', usage),
    );
  });
});

/** Nano-USD, with the table's own arithmetic; null when it comes to nothing. */
function byTheTable(priceTable: string, model: string, usage: Record<string, number>): number | null {
  try {
    const total = calcPrice(usage, model, { providerId: priceTable })?.total_price ?? 0;
    return Math.round(Number((total * 1e9).toPrecision(15))) || null;
  } catch {
    return null;
  }
}
