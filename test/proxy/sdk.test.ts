import OpenAI, { toFile } from 'openai';
import OpenAI6, { toFile as toFile6 } from 'openai-6';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, connect, startBroker } from '../support/broker.ts';

let broker: Broker;
let token: string;
beforeAll(async () => {
  broker = await startBroker();
  token = (await connect(broker)).tokens.access_token;
});
afterAll(async () => {
  await broker.close();
});

const messages = [{ role: 'user' as const, content: 'What is the weather?' }];
const sound = Buffer.from('RIFF not really a sound');

/** What apps do with the SDK; each returns what it got. */
const program: Readonly<Record<string, (client: OpenAI) => Promise<unknown>>> = {
  'chat, plain': (client) => client.chat.completions.create({ model: 'gpt-4o-mini', messages }),
  'chat, streamed': async (client) => {
    const stream = await client.chat.completions.create({ model: 'gpt-4o-mini', messages, stream: true });
    return (await Array.fromAsync(stream)).map(({ usage: _, ...chunk }) => chunk);
  },
  'chat, streamed with usage': async (client) => {
    const stream_options = { include_usage: true };
    return Array.fromAsync(
      await client.chat.completions.create({ model: 'gpt-4o-mini', messages, stream: true, stream_options }),
    );
  },
  'chat, aborted half-way': async (client) => {
    const stream = await client.chat.completions.create({ model: 'sandbox-long', messages, stream: true });
    const seen: string[] = [];
    for await (const chunk of stream) {
      seen.push(chunk.choices[0]?.delta.content ?? '');
      if (seen.length === 5) break;
    }
    return seen;
  },
  'chat with a function tool': (client) =>
    client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages,
      tools: [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }],
      tool_choice: { type: 'function', function: { name: 'weather' } },
    }),
  'responses, plain': (client) => client.responses.create({ model: 'gpt-5', input: 'Hello', store: false }),
  'responses, streamed': async (client) =>
    Array.fromAsync(
      await client.responses.create({ model: 'gpt-5', input: 'Hello', store: false, stream: true }),
    ),
  'responses, input tokens': (client) =>
    client.responses.inputTokens.count({ model: 'gpt-5', input: 'Hello there' }),
  'completions, legacy': (client) =>
    client.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: 'Once upon a time' }),
  embeddings: (client) => client.embeddings.create({ model: 'text-embedding-3-small', input: ['a', 'b'] }),
  moderations: (client) => client.moderations.create({ input: 'I like trains' }),
  'images, generated': (client) => client.images.generate({ model: 'gpt-image-2', prompt: 'A train' }),
  'speech, whole': async (client) => {
    const answer = await client.audio.speech.create({ model: 'tts-1', input: 'Hi', voice: 'alloy' });
    return Buffer.from(await answer.arrayBuffer()).toString('base64');
  },
  'one model': (client) => client.models.retrieve('gpt-4o'),
};

/** The same where a file goes along, which each major has to wrap itself. */
const uploads: Readonly<Record<string, (client: OpenAI, file: typeof toFile) => Promise<unknown>>> = {
  transcription: async (client, file) =>
    client.audio.transcriptions.create({ model: 'gpt-4o-transcribe', file: await file(sound, 'a.wav') }),
  'transcription with timestamps': async (client, file) =>
    client.audio.transcriptions.create({
      model: 'whisper-1',
      file: await file(sound, 'a.wav'),
      response_format: 'verbose_json',
      timestamp_granularities: ['word', 'segment'],
    }),
  'transcription as text': async (client, file) =>
    client.audio.transcriptions.create({
      model: 'whisper-1',
      file: await file(sound, 'a.wav'),
      response_format: 'text',
    }),
  'transcription, streamed': async (client, file) =>
    Array.fromAsync(
      await client.audio.transcriptions.create({
        model: 'gpt-4o-transcribe',
        file: await file(sound, 'a.wav'),
        stream: true,
      }),
    ),
  translation: async (client, file) =>
    client.audio.translations.create({ model: 'whisper-1', file: await file(sound, 'ä "b".wav') }),
  'image edit': async (client, file) =>
    client.images.edit({
      model: 'gpt-image-2',
      image: [
        await file(sound, 'a.png', { type: 'image/png' }),
        await file(sound, 'b.png', { type: 'image/png' }),
      ],
      prompt: 'Add a train',
    }),
};

