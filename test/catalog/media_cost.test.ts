import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countedCost } from '../../src/catalog/cost.ts';
import type { Usage } from '../../src/catalog/usage.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { boundOf, providerNamed } from './bound_of.ts';

const openai = providerNamed('openai');

function counted(model: string, usage: Usage): number {
  return countedCost(openai, { model, otherModels: [] }, { charges: [{ model, usage }], costNanoUsd: null })
    .counted;
}

const upload = (bytes: number) => ({
  filename: 'a.wav',
  contentType: 'audio/wav',
  bytes: Buffer.alloc(bytes),
});

describe('the largest cost of pictures', () => {
  const draw = (sent: JsonObject) => boundOf('openai', '/images/generations', { prompt: 'A train', ...sent });

  /** What a picture is known to be written in. */
  const known = [
    ['gpt-image-1.5', 'low', '1024x1024', 272],
    ['gpt-image-1.5', 'low', '1024x1536', 408],
    ['gpt-image-1-mini', 'medium', '1536x1024', 1_568],
    ['gpt-image-1.5', 'high', '1024x1536', 6_240],
    ['gpt-image-2', 'high', '1024x1024', 7_024],
    ['gpt-image-2', 'high', '3584x2048', 12_329],
    ['gpt-image-2', 'auto', 'auto', 7_024],
  ] as const;

  it.each(known)('of %s, %s and %s, is never less than it comes to', (model, quality, size, tokens) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.string(), (n, prompt) => {
        const bound = draw({ model, quality, size, n, prompt });
        const usage = {
          input_tokens: n * Buffer.byteLength(prompt),
          output_tokens: n * tokens,
          output_image_tokens: n * tokens,
        };
        expect(counted(model, usage)).toBeLessThanOrEqual(bound.base);
        expect(bound).toMatchObject({ perOutputToken: 0, isCeiling: false });
      }),
      { numRuns: 50 },
    );
  });

  it('is by the picture where a picture has a price', () => {
    expect(draw({ model: 'dall-e-3', n: 2 }).base).toBe(240_000_000);
  });

  it.each([
    ['their number', { n: 3 }, 3],
    ['the frames of a moving one', { output_format: 'gif', frame_count: 4 }, 4],
    ['the frames that are left open', { output_format: 'gif' }, 16],
    ['their size', { size: '2048x2048' }, 2],
  ])('goes by %s', (_, asked, factor) => {
    const one = draw({ model: 'gpt-image-2' }).base;
    expect(draw({ model: 'gpt-image-2', ...asked }).base / one).toBeCloseTo(factor, 1);
  });

  it('has what a text model writes on top where it is to be one of lines', () => {
    const svg = { model: 'gpt-5' };
    const drawn = draw({ model: 'gpt-image-2' }).base;
    const written = draw({ model: 'gpt-image-2', output_format: 'svg', svg }).base;
    // 10 USD for a million tokens.
    expect(written - drawn).toBeGreaterThanOrEqual(131_072 * 10_000);
  });

  it('has the pictures on top that are to be changed', () => {
    const fields = { model: 'gpt-image-2', prompt: 'A train', quality: 'low' };
    const one = boundOf('openai', '/images/edits', { ...fields, image: upload(100) }).base;
    const two = boundOf('openai', '/images/edits', { ...fields, 'image[]': [upload(9), upload(9)] }).base;
    // 8 USD for a million tokens.
    expect(two - one).toBe(16_384 * 8_000);
  });

  it('is at the ceiling of pictures, not of text, where the price is not known', () => {
    const bound = draw({ model: 'gpt-image-9', quality: 'low', size: '1024x1024' });
    expect(bound.isCeiling).toBe(true);
    // Twice 40 USD for a million tokens, and what is read.
    expect(bound.base).toBeGreaterThanOrEqual(512 * 80_000);
    expect(bound.base).toBeLessThan(512 * 80_000 + 100 * 300_000);
    const usage = { input_tokens: 7, output_tokens: 500, output_image_tokens: 500 };
    expect(counted('gpt-image-9', usage)).toBeLessThanOrEqual(bound.base);
  });

  it('is part of a call that offers a tool for them, as often as it may be used', () => {
    const ask = (quality: string, more: JsonObject = {}) => {
      const tool = { type: 'image_generation', model: 'gpt-image-2', size: '1024x1024', quality };
      const body = { model: 'gpt-5', input: 'Hi', tools: [tool], ...more };
      const { base, toolUses } = boundOf('openai', '/responses', body);
      return base + (toolUses ? toolUses.each * toolUses.most : 0);
    };
    // 30 USD for a million tokens. The name of the quality is read, too.
    const apart = (8_192 - 512) * 30_000;
    const twice = ask('high', { max_tool_calls: 2 }) - ask('low', { max_tool_calls: 2 });
    expect(twice / apart).toBeCloseTo(2, 2);
    expect((ask('high') - ask('low')) / apart).toBeCloseTo(10, 2);
  });
});

