import type { Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Settlement } from '../../src/store/contract/ledger.ts';
import { call, chat, errorOf, type ProxyWorld, settledCall, startWorld } from '../proxy/support/world.ts';
import { type Behaviour, type RawUpstream, startRawUpstream } from './support/raw_upstream.ts';

let world: ProxyWorld;
let upstream: RawUpstream;
const settlements: Settlement[] = [];

beforeAll(async () => {
  upstream = await startRawUpstream();
  world = await startWorld({
    env: {
      COATCHECK_UPSTREAM_CONNECT_TIMEOUT: '1',
      COATCHECK_UPSTREAM_HEADERS_TIMEOUT: '1',
      COATCHECK_STREAM_IDLE_TIMEOUT: '1',
    },
  });
  const { deps } = world.broker;
  Object.assign(deps, { upstreamOf: () => upstream.url });
  const { ledger } = deps;
  const { settle } = ledger;
  Object.assign(ledger, {
    settle(settlement: Settlement) {
      settlements.push(settlement);
      settle(settlement);
    },
  });
});
afterAll(async () => {
  await world.close();
  await upstream.close();
});
beforeEach(() => {
  settlements.length = 0;
});

const soon = { timeout: 10_000 };
const answer = JSON.stringify({ id: 'whole', choices: [] });
const event = 'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n';
const done = 'data: [DONE]\n\n';
const jsonHead = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const streamHead = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n';
const chunked = 'transfer-encoding: chunked\r\n\r\n';
const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const whole = `${jsonHead}content-length: ${answer.length}\r\n\r\n${answer}`;

const says =
  (...texts: readonly string[]): Behaviour =>
  (socket) =>
    socket.write(texts.join(''), 'latin1');
const saysAndCloses =
  (...texts: readonly string[]): Behaviour =>
  (socket) =>
    socket.end(texts.join(''), 'latin1');
const saysAndResets =
  (...texts: readonly string[]): Behaviour =>
  (socket) => {
    if (texts.length === 0) socket.resetAndDestroy();
    else socket.write(texts.join(''), 'latin1', () => setTimeout(() => socket.resetAndDestroy(), 50));
  };
/** Writes without end, as fast as it is read or every so many milliseconds. */
const goesOn =
  (first: string, piece: string, every?: number): Behaviour =>
  (socket) => {
    socket.write(first);
    if (every !== undefined) {
      const writing = setInterval(() => socket.write(piece), every);
      socket.on('close', () => clearInterval(writing));
      return;
    }
    const fill = () => {
      while (!socket.destroyed && socket.write(piece));
    };
    socket.on('drain', fill);
    fill();
  };

const ask = () => call(world, '/chat/completions', { body: chat });
const askStream = () => call(world, '/chat/completions', { body: { ...chat, stream: true } });

/** What every fault leaves behind: one settlement, no connection, and a broker that answers the next call as it should. */
async function expectRecovered(outcome: Settlement['outcome']): Promise<void> {
  const { id } = await settledCall(world);
  expect(settlements).toMatchObject([{ callId: id, outcome }]);
  await expect.poll(() => upstream.open, soon).toBe(0);
  upstream.behave = saysAndCloses(whole);
  const next = await ask();
  expect(await next.json()).toEqual({ id: 'whole', choices: [] });
  await settledCall(world);
}

