import { describe, expect, it } from 'vitest';
import { costOf } from '../../src/catalog/cost.ts';
import { errorIn, failureMeaning } from '../../src/catalog/failure.ts';
import { match } from '../../src/catalog/match.ts';
import { applyPolicy } from '../../src/catalog/policy.ts';
import { geminiOpenai } from '../../src/catalog/providers/gemini_openai.ts';
import { readUsage } from '../../src/catalog/usage.ts';
import type { JsonObject } from '../../src/lib/json.ts';

const { route } = match(geminiOpenai, 'POST', '/chat/completions') ?? expect.fail();
const chat = { model: 'gemini-2.5-flash', messages: [{ role: 'user', content: 'Hi' }] };

function apply(body: JsonObject) {
  const { models } = geminiOpenai;
  const fields = route.body.kind === 'json' ? route.body.fields : expect.fail();
  return applyPolicy(fields, { ...chat, ...body }, { models, pseudonym: 'pseudonym' });
}

const part = (value: object) => ({ messages: [{ role: 'user', content: [value] }] });

describe('a chat with Gemini after OpenAI', () => {
  it('goes where the API is, under the base URL of both', () => {
    expect(match(geminiOpenai, 'POST', '/chat/completions')?.path).toBe('/v1beta/openai/chat/completions');
    expect(match(geminiOpenai, 'GET', '/models/gemini-2.5-pro')?.path).toBe(
      '/v1beta/openai/models/gemini-2.5-pro',
    );
  });

  it.each<[JsonObject, string]>([
    [
      part({ type: 'image_url', image_url: { url: 'gs://bucket/a.png' } }),
      'messages[0].content[0].image_url.url',
    ],
    [part({ image_url: { url: 'https://a.example/files/1' } }), 'messages[0].content[0].image_url.url'],
    [part({ type: 'image_url', image_url: 'https://a.example' }), 'messages[0].content[0].image_url'],
    [{ extra_body: { google: { cached_content: 'cachedContents/1' } } }, 'extra_body.google.cached_content'],
    [{ extra_body: { google: { tools: [] } } }, 'extra_body.google.tools'],
    [{ n: 2 }, 'n'],
    [{ modalities: ['image'] }, 'modalities'],
    [{ service_tier: 'priority' }, 'service_tier'],
    [{ store: true }, 'store'],
    [{ model: 'models/gemini-2.5-flash' }, 'model'],
    [{ model: 'gemini-2.5-flash-image' }, 'model'],
  ])('cannot hold %j', (body, param) => {
    expect(apply(body)).toMatchObject({ kind: 'refused', param });
  });

  it.each<[JsonObject]>([
    [part({ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } })],
    [{ extra_body: { google: { thinking_config: { thinking_budget: 0 } } } }],
    [{ n: 1, reasoning_effort: 'low' }],
  ])('can hold %j', (body) => {
    expect(apply(body)).toMatchObject({ kind: 'checked', body });
  });

  it('costs what was thought, too, which only the total tells', () => {
    const usage = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 400 };
    const said = { model: chat.model, choices: [{ index: 0, finish_reason: 'stop' }] };
    const report = readUsage(route.usage ?? expect.fail(), { ...said, usage }) ?? expect.fail();
    expect(report).toMatchObject({ isFinal: true, usage: { input_tokens: 100, output_tokens: 300 } });
    const models = { model: chat.model, otherModels: [] };
    expect(costOf(geminiOpenai.priceTable, models, report)).toBe(30_000 + 750_000);
    const { total_tokens: _, ...partial } = usage;
    const rest = readUsage(route.usage ?? expect.fail(), { ...said, usage: partial });
    expect(rest?.usage.output_tokens).toBe(10);
  });

  it('is not over before its last piece', () => {
    const usage = { prompt_tokens: 100, completion_tokens: 1, total_tokens: 101 };
    const piece = { choices: [{ index: 0, delta: {}, finish_reason: null }], usage };
    expect(readUsage(route.usage ?? expect.fail(), piece)?.isFinal).toBe(false);
  });

  it.each([
    [400, 'INVALID_ARGUMENT', 'API_KEY_INVALID', 'provider_key_invalid'],
    [429, 'RESOURCE_EXHAUSTED', null, 'provider_rate_limited'],
    [404, 'NOT_FOUND', null, undefined],
  ])('fails in words that Google puts in a list: %i %s', (status, name, reason, code) => {
    const details = reason === null ? [] : [{ reason }];
    const error = { code: status, message: 'About projects/123456789012', status: name, details };
    const read = errorIn(geminiOpenai.errors, Buffer.from(JSON.stringify([{ error }])));
    expect(read).toEqual({ message: 'About [redacted]', type: name, code: reason, param: null });
    expect(failureMeaning(geminiOpenai.errors, status, read)?.code).toBe(code);
  });
});
