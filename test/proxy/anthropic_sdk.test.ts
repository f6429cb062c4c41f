import Anthropic from '@anthropic-ai/sdk';
import Anthropic0 from 'anthropic-0';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, connect, startBroker } from '../support/broker.ts';

let broker: Broker;
let token: string;
beforeAll(async () => {
  broker = await startBroker();
  token = (await connect(broker, { provider: 'anthropic' })).tokens.access_token;
});
afterAll(async () => {
  await broker.close();
});

const messages = [{ role: 'user' as const, content: 'What is the weather?' }];
const question = { model: 'claude-opus-5', max_tokens: 100, messages };
const weather: Anthropic.Tool = {
  name: 'weather',
  input_schema: { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] },
};
const withTool = { ...question, tools: [weather], tool_choice: { type: 'tool' as const, name: 'weather' } };

/** What apps do with the SDK; each returns what it got. */
const program: Readonly<Record<string, (client: Anthropic) => Promise<unknown>>> = {
  'a message': (client) => client.messages.create(question),
  'a message, streamed': async (client) =>
    Array.fromAsync(await client.messages.create({ ...question, stream: true })),
  'a message, put together from its stream': (client) => client.messages.stream(question).finalMessage(),
  'a message that stops short': (client) => client.messages.create({ ...question, max_tokens: 3 }),
  'a message with a system prompt and a stop sequence': (client) =>
    client.messages.create({
      ...question,
      system: [{ type: 'text', text: 'Be brief', cache_control: { type: 'ephemeral' } }],
      stop_sequences: ['weather'],
    }),
  'a tool': (client) => client.messages.create(withTool),
  'a tool, streamed': async (client) =>
    Array.fromAsync(await client.messages.create({ ...withTool, stream: true })),
  'the result of a tool': (client) =>
    client.messages.create({
      ...question,
      tools: [weather],
      messages: [
        ...messages,
        { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'weather', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'Rain' }] },
      ],
    }),
  'an answer by a schema': (client) =>
    client.messages.create({
      ...question,
      output_config: { format: { type: 'json_schema', schema: weather.input_schema } },
    }),
  'tokens, counted': (client) => client.messages.countTokens({ model: 'claude-opus-5', messages }),
  'a beta message without anything of a beta': (client) => client.beta.messages.create(question),
  'a stream, left half-way': async (client) => {
    const stream = await client.messages.create({ ...question, model: 'sandbox-long', stream: true });
    const seen: string[] = [];
    for await (const event of stream) {
      seen.push(event.type);
      if (seen.length === 5) break;
    }
    return seen;
  },
  'the models': async (client) => Array.fromAsync(client.models.list()),
  'the models, by twos': async (client) => (await Array.fromAsync(client.models.list({ limit: 2 }))).length,
  'one model': (client) => client.models.retrieve('claude-opus-5'),
};

describe.each([
  ['1', Anthropic, '2026-10-21'],
  ['0', Anthropic0 as unknown as typeof Anthropic, '2023-06-01'],
])('the Anthropic SDK, major %s', (_, Client, version) => {
  const brokered = (apiKey = token) =>
    new Client({ baseURL: `${broker.url}/anthropic`, apiKey, maxRetries: 0 });
  const direct = (apiKey = 'sk-ant-sandbox-direct') =>
    new Client({ baseURL: broker.sandbox.urls.anthropic ?? null, apiKey, maxRetries: 0 });

  it.each(Object.entries(program))('gets the same answer as from the provider: %s', async (_name, run) => {
    const expected = await run(direct());
    expect(expected).toBeTruthy();
    expect(await run(brokered())).toEqual(expected);
  });

  it('takes a token as an auth token too', async () => {
    const client = new Client({ baseURL: `${broker.url}/anthropic`, apiKey: null, authToken: token });
    expect((await client.messages.create(question)).type).toBe('message');
  });

  it('gets the version of the API that it was made for', async () => {
    await brokered().messages.create(question);
    expect(broker.sandbox.received().at(-1)?.headers['anthropic-version']).toBe(version);
  });

  it('names the call by the id that the broker has it on record with', async () => {
    const { _request_id: id } = await brokered().messages.create(question);
    expect(id).toMatch(/^call_/);
    const [newest] = await broker.deps.store.records.listCalls({}, { before: null, limit: 1 });
    expect(newest?.id).toBe(id);
  });

  it.each<[string, (client: Anthropic) => Promise<unknown>, string, string]>([
    [
      'a wrong token',
      () => brokered('no-token').messages.create(question),
      'AuthenticationError',
      'invalid_token',
    ],
    ['what is not lent', (client) => client.messages.batches.list(), 'NotFoundError', 'not_delegable'],
    [
      'a field that is not lent',
      (client) => client.messages.create({ ...question, speed: 'fast' }),
      'PermissionDeniedError',
      'field_not_allowed',
    ],
    [
      'a provider that fails',
      (client) => client.messages.create({ ...question, model: 'sandbox-500' }),
      'InternalServerError',
      'provider_error',
    ],
    [
      'a limit of the provider',
      (client) => client.messages.create({ ...question, model: 'sandbox-429' }),
      'RateLimitError',
      'provider_rate_limited',
    ],
  ])('is told of %s by its own error', async (_what, run, name, code) => {
    const error = await run(brokered()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Client[name as 'APIError']);
    expect(error).toMatchObject({
      requestID: expect.stringMatching(/^call_/),
      error: { type: 'error', error: { code, source: 'coatcheck' } },
    });
  });

  it('is told of a mistake in its request as it would be by the provider', async () => {
    const mistake = { ...question, max_tokens: 0 };
    const told = await brokered()
      .messages.create(mistake)
      .catch((thrown: unknown) => thrown);
    const expected = await direct()
      .messages.create(mistake)
      .catch((thrown: unknown) => thrown);
    expect(told).toBeInstanceOf(Client.BadRequestError);
    const { type, message } = (expected as { error: { error: object & { type: string; message: string } } })
      .error.error;
    expect(told).toMatchObject({ status: 400, error: { error: { type, message, source: 'provider' } } });
  });

  it('sees a connection that breaks in the middle as broken', async () => {
    const seen: unknown[] = [];
    const read = async () => {
      const stream = await brokered().messages.create({ ...question, model: 'sandbox-cut', stream: true });
      for await (const event of stream) seen.push(event);
    };
    await expect(read()).rejects.toThrow();
    expect(seen.length).toBeGreaterThan(0);
  });

  it('sees an error in the middle as it would from the provider', async () => {
    const outcome = async (client: Anthropic) => {
      const seen: unknown[] = [];
      const read = async () => {
        const body = { ...question, model: 'sandbox-stream-error', stream: true as const };
        for await (const event of await client.messages.create(body)) seen.push(event);
      };
      const error = await read().catch((thrown: Error) => thrown);
      return {
        events: seen.length,
        type: (error as { type?: unknown }).type,
        told: JSON.stringify([seen, error]) + error,
      };
    };
    const expected = await outcome(direct());
    const { told, ...same } = await outcome(brokered());
    expect(same).toEqual({ events: expected.events, type: 'api_error' });
    expect(expected.told).toContain('acc0a47a0001');
    expect(told).not.toContain('acc0a47a0001');
    expect(told).not.toContain('req_');
  });
});
