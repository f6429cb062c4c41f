import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogle } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { APICallError, embedMany, generateText, isStepCount, type LanguageModel, streamText, tool } from 'ai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Broker, connect, providerNamed, startBroker } from '../support/broker.ts';
import { settledCall } from './support/world.ts';

let broker: Broker;
beforeAll(async () => {
  broker = await startBroker();
});
afterAll(() => broker.close());

interface Case {
  readonly name: string;
  readonly provider: string;
  readonly model: string;
  /** @param root of the API: the mount, or the sandbox in its place */
  readonly open: (root: string, apiKey: string, model: string) => LanguageModel;
}

const cases: readonly Case[] = [
  {
    name: 'chats of OpenAI',
    provider: 'openai',
    model: 'gpt-4o-mini',
    open: (baseURL, apiKey, model) => createOpenAI({ baseURL, apiKey }).chat(model),
  },
  {
    name: 'responses of OpenAI',
    provider: 'openai',
    model: 'gpt-5',
    open: (baseURL, apiKey, model) => createOpenAI({ baseURL, apiKey })(model),
  },
  {
    name: 'messages of Anthropic',
    provider: 'anthropic',
    model: 'claude-opus-5',
    open: (root, apiKey, model) => createAnthropic({ baseURL: `${root}/v1`, apiKey })(model),
  },
  {
    name: 'messages of Anthropic, with a bearer token',
    provider: 'anthropic',
    model: 'claude-opus-5',
    open: (root, apiKey, model) =>
      apiKey.includes('sandbox')
        ? createAnthropic({ baseURL: `${root}/v1`, apiKey })(model)
        : createAnthropic({ baseURL: `${root}/v1`, authToken: apiKey })(model),
  },
  {
    name: 'content of Gemini',
    provider: 'gemini',
    model: 'gemini-2.5-flash',
    open: (root, apiKey, model) => createGoogle({ baseURL: `${root}/v1beta`, apiKey })(model),
  },
];

const prompt = 'What is the weather?';
const weather = tool({
  description: 'Tells the weather',
  inputSchema: z.object({ place: z.string() }),
  execute: async () => 'Rain',
});

type Settings = { readonly model: LanguageModel; readonly maxRetries: 0 };

/** What apps do with the SDK; each returns what it got, without the ids that it makes itself. */
const program: Readonly<Record<string, (settings: Settings) => Promise<unknown>>> = {
  'a text': async (settings) => {
    const { text, finishReason, usage } = await generateText({ ...settings, prompt });
    return { text, finishReason, usage };
  },
  'a text, streamed': async (settings) => {
    const { textStream, finishReason, usage } = streamText({ ...settings, prompt });
    return {
      pieces: await Array.fromAsync(textStream),
      finishReason: await finishReason,
      usage: await usage,
    };
  },
  'the call of a tool': async (settings) => {
    const { toolCalls, finishReason } = await generateText({
      ...settings,
      prompt,
      tools: { weather },
      toolChoice: 'required',
    });
    return { calls: toolCalls.map(({ toolName, input }) => ({ toolName, input })), finishReason };
  },
  'the call of a tool, streamed': async (settings) => {
    const { toolCalls } = streamText({ ...settings, prompt, tools: { weather }, toolChoice: 'required' });
    return (await toolCalls).map(({ toolName, input }) => ({ toolName, input }));
  },
  'a tool, and what is made of its answer': async (settings) => {
    const { text, steps } = await generateText({
      ...settings,
      prompt,
      tools: { weather },
      stopWhen: isStepCount(2),
      prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? 'required' : 'none' }),
    });
    return { text, steps: steps.length };
  },
};

describe.each(cases)('the AI SDK of Vercel: $name', ({ provider, model, open }) => {
  const { mount, sandboxKeyPrefix } = providerNamed(provider);
  let token: string;
  beforeAll(async () => {
    token = (await connect(broker, { provider })).tokens.access_token;
  });
  const brokered = (asked = model): Settings => ({
    model: open(broker.url + mount, token, asked),
    maxRetries: 0,
  });
  const direct = (): Settings => ({
    model: open(broker.sandbox.urls[provider] ?? '', `${sandboxKeyPrefix}direct`, model),
    maxRetries: 0,
  });

  it.each(Object.entries(program))('gets the same as from the provider: %s', async (_, run) => {
    const expected = await run(direct());
    expect(JSON.stringify(expected)).toContain('Sand');
    expect(await run(brokered())).toEqual(expected);
    const { costNanoUsd, usage } = await settledCall({ broker });
    expect(usage?.output_tokens).toBeGreaterThan(0);
    expect(costNanoUsd).toBeGreaterThan(0);
  });

  it('is told what is wrong by its own error, and whether to try again', async () => {
    const failing = (asked: string) => generateText({ ...brokered(asked), prompt }).catch((thrown) => thrown);
    const failed = await failing('sandbox-500');
    expect(failed).toBeInstanceOf(APICallError);
    expect(failed).toMatchObject({ statusCode: 502, isRetryable: true });
    expect(failed.responseBody).toContain('provider_error');
    token = 'no-token';
    expect(await failing(model)).toMatchObject({ statusCode: 401, isRetryable: false });
  });
});

it('the AI SDK of Vercel turns texts into vectors', async () => {
  const { tokens } = await connect(broker);
  const vectors = async (baseURL: string, apiKey: string) => {
    const embedding = createOpenAI({ baseURL, apiKey }).embedding('text-embedding-3-small');
    const { embeddings } = await embedMany({ model: embedding, values: ['The tide', 'The moon'] });
    return embeddings;
  };
  const expected = await vectors(broker.sandbox.url, 'sk-sandbox-direct');
  expect(expected).toHaveLength(2);
  expect(await vectors(`${broker.url}/openai/v1`, tokens.access_token)).toEqual(expected);
});
