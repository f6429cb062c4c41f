import { OpenRouter } from '@openrouter/sdk';
import type { ChatRequest } from '@openrouter/sdk/models';
import { OpenRouterError } from '@openrouter/sdk/models/errors';
import { describe, expect } from 'vitest';
import { at, parseJson } from '../../src/lib/json.ts';
import { trySdk } from './support/sdk.ts';

const model = 'openai/gpt-4o-mini';
const messages = [{ role: 'user' as const, content: 'What is the weather?' }];
const question = { model, messages };
const parameters = { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] };
const weather = { type: 'function' as const, function: { name: 'weather', parameters } };
const withTool = { ...question, tools: [weather], toolChoice: 'required' as const };

async function streamed(client: OpenRouter, chatRequest: ChatRequest) {
  const answer = await client.chat.send({ chatRequest: { ...chatRequest, stream: true } });
  return 'choices' in answer ? expect.fail() : Array.fromAsync(answer);
}

describe('the OpenRouter SDK', () => {
  trySdk<OpenRouter>({
    provider: 'openrouter',
    model,
    open: (serverURL, apiKey) =>
      new OpenRouter({ serverURL, apiKey, retryConfig: { strategy: 'none' }, appTitle: 'An app' }),
    ask: (client, asked) => client.chat.send({ chatRequest: { model: asked, messages } }),
    stream: (client, asked) => streamed(client, { model: asked, messages }),
    program: {
      'a chat': (client) => client.chat.send({ chatRequest: question }),
      'a chat, streamed': (client) => streamed(client, question),
      'a tool': (client) => client.chat.send({ chatRequest: withTool }),
      'a tool, streamed': (client) => streamed(client, withTool),
      'an embedding': (client) =>
        client.embeddings.generate({
          requestBody: { model: 'openai/text-embedding-3-small', input: 'Good morning' },
        }),
      'the models': (client) => client.models.list(),
    },
    overreach: (client) => client.chat.send({ chatRequest: { ...question, models: ['openai/gpt-5'] } }),
    read: (error) =>
      error instanceof OpenRouterError
        ? { status: error.statusCode, code: at(parseJson(error.body), ['error', 'metadata', 'error_type']) }
        : expect.fail(`${error}`),
  });
});
