import OpenAI from 'openai';
import OpenAI6 from 'openai-6';
import { describe, expect, it } from 'vitest';
import { connect, startBroker } from '../support/broker.ts';
import { trySdk } from './support/sdk.ts';

const mount = '/gemini-openai';
const model = 'gemini-2.5-flash';
const messages = [{ role: 'user' as const, content: 'What is the weather?' }];
const question = { model, messages };
const parameters = { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] };
const weather = { type: 'function' as const, function: { name: 'weather', parameters } };
const withTool = { ...question, tools: [weather], tool_choice: 'required' as const };

describe.each([
  ['7', OpenAI],
  ['6', OpenAI6 as unknown as typeof OpenAI],
])('Gemini by the OpenAI SDK, major %s', (_, Client) => {
  const open = (baseURL: string, apiKey: string) => new Client({ baseURL, apiKey, maxRetries: 0 });

  trySdk<OpenAI>({
    provider: 'gemini',
    mount,
    sandbox: 'gemini-openai',
    account: '123456789012',
    model,
    open,
    ask: (client, asked) => client.chat.completions.create({ model: asked, messages }),
    stream: async (client, asked) =>
      Array.fromAsync(await client.chat.completions.create({ model: asked, messages, stream: true })),
    program: {
      'a chat': (client) => client.chat.completions.create(question),
      'a chat, streamed': async (client) =>
        Array.fromAsync(await client.chat.completions.create({ ...question, stream: true })),
      'a chat, streamed, with its usage': async (client) =>
        Array.fromAsync(
          await client.chat.completions.create({
            ...question,
            stream: true,
            stream_options: { include_usage: true },
          }),
        ),
      'a tool': (client) => client.chat.completions.create(withTool),
      'a tool, streamed': async (client) =>
        Array.fromAsync(await client.chat.completions.create({ ...withTool, stream: true })),
      'a text as numbers': (client) =>
        client.embeddings.create({ model: 'gemini-embedding-001', input: ['The tide', 'The moon'] }),
    },
    overreach: (client) => client.chat.completions.create({ ...question, web_search_options: {} }),
    read: (error) =>
      error instanceof Client.APIError
        ? { status: error.status, code: error.code ?? null }
        : expect.fail(`${error}`),
  });

  it('lists the models that write text, by the names that calls give them', async () => {
    const broker = await startBroker();
    try {
      const { tokens } = await connect(broker, { provider: 'gemini' });
      const client = open(broker.url + mount, tokens.access_token);
      const names = (await Array.fromAsync(client.models.list())).map(({ id }) => id);
      expect(names).toEqual(expect.arrayContaining([model, 'gemini-embedding-001']));
      expect(names).not.toContain('gemini-2.5-flash-image');
      expect((await client.models.retrieve(model)).id).toBe(model);
    } finally {
      await broker.close();
    }
  });
});
