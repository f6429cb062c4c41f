import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byteByByte, events } from './support/upstream.ts';
import { call, chat, type ProxyWorld, settledCall, startWorld } from './support/world.ts';

let world: ProxyWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  await world.close();
});

const stream = { ...chat, stream: true };
const asked = { ...stream, stream_options: { include_usage: true } };
const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };
const delta = (content: string) =>
  `data: ${JSON.stringify({ choices: [{ delta: { content } }], usage: null })}\n\n`;
const usageChunk = `data: ${JSON.stringify({ choices: [], usage })}\n\n`;
const done = 'data: [DONE]\n\n';

async function streamed(body: unknown, path = '/chat/completions'): Promise<string> {
  const response = await call(world, path, { body });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  return response.text();
}

describe('usage of a chat stream', () => {
  it.each(['\n', '\r\n', '\r'])(
    'is recorded, and hidden from an app that did not ask, with line ends %j',
    async (end) => {
      const text = [delta('Hel'), delta('lo "usage":{'), usageChunk, done].join('').replaceAll('\n', end);
      for (const answer of [events(text), byteByByte(text)]) {
        world.upstream.answer = answer;
        const seen = await streamed(stream);
        expect(seen.replaceAll(end, '\n').trim()).toBe(
          [delta('Hel'), delta('lo "usage":{'), done].join('').trim(),
        );
        expect((await settledCall(world)).usage).toEqual({ input_tokens: 9, output_tokens: 3 });
      }
    },
  );

  it('is shown to an app that asked', async () => {
    const text = [delta('Hello'), usageChunk, done].join('');
    for (const answer of [events(text), byteByByte(text)]) {
      world.upstream.answer = answer;
      expect(await streamed(asked)).toBe(text);
    }
  });

  it('does not take a last chunk with text along when it is hidden', async () => {
    const last = `data: ${JSON.stringify({ choices: [{ delta: { content: '.' } }], usage })}\n\n`;
    world.upstream.answer = events(delta('Hello'), last, done);
    expect(await streamed(stream)).toBe([delta('Hello'), last, done].join(''));
    expect((await settledCall(world)).usage).toEqual({ input_tokens: 9, output_tokens: 3 });
  });

  it('is always asked for', async () => {
    world.upstream.answer = events(done);
    await streamed(stream);
    expect(JSON.parse(world.upstream.requests.at(-1)?.body ?? '').stream_options).toEqual({
      include_usage: true,
    });
  });
});

describe('a stream', () => {
  it('hands on each event as soon as it is complete', async () => {
    let goOn = () => {};
    world.upstream.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(delta('first') + delta('second').slice(0, 10));
      goOn = () => response.end(delta('second').slice(10) + done);
    };
    const response = await call(world, '/chat/completions', { body: stream });
    const reader = response.body?.getReader() ?? expect.fail();
    const first = await reader.read();
    expect(Buffer.from(first.value ?? []).toString()).toBe(delta('first'));
    goOn();
    const rest: string[] = [];
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      rest.push(Buffer.from(part.value).toString());
    }
    expect(rest.join('')).toBe(delta('second') + done);
  });

  it.each<[string, string, string]>([
    ['no closing event', '/chat/completions', delta('Hel')],
    ['an event that is not complete', '/chat/completions', `${delta('Hel')}${done}data: {"choi`],
    ['no closing event', '/responses', 'event: response.created\ndata: {"type":"response.created"}\n\n'],
  ])('that ends with %s does not end as if it were finished: %s', async (_, path, text) => {
    world.upstream.answer = events(text);
    const body = path === '/responses' ? { model: 'gpt-5', input: 'Hi', stream: true } : stream;
    const response = await call(world, path, { body });
    await expect(response.text()).rejects.toThrow();
    expect((await settledCall(world)).outcome).toBe('cut');
  });

  it.each(['response.completed', 'response.incomplete', 'response.failed'])(
    'of a response ends with %s, which reports usage',
    async (type) => {
      const response = { id: 'r', usage: { input_tokens: 5, output_tokens: 2 }, error: null };
      const text = `event: ${type}\ndata: ${JSON.stringify({ type, response })}\n\n`;
      world.upstream.answer = byteByByte(text);
      expect(await streamed({ model: 'gpt-5', input: 'Hi', stream: true }, '/responses')).toBe(text);
      const settled = await settledCall(world);
      expect(settled).toMatchObject({ outcome: 'answered', usage: { input_tokens: 5, output_tokens: 2 } });
    },
  );

  it('that reports an error tells it, ends, and is on record as cut', async () => {
    world.upstream.answer = events(
      delta('Hel'),
      'data: {"error":{"message":"org-abcdefgh","code":"server_error"}}\n\n',
    );
    const seen = await streamed(stream);
    expect(seen.startsWith(delta('Hel'))).toBe(true);
    expect(JSON.parse(seen.split('data: ').at(-1) ?? '')).toEqual({
      error: {
        message: 'The provider broke off with an error. Try again.',
        type: null,
        code: 'server_error',
        param: null,
        source: 'provider',
      },
    });
    expect((await settledCall(world)).outcome).toBe('cut');
  });

  it('keeps comments and events that it does not know', async () => {
    const text = `: keep-alive\n\nevent: new\nid: 4\nretry: 10\ndata: x\ndata: y\n\n${done}`;
    world.upstream.answer = events(text);
    expect(await streamed(stream)).toBe(text);
  });
});
