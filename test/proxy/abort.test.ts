import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dial } from './support/raw.ts';
import { call, chat, type ProxyWorld, settledCall, startWorld } from './support/world.ts';

let world: ProxyWorld;
beforeAll(async () => {
  world = await startWorld({
    env: { COATCHECK_STREAM_IDLE_TIMEOUT: '2', COATCHECK_UPSTREAM_CONNECT_TIMEOUT: '30' },
  });
});
afterAll(async () => {
  await world.close();
});

const stream = { ...chat, stream: true };
const callCount = async () =>
  (await world.broker.deps.store.records.listCalls({}, { before: null, limit: 100 })).length;
const moment = (milliseconds = 50) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A request whose connection the test breaks itself. */
function open(path: string, body: string, length = body.length) {
  const socket = dial(world.url);
  socket.on('error', () => {});
  socket.write(
    [
      `POST /openai/v1${path} HTTP/1.1`,
      `host: ${new URL(world.url).host}`,
      `authorization: Bearer ${world.token}`,
      'content-type: application/json',
      `content-length: ${length}`,
      '',
      body,
    ].join('\r\n'),
  );
  return socket;
}

async function expectAlive(): Promise<void> {
  expect((await fetch(`${world.broker.url}/healthz`)).status).toBe(200);
}

describe('an app that goes away', () => {
  it('154 while it sends its body leaves nothing behind', async () => {
    const [calls, requests] = [await callCount(), world.upstream.requests.length];
    const socket = open('/chat/completions', '{"model":', 1000);
    await moment();
    socket.destroy();
    await moment();
    expect(await callCount()).toBe(calls);
    expect(world.upstream.requests.length).toBe(requests);
    await expectAlive();
  });

  it('154 while its call is decided is on record as not sent', async () => {
    const { ledger } = world.broker.deps.store;
    const decide = ledger.admit;
    let isAsked = () => {};
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve;
    });
    let goOn = () => {};
    const waiting = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    ledger.admit = async (...batch) => {
      isAsked();
      await waiting;
      return decide.apply(ledger, batch);
    };
    const requests = world.upstream.requests.length;
    const socket = open('/chat/completions', JSON.stringify(chat));
    await asked;
    socket.destroy();
    await moment();
    goOn();
    ledger.admit = decide;
    await moment();
    expect(await settledCall(world)).toMatchObject({ outcome: 'not_sent', costNanoUsd: 0, status: null });
    expect(world.upstream.requests.length).toBe(requests);
    await expectAlive();
  });

  it('154 while the provider thinks ends the call there at once', async () => {
    world.upstream.answer = () => {};
    for (const end of ['destroy', 'resetAndDestroy'] as const) {
      const asked = world.upstream.next();
      const socket = open('/chat/completions', JSON.stringify(chat));
      const request = await asked;
      const leftAt = performance.now();
      socket[end]();
      await request.closed;
      expect(performance.now() - leftAt).toBeLessThan(500);
      expect(await settledCall(world)).toMatchObject({ outcome: 'aborted', status: null, usage: null });
    }
    await expectAlive();
  });

  it('154 in the middle of a stream ends it there at once', async () => {
    world.upstream.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const writing = setInterval(() => response.write('data: {"choices":[]}\n\n'), 5);
      response.on('close', () => clearInterval(writing));
    };
    for (let round = 0; round < 5; round += 1) {
      const asked = world.upstream.next();
      const stop = new AbortController();
      const response = await call(world, '/chat/completions', { body: stream, signal: stop.signal });
      const request = await asked;
      await response.body?.getReader().read();
      const leftAt = performance.now();
      stop.abort();
      await request.closed;
      expect(performance.now() - leftAt).toBeLessThan(500);
      expect(await settledCall(world)).toMatchObject({ outcome: 'aborted', status: 200 });
    }
    await expectAlive();
  });

  it('154 while a held answer comes in ends it there at once', async () => {
    world.upstream.answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"choices":');
    };
    const asked = world.upstream.next();
    const socket = open('/chat/completions', JSON.stringify(chat));
    const request = await asked;
    await moment();
    socket.destroy();
    await request.closed;
    expect((await settledCall(world)).outcome).toBe('aborted');
  });

  it('154 in numbers, at any moment, leaves a record of each call settled once', async () => {
    world.upstream.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const writing = setInterval(() => response.write('data: {"choices":[]}\n\n'), 2);
      response.on('close', () => clearInterval(writing));
    };
    const before = world.upstream.requests.length;
    await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const socket = open('/chat/completions', JSON.stringify(stream));
        await moment(index);
        socket.destroy();
      }),
    );
    await expect
      .poll(async () => {
        const calls = await world.broker.deps.store.records.listCalls({}, { before: null, limit: 60 });
        return calls.filter(({ state }) => state !== 'settled');
      })
      .toEqual([]);
    expect(world.upstream.requests.length - before).toBeLessThanOrEqual(60);
    await expectAlive();
  });
});