describe('the largest cost of speech', () => {
  it('is its price where characters have one', () => {
    const sent = { model: 'tts-1', input: 'x'.repeat(1_000), voice: 'alloy' };
    expect(boundOf('openai', '/audio/speech', sent).base).toBe(15_000_000);
    expect(boundOf('openai', '/audio/speech', { ...sent, model: 'tts-1-hd' }).base).toBe(30_000_000);
  });

  it('is that of long pauses where it is paid for in tokens', () => {
    const sent = { model: 'gpt-4o-mini-tts', input: 'x'.repeat(1_000), voice: 'alloy' };
    const { base } = boundOf('openai', '/audio/speech', sent);
    // A minute is 1,250 tokens, and hardly ever less than 700 characters.
    expect(counted('gpt-4o-mini-tts', { input_tokens: 1_000, output_tokens: 2_500 })).toBeLessThan(base);
    expect(base).toBeGreaterThanOrEqual(10_000 * 12_000);
  });
});

describe('the largest cost of what is heard', () => {
  const hear = (model: string, bytes: number, more: JsonObject = {}) =>
    boundOf('openai', '/audio/transcriptions', { model, file: upload(bytes), ...more }).base;

  it('is never less than it comes to for speech of 6 kbit/s', () => {
    fc.assert(
      fc.property(fc.nat(26_000_000), (bytes) => {
        const seconds = Math.floor(bytes / 750);
        const byTime = { audio_seconds: seconds, input_audio_seconds: seconds };
        expect(counted('whisper-1', byTime)).toBeLessThanOrEqual(hear('whisper-1', bytes));
        const byTokens = {
          input_tokens: 10 * seconds,
          input_audio_tokens: 10 * seconds,
          output_tokens: 5 * seconds,
        };
        for (const model of ['gpt-4o-transcribe', 'unheard-of']) {
          expect(counted(model, byTokens)).toBeLessThanOrEqual(hear(model, bytes));
        }
        expect(counted('unheard-of', byTime)).toBeLessThanOrEqual(hear('unheard-of', bytes));
      }),
      { numRuns: 50 },
    );
  });

  it('has voices on top that come as text', () => {
    const voice = `data:audio/wav;base64,${'A'.repeat(100_000)}`;
    const plain = hear('gpt-4o-transcribe', 100_000);
    const compared = hear('gpt-4o-transcribe', 100_000, { 'known_speaker_references[]': [voice] });
    expect(compared).toBeGreaterThan(1.9 * plain);
  });

  it('is by the largest file where it is fetched from elsewhere', () => {
    const sent = { model: 'whisper-large-v3', url: 'https://example.com/a.mp3' };
    const { base } = boundOf('groq', '/openai/v1/audio/transcriptions', sent);
    // 0.111 USD an hour.
    expect(base).toBeGreaterThan(((100 * 1024 ** 2) / 750 / 3_600) * 0.111 * 1e9);
  });
});
