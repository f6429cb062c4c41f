import Anthropic from '@anthropic-ai/sdk';
import Anthropic0 from 'anthropic-0';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { eventually } from './clients.ts';

let sandbox: Sandbox;
let url: string;
beforeAll(async () => {
  sandbox = await startSandbox();
  url = sandbox.urls.anthropic ?? expect.fail();
  return () => sandbox.close();
});

const testKey = 'sk-ant-sandbox-test-0123456789';
const question = {
  model: 'claude-opus-5',
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: 'Hello there' }],
};
const tool = {
  name: 'weather',
  input_schema: {
    type: 'object' as const,
    properties: { place: { type: 'string' } },
    required: ['place'],
  },
};

/** A request without an SDK in between. */
function send(path: string, body: unknown, headers: Record<string, string> = { 'x-api-key': testKey }) {
  return fetch(url + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

describe.each([
  ['1', (apiKey: string) => new Anthropic({ baseURL: url, apiKey, maxRetries: 0 })],
  ['0', (apiKey: string) => new Anthropic0({ baseURL: url, apiKey, maxRetries: 0 }) as unknown as Anthropic],
])('to the Anthropic SDK, major %s, it', (_, clientFor) => {
  test('writes a message that repeats what was asked', async () => {
    const message = await clientFor(testKey).messages.create({ ...question, system: 'Be brief' });
    expect(message).toMatchObject({
      type: 'message',
      role: 'assistant',
      model: 'claude-opus-5',
      content: [{ type: 'text', text: 'Sandbox answer to: Hello there' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 5, output_tokens: 8 },
    });
  });

  test('streams the same message', async () => {
    const client = clientFor(testKey);
    const streamed = await client.messages.stream(question).finalMessage();
    expect(streamed.content).toEqual((await client.messages.create(question)).content);
    expect(streamed).toMatchObject({ stop_reason: 'end_turn', usage: { input_tokens: 3, output_tokens: 8 } });
  });

  test.each([[{ type: 'tool', name: 'weather' }], [{ type: 'any' }]] as const)(
    'calls a tool when it must: %j',
    async (tool_choice) => {
      const client = clientFor(testKey);
      const body = { ...question, tools: [tool], tool_choice };
      const expected = {
        content: [{ type: 'tool_use', name: 'weather', input: { place: expect.stringContaining('Hello') } }],
        stop_reason: 'tool_use',
      };
      expect(await client.messages.create(body)).toMatchObject(expected);
      expect(await client.messages.stream(body).finalMessage()).toMatchObject(expected);
      expect(await client.messages.create({ ...question, tools: [tool] })).toMatchObject({
        stop_reason: 'end_turn',
      });
    },
  );

  test('stops at its limit, and at a stop sequence', async () => {
    const client = clientFor(testKey);
    expect(await client.messages.create({ ...question, max_tokens: 2 })).toMatchObject({
      content: [{ text: 'Sandbox ' }],
      stop_reason: 'max_tokens',
      usage: { output_tokens: 2 },
    });
    expect(await client.messages.create({ ...question, stop_sequences: ['never', ' to'] })).toMatchObject({
      content: [{ text: 'Sandbox answer' }],
      stop_reason: 'stop_sequence',
      stop_sequence: ' to',
    });
  });

  test('answers by a schema', async () => {
    const format = { type: 'json_schema' as const, schema: tool.input_schema };
    const { content } = await clientFor(testKey).messages.create({ ...question, output_config: { format } });
    expect(JSON.parse(content[0]?.type === 'text' ? content[0].text : '')).toEqual({
      place: expect.any(String),
    });
  });

  test('counts the tokens that a message then has', async () => {
    const client = clientFor(testKey);
    const { model, messages } = question;
    const { input_tokens } = await client.messages.countTokens({ model, messages, tools: [tool] });
    const message = await client.messages.create({ ...question, tools: [tool] });
    expect(message.usage.input_tokens).toBe(input_tokens);
  });

  test('raises the errors that the real provider raises', async () => {
    const ask = (key: string, model = 'claude-opus-5') =>
      clientFor(key).messages.create({ ...question, model });
    const raised = async (promise: Promise<unknown>) => {
      const error = await promise.catch((thrown: unknown) => thrown);
      const { status, type } = error as { status?: unknown; type?: unknown };
      return { status, type };
    };
    expect(await raised(ask('sk-ant-sandbox-invalid'))).toMatchObject({
      status: 401,
      type: 'authentication_error',
    });
    expect(await raised(ask('sk-ant-sandbox-rate-limited'))).toMatchObject({
      status: 429,
      type: 'rate_limit_error',
    });
    expect(await raised(ask('sk-ant-sandbox-unavailable'))).toMatchObject({
      status: 529,
      type: 'overloaded_error',
    });
    expect(await raised(ask(testKey, 'nonexistent'))).toMatchObject({ status: 404, type: 'not_found_error' });
  });
});

describe.each([
  // key, GET /v1/models, POST /v1/messages/count_tokens (free), POST /v1/messages (paid), type of the last
  ['sk-ant-sandbox-ordinary-1', 200, 200, 200, undefined],
  ['sk-ant-sandbox-invalid-1', 401, 401, 401, 'authentication_error'],
  ['sk-ant-sandbox-no-quota-1', 200, 200, 400, 'invalid_request_error'],
  ['sk-ant-sandbox-rate-limited-1', 200, 429, 429, 'rate_limit_error'],
  ['sk-ant-sandbox-error-1', 200, 500, 500, 'api_error'],
  ['sk-ant-sandbox-unavailable-1', 529, 529, 529, 'overloaded_error'],
  ['sk-ant-sandbox-restricted-1', 403, 403, 403, 'permission_error'],
  ['sk-sandbox-of-another-provider', 401, 401, 401, 'authentication_error'],
  ['sk-ant-api03-somebody-elses-key', 401, 401, 401, 'authentication_error'],
])('%s', (key, models, free, paid, type) => {
  test(`gets ${models} for models, ${free} for a free call, ${paid} for a paid one`, async () => {
    const headers = { 'x-api-key': key };
    expect((await send('/v1/models', undefined, headers)).status).toBe(models);
    expect((await send('/v1/messages/count_tokens', question, headers)).status).toBe(free);
    const answer = await send('/v1/messages', question, headers);
    expect(answer.status).toBe(paid);
    const { error } = (await answer.json()) as { error?: { type: string } };
    expect(error?.type).toBe(type);
  });
});

test('every answer carries the headers by which the real provider tells on the account', async () => {
  for (const model of ['claude-opus-5', 'sandbox-500']) {
    const { headers } = await send('/v1/messages', { ...question, model });
    expect(headers.get('anthropic-organization-id')).toMatch(/^[0-9a-f]{8}-/);
    expect(headers.get('anthropic-workspace-id')).toMatch(/^wrkspc_/);
    expect(headers.get('request-id')).toMatch(/^req_/);
    expect(headers.get('openai-organization')).toBeNull();
  }
});

test.each<[string, string, unknown, number, string]>([
  ['an unknown path', '/v1/files', {}, 404, 'not_found_error'],
  ['a path of another provider', '/chat/completions', question, 404, 'not_found_error'],
  [
    'a model that does not exist',
    '/v1/messages',
    { ...question, model: 'nonexistent-1' },
    404,
    'not_found_error',
  ],
  ['no messages', '/v1/messages', { ...question, messages: undefined }, 400, 'invalid_request_error'],
  ['no limit', '/v1/messages', { ...question, max_tokens: undefined }, 400, 'invalid_request_error'],
])('%s is refused in the shape of its errors', async (_, path, body, status, type) => {
  const response = await send(path, body);
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({
    type: 'error',
    error: { type, message: expect.any(String) },
    request_id: expect.stringMatching(/^req_/),
  });
});

test('a stream is named events from message_start to message_stop, and its last word on usage comes last', async () => {
  const text = await (await send('/v1/messages', { ...question, stream: true })).text();
  const names = [...text.matchAll(/^event: (\w+)$/gm)].map(([, name]) => name);
  expect(names.slice(0, 3)).toEqual(['message_start', 'content_block_start', 'ping']);
  expect(names.slice(-3)).toEqual(['content_block_stop', 'message_delta', 'message_stop']);
  expect(text).toContain('"type":"message_delta"');
  expect(text.endsWith('event: message_stop\ndata: {"type":"message_stop"}\n\n')).toBe(true);
});

test('special models fail as they do for the other provider', async () => {
  const streamed = async (model: string) =>
    (await send('/v1/messages', { ...question, model, stream: true })).text();
  expect((await send('/v1/messages', { ...question, model: 'sandbox-429' })).headers.get('retry-after')).toBe(
    '2',
  );
  expect(await streamed('sandbox-stream-error')).toMatch(
    /event: error\ndata: \{"type":"error","error":.*\n\n$/,
  );
  expect(await streamed('sandbox-no-usage')).not.toContain('"usage"');
  await expect(streamed('sandbox-cut')).rejects.toThrow();
  await eventually(() => sandbox.received().at(-1)?.outcome === 'cut');
});

test('the log tells the providers apart', async () => {
  await send('/v1/messages', question);
  expect(sandbox.received().at(-1)).toMatchObject({ path: '/anthropic/v1/messages', model: 'claude-opus-5' });
  expect(sandbox.totals().by_route['POST /anthropic/v1/messages']).toBeGreaterThan(0);
  expect(JSON.stringify(sandbox.received())).not.toContain(testKey);
});
