import Groq from 'groq-sdk';
import { describe, expect } from 'vitest';
import { at } from '../../src/lib/json.ts';
import { trySdk } from './support/sdk.ts';

const model = 'llama-3.3-70b-versatile';
const messages = [{ role: 'user' as const, content: 'What is the weather?' }];
const question = { model, messages };
const parameters = { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] };
const weather = { type: 'function' as const, function: { name: 'weather', parameters } };
const withTool = { ...question, tools: [weather], tool_choice: 'required' as const };
const sound = () => new File([new Uint8Array(2_000)], 'sound.wav', { type: 'audio/wav' });

describe('the Groq SDK', () => {
  trySdk<Groq>({
    provider: 'groq',
    model,
    open: (baseURL, apiKey) => new Groq({ baseURL, apiKey, maxRetries: 0 }),
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
      'an embedding': (client) =>
        client.embeddings.create({ model: 'nomic-embed-text-v1_5', input: 'Good morning' }),
      speech: async (client) => {
        const answer = await client.audio.speech.create({
          model: 'playai-tts',
          voice: 'Celeste',
          input: 'Hi',
        });
        return [...new Uint8Array(await answer.arrayBuffer())];
      },
      'a transcription': (client) =>
        client.audio.transcriptions.create({ model: 'whisper-large-v3', file: sound(), language: 'en' }),
      'a translation': (client) =>
        client.audio.translations.create({ model: 'whisper-large-v3', file: sound() }),
      'the models': (client) => client.models.list(),
      'one model': (client) => client.models.retrieve(model),
    },
    overreach: (client) => client.chat.completions.create({ ...question, service_tier: 'performance' }),
    read: (error) =>
      error instanceof Groq.APIError
        ? { status: error.status, code: at(error.error, ['error', 'code']) }
        : expect.fail(`${error}`),
  });
});
