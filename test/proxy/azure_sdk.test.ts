import { AzureOpenAI, toFile } from 'openai';
import { AzureOpenAI as AzureOpenAI6, toFile as toFile6 } from 'openai-6';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, connect, startBroker } from '../support/broker.ts';
import { trySdk } from './support/sdk.ts';

const apiVersion = '2024-10-21';
const model = 'gpt-4o-mini';
const messages = [{ role: 'user' as const, content: 'What is the weather?' }];
const question = { model, messages };
const parameters = { type: 'object', properties: { place: { type: 'string' } }, required: ['place'] };
const weather = { type: 'function' as const, function: { name: 'weather', parameters } };
const withTool = { ...question, tools: [weather], tool_choice: 'required' as const };
const sound = Buffer.from('RIFF not really a sound');

async function changePicture(client: AzureOpenAI, file: typeof toFile): Promise<unknown> {
  const image = await file(sound, 'a.png', { type: 'image/png' });
  return client.images.edit({ model: 'gpt-image-2', image, prompt: 'Add a train' });
}

describe.each([
  ['7', AzureOpenAI, toFile],
  ['6', AzureOpenAI6 as unknown as typeof AzureOpenAI, toFile6 as unknown as typeof toFile],
])('AzureOpenAI of the openai SDK, major %s', (major, Client, file) => {
  trySdk<AzureOpenAI>({
    provider: 'azure',
    model,
    open: (endpoint, apiKey) => new Client({ endpoint, apiKey, apiVersion, maxRetries: 0 }),
    ask: (client, asked) => client.chat.completions.create({ model: asked, messages }),
    stream: async (client, asked) =>
      Array.fromAsync(await client.chat.completions.create({ model: asked, messages, stream: true })),
    program: {
      'a chat': (client) => client.chat.completions.create(question),
      'a chat, streamed': async (client) => {
        const stream = await client.chat.completions.create({ ...question, stream: true });
        return (await Array.fromAsync(stream)).map(({ usage: _usage, ...chunk }) => chunk);
      },
      'a tool': (client) => client.chat.completions.create(withTool),
      'a response': (client) => client.responses.create({ model: 'gpt-5', input: 'Hello', store: false }),
      'a response, streamed': async (client) =>
        Array.fromAsync(
          await client.responses.create({ model: 'gpt-5', input: 'Hello', store: false, stream: true }),
        ),
      'a completion': (client) =>
        client.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: 'Once upon a time' }),
      'a text as numbers': (client) =>
        client.embeddings.create({ model: 'text-embedding-3-small', input: ['a', 'b'] }),
      'a picture': (client) => client.images.generate({ model: 'gpt-image-2', prompt: 'A train' }),
      // The older one forgets the deployment where a picture goes along.
      ...(major === '7' && { 'a picture, changed': (client: AzureOpenAI) => changePicture(client, file) }),
      speech: async (client) => {
        const answer = await client.audio.speech.create({ model: 'tts-1', input: 'Hi', voice: 'alloy' });
        return Buffer.from(await answer.arrayBuffer()).toString('base64');
      },
      'speech, understood': async (client) =>
        client.audio.transcriptions.create({ model: 'whisper-1', file: await file(sound, 'a.wav') }),
      'speech, translated': async (client) =>
        client.audio.translations.create({ model: 'whisper-1', file: await file(sound, 'a.wav') }),
    },
    overreach: (client) => client.chat.completions.create({ ...question, web_search_options: {} }),
    read: (error) =>
      error instanceof Client.APIError ? { status: error.status, code: error.code } : expect.fail(`${error}`),
  });

  let broker: Broker;
  let token: string;
  beforeAll(async () => {
    broker = await startBroker();
    token = (await connect(broker, { provider: 'azure' })).tokens.access_token;
  });
  afterAll(() => broker.close());
  const received = () => broker.sandbox.received().at(-1);
  const own = { apiVersion, maxRetries: 0 };

  it('may ask for its token before each call, as it does for one of Entra', async () => {
    let asked = 0;
    const azureADTokenProvider = async () => {
      asked += 1;
      return token;
    };
    const client = new Client({ ...own, endpoint: `${broker.url}/azure`, azureADTokenProvider });
    for (const _turn of [1, 2]) await client.chat.completions.create(question);
    expect(asked).toBe(2);
    expect(received()).toMatchObject({
      path: `/azure/openai/deployments/${model}/chat/completions`,
      query_names: ['api-version'],
    });
  });

  it('may be given the base URL, with or without the deployment', async () => {
    const baseURL = `${broker.url}/azure/openai`;
    const client = new Client({ ...own, baseURL, apiKey: token });
    await client.chat.completions.create(question);
    expect(received()?.path).toBe(`/azure/openai/deployments/${model}/chat/completions`);
    const deployed = new Client({ ...own, baseURL: `${baseURL}/deployments/my-chat`, apiKey: token });
    await deployed.chat.completions.create(question);
    expect(received()).toMatchObject({ path: '/azure/openai/deployments/my-chat/chat/completions' });
  });

  it('may name the deployment once, whatever model its calls name', async () => {
    const client = new Client({
      ...own,
      endpoint: `${broker.url}/azure`,
      apiKey: token,
      deployment: 'my-chat',
    });
    const { model: answered } = await client.chat.completions.create(question);
    expect(received()).toMatchObject({ path: '/azure/openai/deployments/my-chat/chat/completions' });
    expect(answered).toBe('my-chat');
  });

  it.each(['dep/../x y', '../../files', 'dep#x', 'dep?x'])('is refused a deployment %j', async (name) => {
    const client = new Client({ ...own, endpoint: `${broker.url}/azure`, apiKey: token });
    const before = broker.sandbox.received().length;
    const error = await client.chat.completions
      .create({ ...question, model: name })
      .catch((thrown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(broker.sandbox.received()).toHaveLength(before);
  });

  it('lists the models of the resource, but for those that the account has made', async () => {
    const client = new Client({ ...own, endpoint: `${broker.url}/azure`, apiKey: token });
    const names = (await Array.fromAsync(client.models.list())).map(({ id }) => id);
    expect(names).toContain('gpt-4o-mini');
    expect(names.filter((name) => name.includes('ft'))).toEqual([]);
  });
});