describe('a provider that fails before its answer can be handed on', () => {
  it.each<[string, Behaviour, number, string, Settlement['outcome']]>([
    [
      'sends half a head and falls silent',
      says('HTTP/1.1 200 OK\r\ncont'),
      504,
      'provider_timeout',
      'failed',
    ],
    [
      'sends its head byte by byte without end',
      goesOn('HTTP/1.1 200 OK\r\nx: ', 'x', 50),
      504,
      'provider_timeout',
      'failed',
    ],
    [
      'sends a head and no body',
      says(`${jsonHead}content-length: 100\r\n\r\n`),
      504,
      'provider_timeout',
      'cut',
    ],
    ['falls silent in the middle', says(jsonHead, chunked, chunk('{"id":')), 504, 'provider_timeout', 'cut'],
    ['sends no HTTP', says('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'), 502, 'provider_error', 'failed'],
    ['sends garbage in HTTP', says('HTTP/1.1 two hundred OK\r\n\r\n'), 502, 'provider_error', 'failed'],
    [
      'sends a NUL in a header',
      says(`${jsonHead}x: a\0b\r\ncontent-length: 2\r\n\r\n{}`),
      502,
      'provider_error',
      'failed',
    ],
    [
      'sends a header of 64 KB',
      says(`${jsonHead}x: ${'x'.repeat(65_536)}\r\ncontent-length: 2\r\n\r\n{}`),
      502,
      'provider_error',
      'failed',
    ],
    [
      'sends 64 KB of headers',
      says(jsonHead, 'x-y: z\r\n'.repeat(8192), 'content-length: 2\r\n\r\n{}'),
      502,
      'provider_error',
      'failed',
    ],
    ['floods with headers', goesOn(jsonHead, 'x-y: z\r\n'.repeat(1000)), 502, 'provider_error', 'failed'],
    [
      'says its length twice',
      says(`${jsonHead}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`),
      502,
      'provider_error',
      'failed',
    ],
    [
      'says its length and sends chunks',
      says(`${jsonHead}content-length: 2\r\n${chunked}${chunk('{}')}0\r\n\r\n`),
      502,
      'provider_error',
      'failed',
    ],
    [
      'announces its answer without end',
      goesOn('', 'HTTP/1.1 102 Processing\r\n\r\n', 20),
      502,
      'provider_error',
      'failed',
    ],
    [
      'floods with announcements',
      goesOn('', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(1000)),
      502,
      'provider_error',
      'failed',
    ],
    ['closes at once', saysAndCloses(), 502, 'provider_error', 'failed'],
    ['resets at once', saysAndResets(), 502, 'provider_error', 'failed'],
    ['resets in its head', saysAndResets('HTTP/1.1 200'), 502, 'provider_error', 'failed'],
    ['resets after its head', saysAndResets(`${jsonHead}${chunked}`), 502, 'provider_error', 'cut'],
    ['resets in its body', saysAndResets(jsonHead, chunked, chunk('{"id":')), 502, 'provider_error', 'cut'],
    [
      'closes before its length',
      saysAndCloses(`${jsonHead}content-length: 100\r\n\r\n{"id":"x"}`),
      502,
      'provider_error',
      'cut',
    ],
    [
      'closes before its last chunk',
      saysAndCloses(jsonHead, chunked, chunk(answer)),
      502,
      'provider_error',
      'cut',
    ],
    [
      'sends more than its length',
      says(`${jsonHead}content-length: 10\r\n\r\n${answer}`),
      502,
      'provider_error',
      'cut',
    ],
    [
      'sends a chunk with no size',
      says(jsonHead, chunked, chunk('{"id":'), 'size?\r\n'),
      502,
      'provider_error',
      'cut',
    ],
    [
      'sends JSON with a NUL',
      saysAndCloses(`${jsonHead}content-length: 7\r\n\r\n{"a":\0}`),
      502,
      'provider_error',
      'cut',
    ],
    [
      'sends JSON without end',
      goesOn(`${jsonHead}${chunked}`, chunk('x'.repeat(1024 ** 2))),
      502,
      'provider_error',
      'cut',
    ],
    [
      'switches protocols',
      says('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
      502,
      'provider_error',
      'failed',
    ],
  ])('%s', async (_, behaviour, status, code, outcome) => {
    upstream.behave = behaviour;
    const began = performance.now();
    const response = await ask();
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toMatchObject({ code, type: 'server_error', source: 'coatcheck' });
    await expectRecovered(outcome);
  });
});

describe('a provider that fails in the middle of a stream', () => {
  it.each<[string, Behaviour]>([
    ['falls silent', says(streamHead, chunked, chunk(event))],
    ['resets', saysAndResets(streamHead, chunked, chunk(event))],
    ['closes without its last chunk', saysAndCloses(streamHead, chunked, chunk(event))],
    ['closes without its last event', saysAndCloses(streamHead, 'connection: close\r\n\r\n', event)],
    ['closes before its length', saysAndCloses(streamHead, 'content-length: 1000\r\n\r\n', event)],
    [
      'ends with its length, in the middle of an event',
      says(streamHead, `content-length: ${event.length + 5}\r\n\r\n`, event, done),
    ],
    ['sends a chunk with no size', says(streamHead, chunked, chunk(event), 'size?\r\n')],
    ['sends another answer in the place of a chunk', says(streamHead, chunked, chunk(event), whole)],
  ])('%s', async (_, behaviour) => {
    upstream.behave = behaviour;
    const response = await askStream();
    expect(response.status).toBe(200);
    const { text, ended } = await readAll(response);
    expect(text).toBe(event);
    expect(ended).toBe('broken');
    await expectRecovered('cut');
  });
});

describe('a provider that is odd', () => {
  it.each<[string, Behaviour]>([
    [
      'answers in HTTP/1.0 and closes',
      saysAndCloses('HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n', answer),
    ],
    [
      'sends its body byte by byte, for longer than it may be silent',
      (socket: Socket) => trickle(socket, whole, 60),
    ],
    ['sends more behind its answer', (socket: Socket) => socket.write(whole + whole)],
    ['hints at what is to come first', says('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n', whole)],
  ])('%s still gets to answer', async (_, behaviour) => {
    upstream.behave = behaviour;
    const response = await ask();
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ id: 'whole', choices: [] });
    upstream.behave = says(whole.replaceAll('whole', 'other'));
    expect(await (await ask()).json()).toEqual({ id: 'other', choices: [] });
    await expect.poll(() => settlements.length, soon).toBe(2);
  });
});

/** Sends a whole head, and its body byte by byte. */
function trickle(socket: Socket, text: string, every: number): void {
  let sent = text.indexOf('\r\n\r\n') + 4;
  socket.write(text.slice(0, sent));
  const writing = setInterval(() => {
    socket.write(text.charAt(sent));
    sent += 1;
    if (sent === text.length) clearInterval(writing);
  }, every);
  socket.on('close', () => clearInterval(writing));
}

async function readAll(response: Response): Promise<{ text: string; ended: 'as it should' | 'broken' }> {
  let text = '';
  try {
    for await (const part of response.body?.pipeThrough(new TextDecoderStream()) ?? []) text += part;
    return { text, ended: 'as it should' };
  } catch {
    return { text, ended: 'broken' };
  }
}
