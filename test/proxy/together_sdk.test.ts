import Together from 'together-ai';
import { describe, expect } from 'vitest';
import { at } from '../../src/lib/json.ts';
import { trySdk } from './support/sdk.ts';

const model = 'meta-llama/Llama-3.3-70B-Instruct-Turbo';
const messages = [{ role: 'user' as const, content: 'What is the weather?' }];
const question = { model, messages };
const parameters = { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] };
const weather = { type: 'function' as const, function: { name: 'weather', parameters } };
const withTool = { ...question, tools: [weather], tool_choice: 'required' };

describe('the Together SDK', () => {
  trySdk<Together>({
    provider: 'together',
    model,
    open: (baseURL, apiKey) => new Together({ baseURL, apiKey, maxRetries: 0 }),
    ask: (client, asked) => client.chat.completions.create({ model: asked, messages }),
    stream: async (client, asked) =>
      Array.fromAsync(await client.chat.completions.create({ model: asked, messages, stream: true })),
    program: {
      'a chat': (client) => client.chat.completions.create(question),
      'a chat, streamed': async (client) =>
        Array.fromAsync(await client.chat.completions.create({ ...question, stream: true })),
      'a tool': (client) => client.chat.completions.create(withTool),
      'a tool, streamed': async (client) =>
        Array.fromAsync(await client.chat.completions.create({ ...withTool, stream: true })),
      'a text, completed': (client) => client.completions.create({ model, prompt: 'Once upon a time' }),
      'an embedding': (client) =>
        client.embeddings.create({ model: 'BAAI/bge-large-en-v1.5', input: 'Good morning' }),
      'the models': (client) => client.models.list(),
    },
    overreach: (client) => client.chat.completions.create({ ...question, safety_model: 'a-guard' }),
    read: (error) =>
      error instanceof Together.APIError
        ? { status: error.status, code: at(error.error, ['error', 'code']) }
        : expect.fail(`${error}`),
  });
});
