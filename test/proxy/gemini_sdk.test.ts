import type { FunctionDeclaration, GoogleGenAI } from '@google/genai';
import * as genai from '@google/genai';
import * as genai2 from 'genai-2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, connect, startBroker } from '../support/broker.ts';

let broker: Broker;
let token: string;
beforeAll(async () => {
  broker = await startBroker();
  token = (await connect(broker, { provider: 'gemini' })).tokens.access_token;
});
afterAll(async () => {
  await broker.close();
});

const model = 'gemini-2.5-flash';
const question = { model, contents: 'What is the weather?' };
const weather: FunctionDeclaration = {
  name: 'weather',
  parametersJsonSchema: { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] },
};
const withTool = {
  ...question,
  config: {
    tools: [{ functionDeclarations: [weather] }],
    toolConfig: { functionCallingConfig: { mode: 'ANY' as never, allowedFunctionNames: ['weather'] } },
  },
};

/** What an answer says, without the headers that it came with. */
function said(answer: object): unknown {
  const { sdkHttpResponse: _, ...rest } = answer as { sdkHttpResponse?: unknown };
  return rest;
}

/** What apps do with the SDK; each returns what it got. */
const program: Readonly<Record<string, (gemini: GoogleGenAI) => Promise<unknown>>> = {
  'a text': async ({ models }) => said(await models.generateContent(question)),
  'a text, streamed': async ({ models }) =>
    (await Array.fromAsync(await models.generateContentStream(question))).map(said),
  'a text that stops short': async ({ models }) =>
    said(await models.generateContent({ ...question, config: { maxOutputTokens: 3 } })),
  'a text with instructions and settings': async ({ models }) =>
    said(
      await models.generateContent({
        ...question,
        config: {
          systemInstruction: 'Be brief',
          temperature: 0.5,
          topP: 0.9,
          seed: 7,
          stopSequences: ['weather'],
          thinkingConfig: { thinkingBudget: 0 },
          safetySettings: [],
        },
      }),
    ),
  'a picture, looked at': async ({ models }) =>
    said(
      await models.generateContent({
        model,
        contents: [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }, 'What is it?'],
      }),
    ),
  'a function': async ({ models }) => said(await models.generateContent(withTool)),
  'a function, streamed': async ({ models }) =>
    (await Array.fromAsync(await models.generateContentStream(withTool))).map(said),
  'the result of a function': async ({ models }) =>
    said(
      await models.generateContent({
        ...question,
        config: { tools: [{ functionDeclarations: [weather] }] },
        contents: [
          { role: 'user', parts: [{ text: 'What is the weather?' }] },
          { role: 'model', parts: [{ functionCall: { name: 'weather', args: { place: 'here' } } }] },
          { role: 'user', parts: [{ functionResponse: { name: 'weather', response: { rain: true } } }] },
        ],
      }),
    ),
  'an answer by a schema': async ({ models }) =>
    said(
      await models.generateContent({
        ...question,
        config: {
          responseMimeType: 'application/json',
          responseJsonSchema: weather.parametersJsonSchema,
        },
      }),
    ),
  'a chat': async ({ chats }) => {
    const chat = chats.create({ model });
    await chat.sendMessage({ message: 'Good morning' });
    await Array.fromAsync(await chat.sendMessageStream({ message: 'And now?' }));
    return chat.getHistory();
  },
  'tokens, counted': async ({ models }) => said(await models.countTokens(question)),
  'a text as numbers': async ({ models }) =>
    said(await models.embedContent({ model: 'gemini-embedding-001', contents: 'The tide' })),
  'several texts as numbers': async ({ models }) =>
    said(
      await models.embedContent({
        model: 'gemini-embedding-001',
        contents: ['The tide', 'The moon'],
        config: { outputDimensionality: 8, taskType: 'RETRIEVAL_QUERY' },
      }),
    ),
  'one model': async ({ models }) => said(await models.get({ model })),
};

