import { describe, expect, it } from 'vitest';
import { allScopes, apis } from '../../src/catalog/catalog.ts';
import { errorIn, failureMeaning, redact } from '../../src/catalog/failure.ts';
import { match } from '../../src/catalog/match.ts';
import { applyPolicy } from '../../src/catalog/policy.ts';
import { azure } from '../../src/catalog/providers/azure.ts';
import type { JsonObject } from '../../src/lib/json.ts';

const messages = [{ role: 'user', content: 'Hi' }];
const chat = '/openai/deployments/my-chat/chat/completions';
const responses = '/openai/responses';

function apply(path: string, body: JsonObject) {
  const { route, model } = match(azure, 'POST', path) ?? expect.fail();
  const fields = route.body.kind === 'none' ? expect.fail() : route.body.fields;
  const context = { models: azure.models, pseudonym: 'pseudonym-of-the-grant', pathModel: model };
  return applyPolicy(fields, body, context);
}

describe('what Azure is not asked for', () => {
  it.each<[string, JsonObject, string]>([
    [chat, { messages, data_sources: [{ type: 'azure_search' }] }, 'data_sources'],
    [chat, { messages, web_search_options: {} }, 'web_search_options'],
    [chat, { messages, service_tier: 'priority' }, 'service_tier'],
    [
      chat,
      { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] }] },
      'messages[0].content[0].file.file_id',
    ],
    [chat, { messages, tools: [{ type: 'web_search' }] }, 'tools[0].type'],
    [responses, { model: 'my-chat', tools: [{ type: 'web_search_preview' }] }, 'tools[0].type'],
    [responses, { model: 'my-chat', tools: [{ type: 'code_interpreter' }] }, 'tools[0].type'],
    [
      responses,
      { model: 'my-chat', tools: [{ type: 'mcp', server_url: 'https://a.example' }] },
      'tools[0].type',
    ],
    [responses, { model: 'my-chat', tools: [{ type: 'image_generation' }] }, 'tools[0].type'],
    [
      responses,
      { model: 'my-chat', input: [{ type: 'additional_tools', tools: [{ type: 'mcp' }] }] },
      'input[0].tools[0].type',
    ],
    [responses, { model: 'my-chat', input: [{ type: 'item_reference', id: 'i' }] }, 'input[0].type'],
    [responses, { model: 'my-chat', previous_response_id: 'resp_1' }, 'previous_response_id'],
    [responses, { model: 'my-chat', background: true }, 'background'],
    [responses, { model: 'my-chat', conversation: 'conv_1' }, 'conversation'],
    [responses, { model: 'my-chat', prompt: { id: 'pmpt_1' } }, 'prompt'],
    [responses, { model: 'my chat' }, 'model'],
  ])('%s: %j', (path, body, param) => {
    expect(apply(path, body)).toMatchObject({ kind: 'refused', param });
  });

  it('is kept: nothing stays in the resource', () => {
    expect(apply(responses, { model: 'my-chat', input: 'Hi', store: true })).toMatchObject({
      body: { store: false },
    });
  });

  it('is spoken, but for apps that may have speech', () => {
    expect(apply(chat, { messages })).toMatchObject({ scopes: [] });
    expect(apply(chat, { messages, modalities: ['text', 'audio'] })).toMatchObject({
      scopes: ['azure:audio.speech'],
    });
  });

  it('is what the user is called: the grant stands in', () => {
    const user = 'pseudonym-of-the-grant';
    expect(apply(chat, { messages, user: 'ada' })).toMatchObject({ body: { user } });
  });
});

it.each(apis)(
  'no rule at $mount takes the scope of another provider for one of its own',
  ({ name, routes }) => {
    const named = new Set<unknown>();
    const collect = (value: unknown): void => {
      if (typeof value === 'string' && allScopes.includes(value)) named.add(value);
      if (typeof value === 'object' && value !== null) Object.values(value).forEach(collect);
    };
    collect(routes);
    expect(named.size).toBeGreaterThan(0);
    expect([...named].filter((scope) => !String(scope).startsWith(`${name}:`))).toEqual([]);
  },
);

describe('what Azure refuses', () => {
  const gateway = (message: string) => ({ statusCode: 401, message });
  it.each<[number, object, string | undefined]>([
    [
      401,
      { error: { code: '401', message: 'Access denied due to invalid subscription key' } },
      'provider_key_invalid',
    ],
    [401, gateway('Access denied due to missing subscription key.'), 'provider_key_invalid'],
    [403, { error: { code: '403', message: 'Public access is disabled.' } }, 'provider_key_invalid'],
    [403, { error: { code: '403', message: 'Out of call volume quota for X.' } }, 'provider_quota_exceeded'],
    [404, { error: { code: 'ResourceNotFound', message: 'x' } }, 'provider_key_invalid'],
    [404, { error: { code: 'DeploymentNotFound', message: 'x' } }, undefined],
    [400, { error: { code: 'content_filter', message: 'x' } }, undefined],
    [429, { error: { code: '429', message: 'x' } }, 'provider_rate_limited'],
    [429, { error: { code: 'insufficient_quota', message: 'x' } }, 'provider_quota_exceeded'],
  ])('means %i %j', (status, body, code) => {
    const error = errorIn(azure.errors, Buffer.from(JSON.stringify(body)));
    expect(failureMeaning(azure.errors, status, error)?.code).toBe(code);
    expect(error.message).not.toBe('');
  });

  it('does not name the resource, the subscription or the key', () => {
    const told = redact(
      azure.errors,
      `At https://ada-openai.openai.azure.com, in /subscriptions/01234567-89ab-cdef-0123-456789abcdef/resourceGroups/adas-group/x with ${'Ab1'.repeat(28)}`,
    );
    expect(told).toBe('At https://[redacted].openai.azure.com, in [redacted] with [redacted]');
  });
});

describe('a pasted key of Azure', () => {
  it.each(['0123456789abcdef0123456789ABCDEF', 'Ab1'.repeat(28)])('is %s', (key) => {
    expect(azure.keyShape(key)).toEqual({ kind: 'key', sandbox: false });
  });

  it.each([
    ['eyJ0eXAiOiJKV1QifQ.e30.x', 'soon runs out'],
    ['sk-proj-abcdefghijklmnop', 'an OpenAI key'],
    ['0123456789abcdef', '32 digits'],
  ])('is not %s', (key, advice) => {
    expect(azure.keyShape(key)).toMatchObject({ kind: 'refused', advice: expect.stringContaining(advice) });
  });
});
