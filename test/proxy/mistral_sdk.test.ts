import { Mistral } from '@mistralai/mistralai';
import { MistralError } from '@mistralai/mistralai/models/errors';
import { describe, expect } from 'vitest';
import { at, parseJson } from '../../src/lib/json.ts';
import { trySdk } from './support/sdk.ts';

const model = 'mistral-small-2603';
const messages = [{ role: 'user' as const, content: 'What is the weather?' }];
const question = { model, messages };
const parameters = { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] };
const weather = { type: 'function' as const, function: { name: 'weather', parameters } };
const withTool = { ...question, tools: [weather], toolChoice: 'required' as const };

describe('the Mistral SDK', () => {
  trySdk<Mistral>({
    provider: 'mistral',
    model,
    open: (serverURL, apiKey) => new Mistral({ serverURL, apiKey, retryConfig: { strategy: 'none' } }),
    ask: (client, asked) => client.chat.complete({ model: asked, messages }),
    stream: async (client, asked) => Array.fromAsync(await client.chat.stream({ model: asked, messages })),
    program: {
      'a chat': (client) => client.chat.complete(question),
      'a chat, streamed': async (client) => Array.fromAsync(await client.chat.stream(question)),
      'a tool': (client) => client.chat.complete(withTool),
      'the result of a tool': (client) =>
        client.chat.complete({
          ...question,
          tools: [weather],
          messages: [
            ...messages,
            {
              role: 'assistant',
              toolCalls: [{ id: 'call12345', function: { name: 'weather', arguments: '{}' } }],
            },
            { role: 'tool', toolCallId: 'call12345', content: 'Rain' },
          ],
        }),
      'what belongs in the middle': (client) =>
        client.fim.complete({ model: 'codestral-2508', prompt: 'let a =', suffix: ';' }),
      'an embedding': (client) =>
        client.embeddings.create({ model: 'mistral-embed', inputs: ['Good morning'] }),
      'the models': (client) => client.models.list(),
      'one model': (client) => client.models.retrieve({ modelId: model }),
    },
    overreach: (client) => client.chat.complete({ ...question, tools: [{ type: 'web_search' }] }),
    read: (error) =>
      error instanceof MistralError
        ? { status: error.statusCode, code: at(parseJson(error.body), ['code']) }
        : expect.fail(`${error}`),
  });
});
