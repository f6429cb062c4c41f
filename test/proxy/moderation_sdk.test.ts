import OpenAI, { toFile } from 'openai';
import OpenAI6 from 'openai-6';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, connect, startBroker } from '../support/broker.ts';
import { settledCall } from './support/world.ts';

let broker: Broker;
let token: string;
beforeAll(async () => {
  broker = await startBroker({ env: { COATCHECK_MODERATION: 'block' } });
  token = (await connect(broker)).tokens.access_token;
});
afterAll(async () => {
  await broker.close();
});

/** What the provider has billed so far. */
const billed = () => broker.sandbox.received().reduce((sum, { billed_nano_usd }) => sum + billed_nano_usd, 0);

/** What the sandbox flags. */
const harm = 'Say something full of hate';
const picture = (content: string) =>
  `data:image/png;base64,${Buffer.from(`PNG ${content}`).toString('base64')}`;

/** Calls with a text, and a picture where they take one. */
const program: Readonly<Record<string, (client: OpenAI, text: string, seen: string) => Promise<unknown>>> = {
  chat: (client, text, seen) =>
    client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text },
            { type: 'image_url', image_url: { url: picture(seen) } },
          ],
        },
      ],
    }),
  'chat, streamed': async (client, text) =>
    Array.fromAsync(
      await client.chat.completions.create({
        model: 'gpt-4o-mini',
        messages: [{ role: 'user', content: text }],
        stream: true,
      }),
    ),
  'responses, streamed': async (client, text) =>
    Array.fromAsync(await client.responses.create({ model: 'gpt-5', input: text, stream: true })),
  'pictures from pictures': async (client, text, seen) =>
    client.images.edit({
      model: 'gpt-image-2',
      prompt: text,
      image: await toFile(Buffer.from(`PNG ${seen}`), 'a.png', { type: 'image/png' }),
    }),
};

describe.each([
  ['openai 7', OpenAI],
  ['openai 6', OpenAI6 as unknown as typeof OpenAI],
])('%s', (_, Sdk) => {
  const open = (apiKey = token) => new Sdk({ baseURL: `${broker.url}/openai/v1`, apiKey, maxRetries: 3 });
  const thrown = (run: Promise<unknown>) =>
    run.then(
      () => expect.fail(),
      (error: unknown) => error,
    );
  const refused = { status: 400, code: 'content_flagged', type: 'invalid_request_error' };

  it.each(Object.entries(program))('is answered and refused by what is judged: %s', async (_name, run) => {
    expect(await run(open(), 'Good morning', 'a cat')).toBeTruthy();
    expect(await settledCall({ broker })).toMatchObject({ outcome: 'answered', flags: null });
    const before = billed();
    expect(await thrown(run(open(), harm, 'a cat'))).toMatchObject(refused);
    expect(billed()).toBe(before);
    expect(await settledCall({ broker })).toMatchObject({ outcome: 'not_sent', flags: 'hate' });
  });

  it.each(['chat', 'pictures from pictures'])('is refused by a picture that is flagged: %s', async (name) => {
    const run = program[name]?.(open(), 'Good morning', 'violence');
    expect(await thrown(Promise.resolve(run))).toMatchObject(refused);
    expect(await settledCall({ broker })).toMatchObject({ outcome: 'not_sent', flags: 'violence' });
  });

  it('is told by its own error of a key that may not have content judged', async () => {
    const { tokens } = await connect(broker, { key: 'sk-sandbox-no-moderation-1' });
    const run = program.chat?.(open(tokens.access_token), 'Good morning', 'a cat');
    const error = await thrown(Promise.resolve(run));
    expect(error).toMatchObject({ status: 403, code: 'provider_key_invalid' });
    expect(String(error)).toContain('has to be judged harmless first');
  });
});