describe.each([
  ['7', OpenAI, toFile],
  ['6', OpenAI6 as unknown as typeof OpenAI, toFile6 as unknown as typeof toFile],
])('the openai SDK, major %s', (_, Client, file) => {
  const clients = () => ({
    direct: new Client({ baseURL: broker.sandbox.url, apiKey: 'sk-sandbox-direct', maxRetries: 0 }),
    brokered: new Client({ baseURL: `${broker.url}/openai/v1`, apiKey: token, maxRetries: 0 }),
  });

  it.each(Object.entries(program))('gets the same answer as from the provider: %s', async (_name, run) => {
    const { direct, brokered } = clients();
    const expected = await run(direct);
    expect(expected).toBeTruthy();
    expect(await run(brokered)).toEqual(expected);
  });

  it.each(Object.entries(uploads))('gets the same answer as from the provider: %s', async (_name, run) => {
    const { direct, brokered } = clients();
    expect(await run(brokered, file)).toEqual(await run(direct, file));
  });

  it('lists the models, but for those that name the organisation', async () => {
    const { direct, brokered } = clients();
    const all = await Array.fromAsync(direct.models.list());
    const listed = await Array.fromAsync(brokered.models.list());
    expect(all.some(({ id }) => id.startsWith('ft:'))).toBe(true);
    expect(listed).toEqual(all.filter(({ id }) => !id.startsWith('ft:')));
  });

  it('keeps the stream of a response with its events', async () => {
    const stream = clients().brokered.responses.stream({ model: 'gpt-5', input: 'Hello' });
    const final = await stream.finalResponse();
    expect(final.status).toBe('completed');
    expect(final.usage?.output_tokens).toBeGreaterThan(0);
  });

  it('takes a token from a function, as browsers and long-lived apps do', async () => {
    const client = new Client({ baseURL: `${broker.url}/openai/v1`, apiKey: async () => token });
    expect((await client.chat.completions.create({ model: 'gpt-4o', messages })).object).toBe(
      'chat.completion',
    );
  });

  it.each(['chat', 'responses'])(
    'sees a connection that breaks in the middle as broken: %s',
    async (kind) => {
      const { brokered } = clients();
      const seen: unknown[] = [];
      await expect(read(brokered, kind, 'sandbox-cut', seen)).rejects.toThrow();
      expect(seen.length).toBeGreaterThan(0);
    },
  );

  it.each(['chat', 'responses'])(
    'sees an error in the middle as it would from the provider: %s',
    async (kind) => {
      const { direct, brokered } = clients();
      const outcome = async (client: OpenAI) => {
        const seen: unknown[] = [];
        const error = await read(client, kind, 'sandbox-stream-error', seen).catch((thrown: Error) => thrown);
        return {
          events: seen.length,
          threw: error instanceof Error,
          told: JSON.stringify([seen, error]) + error,
        };
      };
      const expected = await outcome(direct);
      const { told, ...same } = await outcome(brokered);
      expect(same).toEqual({ events: expected.events, threw: expected.threw });
      expect(expected.told).toContain('org-');
      expect(told).not.toContain('org-');
    },
  );
});

async function read(client: OpenAI, kind: string, model: string, seen: unknown[]): Promise<void> {
  const stream =
    kind === 'chat'
      ? await client.chat.completions.create({ model, messages, stream: true })
      : await client.responses.create({ model, input: 'Hello', stream: true });
  for await (const event of stream) seen.push(event);
}
