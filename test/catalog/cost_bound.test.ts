import { findProvider as findPriced } from '@pydantic/genai-prices';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apis } from '../../src/catalog/catalog.ts';
import { countedCost, estimatedCost } from '../../src/catalog/cost.ts';
import { costBound } from '../../src/catalog/cost_bound.ts';
import type { Route } from '../../src/catalog/route.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { boundOf, check, providerNamed, routeOf } from './bound_of.ts';

const messages = [{ role: 'user', content: 'Hi' }];

describe('the largest cost of a call', () => {
  it.each(apis.flatMap((provider) => provider.routes.map((route) => ({ provider, route }))))(
    'is finite for $provider.mount $route.method $route.path, and nothing for what costs nothing',
    ({ provider, route }) => {
      const pathModel = route.path.includes('{model}') ? 'some-model' : null;
      for (const model of ['some-model', 'gpt-4o-mini', 'claude-opus-5', 'gemini-2.5-flash']) {
        const sent = 'fields' in route.body && route.body.fields.model?.kind === 'model' ? { model } : {};
        const checked = route.body.kind === 'none' ? null : check(provider, route, sent, pathModel);
        const bound = costBound(provider, route, checked, pathModel);
        expect(Number.isSafeInteger(bound.base)).toBe(true);
        expect(Number.isFinite(bound.perOutputToken)).toBe(true);
        expect(Number.isSafeInteger(bound.longestOutput)).toBe(true);
        expect(bound.base > 0).toBe(route.usage !== null && route.body.kind !== 'none');
        expect(bound.perOutputToken > 0).toBe(route.output !== undefined);
      }
    },
  );

  it('is known to be more than text wherever pictures and sound are made or uploaded', () => {
    const media = apis
      .flatMap(({ routes }) => routes)
      .filter(({ scope, body }) => body.kind === 'multipart' || /:(images|audio\.\w+)$/.test(scope));
    expect(media.filter(({ usage, cost }) => usage && !cost)).toEqual([]);
    expect(media.length).toBeGreaterThan(10);
  });

  it('is for the longest answer that is known, and for one that can be chosen where none is', () => {
    const longest = (path: string, model: string) =>
      boundOf('openai', path, path === '/chat/completions' ? { model, messages } : { model, input: 'Hi' })
        .longestOutput;
    expect(longest('/chat/completions', 'gpt-4-turbo')).toBe(4_096);
    expect(longest('/chat/completions', 'gpt-5-mini')).toBe(128_000);
    expect(longest('/chat/completions', 'gpt-unheard-of')).toBe(16_384);
    // Nothing bounds it.
    expect(longest('/responses/compact', 'gpt-unheard-of')).toBe(131_072);
  });

  it('is for all that a session can have been told, and for an hour of what it hears', () => {
    const openai = providerNamed('openai');
    const work = (openai.sockets ?? []).flatMap((socket) => socket.work.map(({ route }) => route));
    const [, answers, transcripts] = work;
    if (!answers || !transcripts) expect.fail('no realtime work');
    const bound = (route: Route, model: string) =>
      costBound(openai, route, check(openai, route, { model }, null), null);
    // 128,000 tokens, rounded figures as they are, at $32 a million, and answers at $64.
    expect(bound(answers, 'gpt-realtime-2')).toMatchObject({ perOutputToken: 64_000, isCeiling: false });
    expect(bound(answers, 'gpt-realtime-2').base).toBeGreaterThanOrEqual(128_000 * 32_000);
    expect(bound(transcripts, 'whisper-1')).toMatchObject({ base: 360_000_000, isCeiling: false });
    expect(bound(answers, 'gpt-realtime-unheard-of').isCeiling).toBe(true);
  });

  it('goes by no name that an account gives its own, and holds for every model that may be behind it', () => {
    const chat = '/openai/deployments/{model}/chat/completions';
    const azure = providerNamed('azure');
    const bound = boundOf('azure', chat, { messages, max_tokens: 100 }, 'gpt-4o-mini');
    expect(bound.isCeiling).toBe(true);
    expect(boundOf('azure', chat, { messages, max_tokens: 100 }, 'my-chat')).toEqual(bound);
    const models = findPriced({ providerId: 'azure' })?.models ?? [];
    expect(models.length).toBeGreaterThan(20);
    for (const { id } of [...models, { id: 'unheard-of' }]) {
      const report = {
        charges: [{ model: id, usage: { input_tokens: 18, output_tokens: 100 } }],
        costNanoUsd: null,
      };
      const { counted } = countedCost(azure, { model: 'gpt-4o-mini', otherModels: [] }, report);
      expect(counted).toBeLessThanOrEqual(bound.base + bound.perOutputToken * 100);
    }
  });

  it('is that of a picture, of speech and of sound at a deployment as elsewhere', () => {
    const at = (path: string) => `/openai/deployments/{model}${path}`;
    const spoken = boundOf(
      'azure',
      at('/audio/speech'),
      { input: 'x'.repeat(10_000), voice: 'alloy' },
      'a-b',
    );
    const shorter = boundOf('azure', at('/audio/speech'), { input: 'x', voice: 'alloy' }, 'a-b');
    expect(spoken.base).toBeGreaterThan(10 * shorter.base);
    const drawn = (n: number) => boundOf('azure', at('/images/generations'), { prompt: 'A train', n }, 'a-b');
    expect(drawn(4).base).toBeGreaterThan(3 * drawn(1).base);
  });

  it('is the bytes of its text and the tokens of its answers, at the rates of the model', () => {
    const bound = boundOf('openai', '/chat/completions', { model: 'gpt-4o-mini', messages });
    // 0.15 and 0.6 USD for a million tokens.
    expect(bound).toMatchObject({ perOutputToken: 600, longestOutput: 16_384, isCeiling: false });
    const longer = [{ role: 'user', content: 'Hi'.repeat(1_000) }];
    const longerBound = boundOf('openai', '/chat/completions', { model: 'gpt-4o-mini', messages: longer });
    expect(longerBound.base - bound.base).toBe(1_998 * 150);
  });

  it('is never for more than the context window of text, and for all of it where something else is in it', () => {
    const model = 'gpt-4o';
    const text = [{ role: 'user', content: 'x'.repeat(1_000_000) }];
    const file = { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' } };
    const whole = boundOf('openai', '/chat/completions', { model, messages: text }).base;
    const given = boundOf('openai', '/chat/completions', {
      model,
      messages: [{ role: 'user', content: [file] }],
    });
    // 128,000 tokens and some slack.
    expect(whole).toBe(134_400 * 2_500);
    expect(given.base).toBe(whole);
  });

  it.each([
    ['n', { n: 3 }, 3],
    ['n that is a string', { n: '4' }, 4],
    ['n that means nothing', { n: 'many' }, 128],
    ['best_of', { n: 2, best_of: 5 }, 5],
    ['several prompts', { prompt: ['a', 'b'], n: 2 }, 4],
    ['one prompt in tokens', { prompt: [1, 2, 3] }, 1],
    ['several prompts in tokens', { prompt: [[1], [2, 3]] }, 2],
  ])('is for as many answers as are asked for by %s', (_, asked, answers) => {
    const model = 'gpt-3.5-turbo-instruct';
    const one = boundOf('openai', '/completions', { model, prompt: 'a' });
    const all = boundOf('openai', '/completions', { model, prompt: 'a', ...asked });
    expect(all.perOutputToken).toBe(answers * one.perOutputToken);
  });

  it('goes by the dearest step that so much text can reach', () => {
    const ask = (bytes: number) => {
      const long = [{ role: 'user', content: 'x'.repeat(bytes) }];
      return boundOf('openai', '/chat/completions', { model: 'gpt-5.5', messages: long });
    };
    // 5 and 30 USD for a million tokens, from 272,000 on 10 and 45.
    expect(ask(200_000).perOutputToken).toBe(30_000);
    expect(ask(300_000).perOutputToken).toBe(45_000);
    expect(ask(300_001).base - ask(300_000).base).toBe(10_000);
  });

  it('goes by the dearest hour of the day, for a call may last into it', () => {
    // 3.96 USD for a million tokens at times, 1.98 at others.
    const bound = boundOf('deepseek', '/chat/completions', { model: 'deepseek-v4-pro', messages });
    expect(bound.perOutputToken).toBe(3_960);
  });

  it('has what is kept in the cache for an hour at its own rate', () => {
    const ask = (cache_control: object) =>
      boundOf('anthropic', '/v1/messages', {
        model: 'claude-opus-5',
        max_tokens: 1,
        messages: [{ role: 'user', content: [{ type: 'text', text: 'x'.repeat(10_000), cache_control }] }],
      }).base;
    const usual = ask({ type: 'ephemeral' });
    // 6.25 and 10 USD for a million tokens.
    expect(ask({ type: 'ephemeral', ttl: '1h' }) / usual).toBeCloseTo(1.6, 1);
  });

  it('is that of a full window where a body is nested too deep to be measured', () => {
    const parameters = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
    const tools = [{ type: 'function', function: { name: 'a', parameters: JSON.parse(parameters) } }];
    const bound = boundOf('openai', '/chat/completions', { model: 'gpt-4o-mini', messages, tools });
    expect(bound.base).toBeGreaterThanOrEqual(134_400 * 150);
  });

  it('has what is expected of the answer on top: what the model does not take of it is written for nothing', () => {
    const prediction = { type: 'content', content: 'x'.repeat(1_000) };
    const sent = { model: 'gpt-4o-mini', messages };
    const usual = boundOf('openai', '/chat/completions', sent).base;
    const expected = boundOf('openai', '/chat/completions', { ...sent, prediction }).base;
    expect(expected - usual).toBeGreaterThan(1_000 * 600);
  });

  it('has thoughts on top where the bound of an answer does not bound them', () => {
    const thinking = boundOf('xai', '/chat/completions', { model: 'grok-4-fast-reasoning', messages });
    const plain = boundOf('xai', '/chat/completions', { model: 'grok-4-fast-non-reasoning', messages });
    // 0.5 USD for a million tokens.
    expect(thinking.base - plain.base).toBeCloseTo(131_072 * 500, -4);
  });

  it('has sound at the rate of sound, and at a ceiling where that is not known', () => {
    const heard = { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } };
    const ask = (model: string) =>
      boundOf('openai', '/chat/completions', { model, messages: [{ role: 'user', content: [heard] }] });
    // 32 USD for a million tokens; 134,400 at most.
    expect(ask('gpt-audio')).toMatchObject({ base: 134_400 * 32_000, isCeiling: false });
    // Twice 40 USD.
    expect(ask('gpt-4o')).toMatchObject({ base: 134_400 * 80_000, isCeiling: true });
  });

  it('has spoken answers at the rate of sound', () => {
    const ask = (modalities: readonly string[]) =>
      boundOf('openai', '/chat/completions', {
        ...{ model: 'gpt-4o-audio-preview', messages, modalities },
        audio: { voice: 'alloy', format: 'mp3' },
      });
    expect(ask(['text', 'audio']).perOutputToken).toBe(80_000);
  });

  it('is at a ceiling, twice the dearest of its kind, where the price is not known', () => {
    const bound = boundOf('openai', '/chat/completions', { model: 'gpt-unheard-of', messages });
    // 600 USD for a million tokens are known.
    expect(bound).toMatchObject({ perOutputToken: 1_200_000, isCeiling: true });
  });
});