describe('while the connection is made', () => {
  it('154 an app that goes away never reaches the provider', async () => {
    // A listener that takes connections and never speaks TLS.
    const silent = createServer((socket) => socket.on('error', () => {}));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const { deps } = world.broker;
    const { upstreamOf } = deps;
    Object.assign(deps, { upstreamOf: () => `https://127.0.0.1:${port}/v1` });
    const dialled = new Promise((resolve) => silent.once('connection', resolve));
    const socket = open('/chat/completions', JSON.stringify(chat));
    await dialled;
    socket.destroy();
    expect(await settledCall(world)).toMatchObject({ outcome: 'not_sent', costNanoUsd: 0 });
    Object.assign(deps, { upstreamOf });
    await expectAlive();
    silent.close();
  });
});

describe('what is slow', () => {
  it('154 an app that stops reading slows the provider down, and is cut off in the end', async () => {
    const piece = `data: ${'x'.repeat(64 * 1024)}\n\n`;
    let written = 0;
    world.upstream.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const fill = () => {
        while (!response.destroyed && response.write(piece)) written += piece.length;
        written += piece.length;
      };
      response.on('drain', fill);
      fill();
    };
    const asked = world.upstream.next();
    const socket = open('/chat/completions', JSON.stringify(stream));
    socket.pause();
    const request = await asked;
    await moment(1_000);
    const soFar = written;
    await moment(500);
    expect(written).toBe(soFar);
    // What the buffers of the system hold on the way, not more.
    expect(soFar).toBeLessThan(32 * 1024 ** 2);
    await request.closed;
    expect(await settledCall(world)).toMatchObject({ outcome: 'aborted' });
    socket.destroy();
    await expectAlive();
  });

  it('154 an app that reads slowly gets everything', async () => {
    const pieces = Array.from({ length: 200 }, (_, index) => `data: ${index} ${'x'.repeat(64 * 1024)}\n\n`);
    world.upstream.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(`${pieces.join('')}data: [DONE]\n\n`);
    };
    const response = await call(world, '/chat/completions', { body: stream });
    const chunks: Buffer[] = [];
    for await (const chunk of response.body ?? []) {
      chunks.push(Buffer.from(chunk as Uint8Array));
      if (chunks.length % 20 === 0) await moment(1);
    }
    expect(Buffer.concat(chunks).toString()).toBe(`${pieces.join('')}data: [DONE]\n\n`);
    expect((await settledCall(world)).outcome).toBe('answered');
  });

  it('154 a provider that falls silent in the middle is given up', async () => {
    world.upstream.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"choices":[]}\n\n');
    };
    const asked = world.upstream.next();
    const response = await call(world, '/chat/completions', { body: stream });
    await expect(response.text()).rejects.toThrow();
    await (await asked).closed;
    expect((await settledCall(world)).outcome).toBe('cut');
  });

  it('154 an event that never ends is bounded', async () => {
    const piece = 'x'.repeat(1024 * 1024);
    world.upstream.answer = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: ');
      const fill = () => {
        while (!response.destroyed && response.write(piece));
      };
      response.on('drain', fill);
      fill();
    };
    const asked = world.upstream.next();
    const response = await call(world, '/chat/completions', { body: stream });
    await expect(response.text()).rejects.toThrow();
    await (await asked).closed;
    expect((await settledCall(world)).outcome).toBe('cut');
  });
});
