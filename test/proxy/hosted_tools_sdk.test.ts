import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, connect, providerNamed, startBroker } from '../support/broker.ts';
import { settledCall } from './support/world.ts';

let broker: Broker;
beforeAll(async () => {
  broker = await startBroker();
});
afterAll(async () => {
  await broker.close();
});

/** The base URL of a provider, and a token for text and these tools. */
async function accessTo(provider: string, ...tools: readonly string[]) {
  const scopes = ['text', ...tools.map((tool) => `tools.${tool}`)].map((scope) => `${provider}:${scope}`);
  const { tokens } = await connect(broker, { provider, scopes });
  return { baseURL: broker.url + providerNamed(provider).mount, apiKey: tokens.access_token };
}

/** What the newest call was put on record with. */
async function recorded() {
  const { usage, costNanoUsd } = await settledCall({ broker });
  return { searches: usage?.web_searches, hasPrice: costNanoUsd !== null };
}

describe('the openai SDK', () => {
  const input = 'What is new?';
  const tools: OpenAI.Responses.Tool[] = [
    { type: 'web_search' },
    { type: 'code_interpreter', container: { type: 'auto' } },
    { type: 'mcp', server_label: 'a', server_url: 'https://a.example/mcp', require_approval: 'never' },
  ];
  const used = ['web_search_call', 'code_interpreter_call', 'mcp_list_tools', 'mcp_call', 'message'];

  /** What apps do with an answer, although the types of the SDK tell the two apart. */
  const given = (output: readonly unknown[]) => [...output] as OpenAI.Responses.ResponseInputItem[];

  it('gets what tools of the provider did, at once and as a stream', async () => {
    const client = new OpenAI(await accessTo('openai', 'web', 'code', 'mcp'));
    const { output } = await client.responses.create({ model: 'gpt-5', input, tools });
    expect(output.map(({ type }) => type)).toEqual(used);
    expect(await recorded()).toEqual({ searches: 1, hasPrice: false });
    const streamed = await client.responses.stream({ model: 'gpt-5', input, tools }).finalResponse();
    // Each call gets a container of its own.
    const container_id = expect.stringMatching(/^cntr_/);
    const found = output.map((item) => ('container_id' in item ? { ...item, container_id } : item));
    expect(streamed.output).toMatchObject(found);
  });

  it('has them used no more often than the call allows', async () => {
    const client = new OpenAI(await accessTo('openai', 'web', 'code', 'mcp'));
    const { output } = await client.responses.create({ model: 'gpt-5', input, tools, max_tool_calls: 1 });
    expect(output.map(({ type }) => type)).toEqual(['web_search_call', 'message']);
  });

  it('is put on record with what its searches are billed, and gives back what was found', async () => {
    const client = new OpenAI(await accessTo('openai', 'web', 'mcp'));
    const searched = await client.responses.create({ model: 'gpt-5', input, tools: tools.slice(0, 1) });
    const billed = broker.sandbox.received().at(-1)?.billed_nano_usd;
    expect(billed).toBeGreaterThan(10_000_000);
    expect((await settledCall({ broker })).costNanoUsd).toBe(billed);
    const next = [...given(searched.output), { role: 'user', content: 'And then?' } as const];
    expect((await client.responses.create({ model: 'gpt-5', input: next })).status).toBe('completed');
  });

  it('can be asked for approval before a server is called', async () => {
    const client = new OpenAI(await accessTo('openai', 'mcp'));
    const asking = { type: 'mcp', server_label: 'a', server_url: 'https://a.example/mcp' } as const;
    const { output } = await client.responses.create({ model: 'gpt-5', input, tools: [asking] });
    const request = output.find(({ type }) => type === 'mcp_approval_request');
    const approval = { type: 'mcp_approval_response', approve: true } as const;
    const approved = await client.responses.create({
      model: 'gpt-5',
      input: [...given(output), { ...approval, approval_request_id: request?.id ?? '' }],
      tools: [asking],
    });
    expect(approved.status).toBe('completed');
  });
});

describe('the Anthropic SDK', () => {
  const question = {
    model: 'claude-opus-5',
    max_tokens: 100,
    messages: [{ role: 'user' as const, content: 'What is new?' }],
  };
  const tools: Anthropic.ToolUnion[] = [
    { type: 'web_search_20260318', name: 'web_search', max_uses: 3 },
    { type: 'web_fetch_20260318', name: 'web_fetch' },
  ];

  it('gets what searches found, at once and as a stream, and gives it back', async () => {
    const client = new Anthropic(await accessTo('anthropic', 'web'));
    const { content, usage } = await client.messages.create({ ...question, tools });
    expect(content.map(({ type }) => type)).toEqual([
      ...['server_tool_use', 'web_search_tool_result', 'server_tool_use', 'web_fetch_tool_result', 'text'],
    ]);
    expect(usage.server_tool_use).toEqual({ web_search_requests: 1, web_fetch_requests: 1 });
    expect(await recorded()).toEqual({ searches: 1, hasPrice: true });
    const streamed = await client.messages.stream({ ...question, tools }).finalMessage();
    expect(streamed.content).toEqual(content);
    expect(await recorded()).toEqual({ searches: 1, hasPrice: true });
    const messages = [...question.messages, { role: 'assistant' as const, content }];
    const more = [...messages, { role: 'user' as const, content: 'And then?' }];
    expect((await client.messages.create({ ...question, messages: more, tools })).type).toBe('message');
  });

  it('has code run and calls servers of others', async () => {
    const client = new Anthropic(await accessTo('anthropic', 'code', 'mcp'));
    const { content } = await client.beta.messages.create({
      ...question,
      betas: ['mcp-client-2025-11-20'],
      mcp_servers: [{ type: 'url', name: 'a', url: 'https://a.example/mcp' }],
      tools: [
        { type: 'code_execution_20260521', name: 'code_execution' },
        { type: 'mcp_toolset', mcp_server_name: 'a' },
      ],
    });
    expect(content.map(({ type }) => type)).toEqual([
      ...['server_tool_use', 'code_execution_tool_result', 'mcp_tool_use', 'mcp_tool_result', 'text'],
    ]);
    expect(broker.sandbox.received().at(-1)?.headers['anthropic-beta']).toBe('mcp-client-2025-11-20');
  });
});

describe('the Google SDK', () => {
  const question = { model: 'gemini-2.5-flash', contents: 'What is new?' };
  const config = { tools: [{ googleSearch: {} }, { codeExecution: {} }] };

  it('gets what was searched and run, at once and as a stream', async () => {
    const { baseURL, apiKey } = await accessTo('gemini', 'web', 'code');
    const { models } = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: baseURL } });
    const { candidates } = await models.generateContent({ ...question, config });
    const [candidate] = candidates ?? [];
    expect(candidate?.groundingMetadata?.webSearchQueries).toEqual(['What is new?']);
    expect(candidate?.content?.parts?.map((part) => Object.keys(part)[0])).toEqual([
      ...['executableCode', 'codeExecutionResult', 'text'],
    ]);
    // The table has no price for a search.
    expect(await recorded()).toEqual({ searches: 1, hasPrice: false });
    const pieces = await Array.fromAsync(await models.generateContentStream({ ...question, config }));
    expect(pieces.at(-1)?.candidates?.[0]?.groundingMetadata).toEqual(candidate?.groundingMetadata);
    expect(await recorded()).toEqual({ searches: 1, hasPrice: false });
  });
});