const text = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 100 }),
);
const count = fc.nat(1_000_000);
const shares = fc.tuple(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.double({ min: 0, max: 1, noNaN: true }),
);

describe('what a call counts as', () => {
  const chat = (model: string, texts: readonly string[], n: number): JsonObject => ({
    ...{ model, n },
    messages: texts.map((content) => ({ role: 'user', content })),
  });
  const alone = (model: string, texts: readonly string[]): JsonObject => {
    const { n: _, ...sent } = chat(model, texts, 1);
    return sent;
  };
  const message = (model: string, texts: readonly string[]) => ({ ...alone(model, texts), max_tokens: 1 });
  const content = (_: string, texts: readonly string[]) => ({
    contents: texts.map((one) => ({ parts: [{ text: one }] })),
  });
  const generate = '/v1beta/models/{model}:generateContent';

  it.each([
    ['openai', '/chat/completions', chat, ['gpt-4o-mini', 'gpt-5.5', 'gpt-6-sol', 'o1-pro', 'unheard-of']],
    ['groq', '/openai/v1/chat/completions', chat, ['llama-3.3-70b-versatile', 'unheard-of']],
    ['deepseek', '/chat/completions', alone, ['deepseek-v4-pro', 'deepseek-chat']],
    ['mistral', '/v1/chat/completions', chat, ['mistral-large-2512', 'unheard-of']],
    ['together', '/chat/completions', chat, ['meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo']],
    ['xai', '/chat/completions', chat, ['grok-4.5', 'grok-3']],
    ['anthropic', '/v1/messages', message, ['claude-opus-4-6', 'claude-haiku-4-5', 'claude-unheard-of']],
    ['gemini', generate, content, ['gemini-2.5-pro', 'gemini-3-flash-preview', 'gemini-unheard-of']],
  ] as const)('is never more than the largest cost of a text on %s', (name, path, bodyOf, models) => {
    const provider = providerNamed(name);
    fc.assert(
      fc.property(
        fc.constantFrom<string>(...models),
        fc.array(text, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: bodyOf === chat ? 4 : 1 }),
        count,
        shares,
        (model, texts, n, cap, [cached, written]) => {
          const bound = boundOf(name, path, bodyOf(model, texts, n), model);
          // Every byte a token, and what stands around a message.
          const input = texts.reduce((sum, one) => sum + Buffer.byteLength(one) + 16, 0);
          const read = Math.floor(input * cached);
          const usage = {
            ...{ input_tokens: input, cache_read_tokens: read },
            cache_write_tokens: Math.floor((input - read) * written),
            output_tokens: n * cap,
          };
          const charge = { model, usage, surcharge: provider.surcharge ?? 0 };
          const report = { charges: [charge], costNanoUsd: null };
          const { counted } = countedCost(provider, { model, otherModels: [] }, report);
          expect(counted).toBeLessThanOrEqual(Math.ceil(bound.base + bound.perOutputToken * cap));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is the price, and where that is not known a ceiling that is no record of a price', () => {
    const openai = providerNamed('openai');
    const count = (model: string) =>
      countedCost(
        openai,
        { model, otherModels: [] },
        { charges: [{ model, usage: { input_tokens: 10, output_tokens: 10 } }], costNanoUsd: null },
      );
    expect(count('gpt-4o-mini')).toEqual({ cost: 7_500, counted: 7_500 });
    // Twice 150 and 600 USD for a million tokens.
    expect(count('gpt-unheard-of')).toEqual({ cost: null, counted: 15_000_000 });
  });

  it('is estimated for a broken stream of plain text alone', () => {
    const openai = providerNamed('openai');
    const route = routeOf(openai, '/chat/completions');
    const estimate = (sent: JsonObject) => {
      const checked = check(openai, route, { messages, ...sent }, null);
      const bound = costBound(openai, route, checked, null);
      const counted = estimatedCost(bound, openai, checked, 1_000);
      return counted === null ? null : counted - bound.base;
    };
    expect(estimate({ model: 'gpt-4o-mini' })).toBe(3_048 * 600);
    const tool = { type: 'function', function: { name: 'a' } };
    expect(estimate({ model: 'gpt-4o-mini', tools: [tool] })).toBeNull();
    expect(estimate({ model: 'gpt-4o-mini', web_search_options: {} })).toBeNull();
    expect(estimate({ model: 'gpt-5' })).toBeNull();
    expect(estimate({ model: 'gpt-unheard-of' })).toBeNull();
  });
});
