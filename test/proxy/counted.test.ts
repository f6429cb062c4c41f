import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dial } from './support/raw.ts';
import { call, chat, type ProxyWorld, settledCall, startWorld } from './support/world.ts';

let world: ProxyWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const stream = { ...chat, model: 'gpt-4o', stream: true };

/** Little text in much else. */
const piece = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'word' } }], obfuscation: 'x'.repeat(60_000) })}\n\n`;

/** As much of it as is read. @returns how much was written */
function writeWithoutEnd(response: ServerResponse): () => number {
  let written = 0;
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const fill = () => {
    while (!response.destroyed && response.write(piece)) written += 1;
  };
  response.on('drain', fill);
  fill();
  return () => written;
}

describe('a stream that its app breaks off', () => {
  it('counts as what was seen of it, and what may have been on its way', async () => {
    world.upstream.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(piece);
    };
    const stop = new AbortController();
    const response = await call(world, '/chat/completions', { body: stream, signal: stop.signal });
    await response.body?.getReader().read();
    stop.abort();
    const { outcome, costNanoUsd, countedNanoUsd, reservedNanoUsd } = await settledCall(world);
    expect([outcome, costNanoUsd]).toEqual(['aborted', null]);
    // 2,048 tokens at ten dollars for a million, beside what was asked.
    expect(countedNanoUsd).toBeGreaterThan(2_048 * 10_000);
    expect(countedNanoUsd).toBeLessThan(reservedNanoUsd);
  });

  it('counts as the most that it can cost when the app did not read: the provider may have written on', async () => {
    let written = () => 0;
    world.upstream.answer = (response) => {
      written = writeWithoutEnd(response);
    };
    const asked = world.upstream.next();
    const body = JSON.stringify(stream);
    const socket = dial(world.url);
    socket.on('error', () => {}).pause();
    socket.write(
      `POST /openai/v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${world.token}\r\n` +
        `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    const request = await asked;
    const seen: number[] = [];
    await expect
      .poll(() => {
        seen.push(written());
        return seen.length > 10 && new Set(seen.slice(-10)).size === 1;
      })
      .toBe(true);
    socket.destroy();
    await request.closed;
    const { outcome, countedNanoUsd, reservedNanoUsd } = await settledCall(world);
    expect([outcome, countedNanoUsd]).toEqual(['aborted', reservedNanoUsd]);
  });
});

describe('what a provider reports', () => {
  const answerWith = (tokens: number) => {
    world.upstream.answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({ model: 'gpt-4o', usage: { prompt_tokens: tokens, completion_tokens: 0 } }),
      );
    };
  };
  const ask = async () => {
    await (await call(world, '/chat/completions', { body: { ...chat, model: 'gpt-4o' } })).text();
    return settledCall(world);
  };

  it('counts, also where it is more than the call was held to cost', async () => {
    answerWith(10_000_000);
    const { costNanoUsd, countedNanoUsd, reservedNanoUsd } = await ask();
    expect([costNanoUsd, countedNanoUsd]).toEqual([25_000_000_000, 25_000_000_000]);
    expect(reservedNanoUsd).toBeLessThan(25_000_000_000);
  });

  it('counts up to the largest amount there is, and keeps no other call from being settled', async () => {
    answerWith(1e305);
    expect(await ask()).toMatchObject({ countedNanoUsd: Number.MAX_SAFE_INTEGER });
    answerWith(4);
    expect(await ask()).toMatchObject({ countedNanoUsd: 10_000 });
  });
});
