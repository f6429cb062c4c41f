import OpenAI from 'openai';
import { describe, expect } from 'vitest';
import { trySdk } from './support/sdk.ts';

/** Providers without an SDK of their own: apps use OpenAI's. */
const providers = [
  { provider: 'deepseek', model: 'deepseek-v4-flash' },
  { provider: 'xai', model: 'grok-4.5' },
];

const messages = [{ role: 'user' as const, content: 'What is the weather?' }];
const parameters = { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] };
const weather = { type: 'function' as const, function: { name: 'weather', parameters } };

describe.each(providers)('$provider by the OpenAI SDK', ({ provider, model }) => {
  const question = { model, messages };
  const withTool = { ...question, tools: [weather], tool_choice: 'required' as const };

  trySdk<OpenAI>({
    provider,
    model,
    open: (baseURL, apiKey) => new OpenAI({ baseURL, apiKey, maxRetries: 0 }),
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
      'the result of a tool': (client) =>
        client.chat.completions.create({
          ...question,
          tools: [weather],
          messages: [
            ...messages,
            {
              role: 'assistant',
              tool_calls: [
                { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{}' } },
              ],
            },
            { role: 'tool', tool_call_id: 'call_1', content: 'Rain' },
          ],
        }),
      'an answer in JSON': (client) =>
        client.chat.completions.create({ ...question, response_format: { type: 'json_object' } }),
      'one model': (client) => client.models.retrieve(model),
    },
    overreach: (client) => client.chat.completions.create({ ...question, web_search_options: {} }),
    read: (error) =>
      error instanceof OpenAI.APIError ? { status: error.status, code: error.code } : expect.fail(`${error}`),
  });
});