describe.each([
  ['3', genai, '/v1'],
  ['2', genai2 as unknown as typeof genai, '/v1beta'],
])("Google's SDK, major %s", (_, { ApiError, GoogleGenAI: Client }, version) => {
  const client = (baseUrl: string, apiKey: string) => new Client({ apiKey, httpOptions: { baseUrl } });
  const brokered = (apiKey = token) => client(`${broker.url}/gemini`, apiKey);
  const direct = () => client(broker.sandbox.urls.gemini ?? '', 'AIza-sandbox-direct');

  it.each(Object.entries(program))('gets the same answer as from the provider: %s', async (_name, run) => {
    const expected = await run(direct());
    expect(expected).toBeTruthy();
    expect(await run(brokered())).toEqual(expected);
  });

  it('asks under the version of the API that it was made for', async () => {
    await brokered().models.generateContentStream(question);
    const path = `/gemini${version}/models/${model}:streamGenerateContent`;
    expect(broker.sandbox.received().at(-1)).toMatchObject({ path, query_names: ['alt'] });
  });

  it('lists the models that write text', async () => {
    const names = async (gemini: GoogleGenAI) =>
      (await Array.fromAsync(await gemini.models.list())).map(({ name }) => name);
    const lent = await names(brokered());
    expect(lent).toContain('models/gemini-2.5-flash');
    expect(lent).toEqual((await names(direct())).filter((name) => !name?.includes('image')));
  });

  it('takes a token as a bearer token too', async () => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${broker.url}/gemini${version}/models/${model}`, { headers });
    expect(response.status).toBe(200);
    const query = await fetch(`${broker.url}/gemini${version}/models/${model}?key=${token}`);
    expect(query.status).toBe(401);
  });

  it.each<[string, (gemini: GoogleGenAI) => Promise<unknown>, number, string, string]>([
    [
      'a wrong token',
      () => brokered('no-token').models.generateContent(question),
      ...([401, 'UNAUTHENTICATED', 'invalid_token'] as const),
    ],
    [
      'what is not lent',
      ({ caches }) => caches.create({ model, config: { contents: 'x' } }),
      ...([404, 'NOT_FOUND', 'not_delegable'] as const),
    ],
    [
      'a field that is not lent',
      ({ models }) => models.generateContent({ ...question, config: { cachedContent: 'cachedContents/1' } }),
      ...([403, 'PERMISSION_DENIED', 'field_not_allowed'] as const),
    ],
    [
      'a provider that fails',
      ({ models }) => models.generateContent({ ...question, model: 'sandbox-500' }),
      ...([502, 'INTERNAL', 'provider_error'] as const),
    ],
    [
      'a limit of the provider',
      ({ models }) => models.generateContent({ ...question, model: 'sandbox-429' }),
      ...([429, 'RESOURCE_EXHAUSTED', 'provider_rate_limited'] as const),
    ],
  ])('is told of %s by its own error', async (_what, run, status, name, code) => {
    const error = await run(brokered()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status });
    expect(JSON.parse((error as Error).message)).toMatchObject({
      error: {
        code: status,
        status: name,
        details: [{ reason: code, domain: 'coatcheck' }],
        source: 'coatcheck',
      },
    });
  });

  it('is told of a mistake in its request as it would be by the provider', async () => {
    const mistake = { model: 'gemini-embedding-001', contents: [{ parts: [{ text: '' }] }] };
    const told = async (gemini: GoogleGenAI) => {
      const error = await gemini.models.embedContent(mistake).catch((thrown: Error) => thrown);
      return JSON.parse((error as Error).message).error;
    };
    const { code, status, message } = await told(direct());
    expect(await told(brokered())).toMatchObject({ code, status, message, source: 'provider' });
    expect(code).toBe(400);
  });

  it.each(['sandbox-cut', 'sandbox-stream-error'])('sees %s in the middle as broken', async (name) => {
    const seen: unknown[] = [];
    const read = async () => {
      const stream = await brokered().models.generateContentStream({ ...question, model: name });
      for await (const piece of stream) seen.push(piece);
    };
    const error = await read().catch((thrown: Error) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).not.toContain('123456789012');
    expect(seen.length).toBeGreaterThan(0);
  });
});
