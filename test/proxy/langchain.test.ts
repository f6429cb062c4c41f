import { HumanMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { AzureChatOpenAI, ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
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
  readonly mount: string;
  /** What the sandbox calls the API. */
  readonly sandbox: string;
  /** @param root of the API: the mount, or the sandbox in its place */
  readonly open: (root: string, apiKey: string) => ChatOpenAI;
}

const openai = (model: string, useResponsesApi: boolean) => (baseURL: string, apiKey: string) =>
  new ChatOpenAI({ model, apiKey, useResponsesApi, maxRetries: 0, configuration: { baseURL } });

const deployed = {
  model: 'gpt-4o-mini',
  azureOpenAIApiDeploymentName: 'gpt-4o-mini',
  azureOpenAIApiVersion: '2024-10-21',
  maxRetries: 0,
};
const ofOpenai = { provider: 'openai', mount: '/openai/v1', sandbox: 'openai' };
const ofAzure = { provider: 'azure', mount: '/azure', sandbox: 'azure' };

const cases: readonly Case[] = [
  { ...ofOpenai, name: 'chats of OpenAI', open: openai('gpt-4o-mini', false) },
  { ...ofOpenai, name: 'responses of OpenAI', open: openai('gpt-5', true) },
  {
    name: 'chats of Gemini',
    provider: 'gemini',
    mount: '/gemini-openai',
    sandbox: 'gemini-openai',
    open: openai('gemini-2.5-flash', false),
  },
  {
    ...ofAzure,
    name: 'chats of Azure',
    open: (azureOpenAIEndpoint, azureOpenAIApiKey) =>
      new AzureChatOpenAI({ ...deployed, azureOpenAIEndpoint, azureOpenAIApiKey }),
  },
];

const question = new HumanMessage('What is the weather?');
const weather = tool(async () => 'Rain', {
  name: 'weather',
  description: 'Tells the weather',
  schema: z.object({ place: z.string() }),
});
const asking = (model: ChatOpenAI) => model.bindTools([weather], { tool_choice: 'weather' });

/** What apps do with it; each returns what it got. */
const program: Readonly<Record<string, (model: ChatOpenAI) => Promise<unknown>>> = {
  'a text': async (model) => {
    const { text, usage_metadata } = await model.invoke([question]);
    return { text, usage_metadata };
  },
  'a text, streamed': async (model) => {
    const pieces = await Array.fromAsync(await model.stream([question]));
    return pieces.map(({ text, usage_metadata }) => ({ text, usage_metadata }));
  },
  'the call of a tool': async (model) => (await asking(model).invoke([question])).tool_calls,
  'the call of a tool, streamed': async (model) => {
    const pieces = await Array.fromAsync(await asking(model).stream([question]));
    return pieces.reduce((whole, piece) => whole.concat(piece)).tool_calls;
  },
  'a tool, and what is made of its answer': async (model) => {
    const asked = await asking(model).invoke([question]);
    const [called] = asked.tool_calls ?? [];
    const told = await weather.invoke(called ?? expect.fail());
    return (await model.bindTools([weather]).invoke([question, asked, told])).text;
  },
  'an answer by a schema': (model) =>
    model.withStructuredOutput(z.object({ place: z.string() })).invoke([question]),
};

describe.each(cases)('LangChain: $name', ({ provider, mount, sandbox, open }) => {
  let token: string;
  beforeAll(async () => {
    token = (await connect(broker, { provider })).tokens.access_token;
  });

  it.each(Object.entries(program))('gets the same as from the provider: %s', async (_, run) => {
    const { sandboxKeyPrefix } = providerNamed(provider);
    const expected = await run(open(broker.sandbox.urls[sandbox] ?? '', `${sandboxKeyPrefix}direct`));
    expect(JSON.stringify(expected)).toContain('Sand');
    expect(await run(open(broker.url + mount, token))).toEqual(expected);
    const { costNanoUsd, usage } = await settledCall({ broker });
    expect(usage?.output_tokens).toBeGreaterThan(0);
    expect(costNanoUsd).toBeGreaterThan(0);
  });

  it('is told what is wrong by its own error', async () => {
    const refused = open(broker.url + mount, 'no-token').invoke([question]);
    await expect(refused).rejects.toMatchObject({ status: 401, code: 'invalid_token' });
  });
});

it('LangChain asks Azure with a token that it gets before each call', async () => {
  const { tokens } = await connect(broker, { provider: 'azure' });
  const model = new AzureChatOpenAI({
    ...deployed,
    azureOpenAIEndpoint: `${broker.url}/azure`,
    azureADTokenProvider: async () => tokens.access_token,
  });
  expect((await model.invoke([question])).text).toContain('Sandbox answer');
});

it('LangChain turns texts into vectors', async () => {
  const { tokens } = await connect(broker);
  const vectors = (baseURL: string, apiKey: string) =>
    new OpenAIEmbeddings({
      model: 'text-embedding-3-small',
      apiKey,
      configuration: { baseURL },
    }).embedDocuments(['The tide', 'The moon']);
  const expected = await vectors(broker.sandbox.url, 'sk-sandbox-direct');
  expect(expected).toHaveLength(2);
  expect(await vectors(`${broker.url}/openai/v1`, tokens.access_token)).toEqual(expected);
});
