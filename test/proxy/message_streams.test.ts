import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, byteByByte, events } from './support/upstream.ts';
import { call, chat, type ProxyWorld, settledCall, startWorld } from './support/world.ts';

let world: ProxyWorld;
beforeAll(async () => {
  world = await startWorld({ provider: 'anthropic' });
});
afterAll(async () => {
  await world.close();
});

const event = (type: string, rest: object = {}) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;
const started = (usage: unknown) =>
  event('message_start', { message: { id: 'msg_1', model: 'claude-opus-5', content: [], usage } });
const text = (part: string) =>
  event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: part } });
const ended = (usage: unknown) => event('message_delta', { delta: { stop_reason: 'end_turn' }, usage });
const stopped = event('message_stop');

const read = {
  input_tokens: 9,
  cache_creation_input_tokens: 4,
  cache_read_input_tokens: 2,
  output_tokens: 1,
};
const nulls = {
  input_tokens: null,
  cache_creation_input_tokens: null,
  cache_read_input_tokens: null,
  output_tokens: 30,
};
const usage = { input_tokens: 15, cache_read_tokens: 2, cache_write_tokens: 4, output_tokens: 30 };

function ask(answer: Answer): Promise<Response> {
  world.upstream.answer = answer;
  const body = { model: 'claude-opus-5', max_tokens: 50, messages: chat.messages, stream: true };
  return call(world, '/v1/messages', { body });
}

describe('the stream of a message', () => {
  const whole = (...between: readonly string[]) =>
    [started(read), event('ping'), text('Hel'), text('lo "usage":{'), ...between, stopped].join('');

  it.each(['\n', '\r\n', '\r'])(
    'goes on as it came, wherever it is split, with line ends %j',
    async (end) => {
      const sent = whole(ended(nulls)).replaceAll('\n', end);
      for (const answer of [events(sent), byteByByte(sent)]) {
        const response = await ask(answer);
        expect(await response.text()).toBe(sent);
        expect(await settledCall(world)).toMatchObject({ outcome: 'answered', usage });
      }
    },
  );

  it.each([
    ['null for what was read', nulls],
    ['only what was written', { output_tokens: 30 }],
    ['everything again', { ...read, output_tokens: 30 }],
    ['more and more', { ...read, output_tokens: 30 }, { output_tokens: 12 }],
  ])('reports what was read at its start and what was written at its end: %s', async (_, last, ...before) => {
    await (await ask(events(whole(...[...before, last].map(ended))))).text();
    const settled = await settledCall(world);
    expect(settled.usage).toEqual(usage);
    // 5 USD for a million tokens, 6.25 written to the cache and 0.5 read from it, 25 for the answer.
    expect(settled.costNanoUsd).toBe(9 * 5_000 + 4 * 6_250 + 2 * 500 + 30 * 25_000);
  });

  it('that reports no usage has a price that nobody knows', async () => {
    await (await ask(events(started(null), text('Hi'), stopped))).text();
    expect(await settledCall(world)).toMatchObject({ outcome: 'answered', usage: null, costNanoUsd: null });
  });

  it.each([
    ['no last event', started(read) + text('Hel') + ended(nulls)],
    ['an event that is not complete', `${whole(ended(nulls))}event: message_st`],
  ])('that ends with %s does not end as if it were finished', async (_, sent) => {
    const response = await ask(events(sent));
    await expect(response.text()).rejects.toThrow();
    expect((await settledCall(world)).outcome).toBe('cut');
  });

  it('that reports an error tells it, ends, and is on record as cut, at a price that nobody knows', async () => {
    const failed = event('error', { error: { type: 'overloaded_error', message: 'Overloaded' } });
    const seen = await (await ask(byteByByte(started(read) + text('Hel') + failed))).text();
    expect(seen.startsWith(started(read) + text('Hel'))).toBe(true);
    expect(JSON.parse(seen.split('data: ').at(-1) ?? '')).toEqual({
      type: 'error',
      error: {
        type: 'overloaded_error',
        message: 'The provider broke off with an error. Try again.',
        code: null,
        param: null,
        source: 'provider',
      },
    });
    expect(await settledCall(world)).toMatchObject({
      outcome: 'cut',
      usage: { ...usage, output_tokens: 1 },
      costNanoUsd: null,
    });
  });

  it('that the app leaves half-way has a price that nobody knows: what was written is not told', async () => {
    const leave = new AbortController();
    world.upstream.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(started(read) + text('Hel'));
    };
    const body = { model: 'claude-opus-5', max_tokens: 50, messages: chat.messages, stream: true };
    const response = await call(world, '/v1/messages', { body, signal: leave.signal });
    await response.body?.getReader().read();
    leave.abort();
    expect(await settledCall(world)).toMatchObject({ outcome: 'aborted', costNanoUsd: null });
  });
});
