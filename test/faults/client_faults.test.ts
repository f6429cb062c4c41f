import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { dial } from '../proxy/support/raw.ts';
import type { Answer } from '../proxy/support/upstream.ts';
import { call, chat, type ProxyWorld, startWorld } from '../proxy/support/world.ts';

let world: ProxyWorld;
const open = new Set<Socket>();

beforeAll(async () => {
  world = await startWorld({ env: { COATCHECK_STREAM_IDLE_TIMEOUT: '4' } });
});
afterAll(async () => {
  for (const socket of open) socket.destroy();
  await world.close();
});

const soon = { timeout: 10_000 };
const stream = { ...chat, stream: true };
const event = 'data: {"choices":[]}\n\n';
const done = 'data: [DONE]\n\n';

/** The bytes of a call of the app. */
function requestOf(body: object): string {
  const text = JSON.stringify(body);
  return [
    'POST /openai/v1/chat/completions HTTP/1.1',
    `host: ${new URL(world.url).host}`,
    `authorization: Bearer ${world.token}`,
    'content-type: application/json',
    `content-length: ${text.length}`,
    '',
    text,
  ].join('\r\n');
}

function send(bytes: string): Socket {
  const socket = dial(world.url);
  open.add(socket);
  socket.on('error', () => {}).on('close', () => open.delete(socket));
  socket.write(bytes);
  return socket;
}

/** Reads until the other side closes. */
async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  await once(socket, 'close');
  return text;
}

async function outcomes(): Promise<Readonly<Record<string, number>>> {
  const rows = await world.broker.home.query<{ outcome: string | null; count: number }>(
    'select outcome, count(*) as count from calls group by outcome',
  );
  return Object.fromEntries(rows.map(({ outcome, count }) => [outcome ?? 'pending', count]));
}

/** Counts from here on how calls end. */
async function counting() {
  const before = await outcomes();
  return async () => {
    const now = await outcomes();
    const more = Object.entries(now).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
    return Object.fromEntries(more.filter(([, count]) => count > 0));
  };
}

const endless: Answer = (response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const piece = `data: ${'x'.repeat(16_384)}\n\n`;
  const fill = () => {
    while (!response.destroyed && response.write(piece));
  };
  response.on('drain', fill);
  fill();
};

describe('apps that stop reading', () => {
  it('are all cut off in the end, and take no more memory the longer it lasts', async () => {
    const since = await counting();
    world.upstream.answer = endless;
    const sockets = Array.from({ length: 40 }, () => send(requestOf(stream)).pause());
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    let most = 0;
    await vi.waitFor(
      async () => {
        const now = process.memoryUsage();
        most = Math.max(most, now.heapUsed - heapUsed + now.arrayBuffers - arrayBuffers);
        expect(await since()).toEqual({ aborted: 40 });
      },
      { timeout: 30_000, interval: 100 },
    );
    // Of all that takes part: the provider and the apps are in this process too.
    expect(most).toBeLessThan(40 * 4 * 1024 ** 2);
    for (const socket of sockets) socket.destroy();
  }, 40_000);
});

describe('apps that send several requests at once', () => {
  it('are answered in order, and what breaks off does not end as if it were finished', async () => {
    const since = await counting();
    let goOn = () => {};
    world.upstream.answer = (response, { body }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(event);
      if (body.includes('"gpt-4o"')) goOn = () => response.end(done);
      else setTimeout(() => response.destroy(), 20);
    };
    const socket = send(requestOf({ ...stream, model: 'gpt-4o' }) + requestOf(stream));
    const text = readAll(socket);
    await expect.poll(since, soon).toEqual({ pending: 1, cut: 1 });
    goOn();
    const [, first = '', second = ''] = (await text).split('HTTP/1.1 200 OK');
    expect(first).toContain('[DONE]');
    expect(first.endsWith('\r\n0\r\n\r\n')).toBe(true);
    expect(second).toContain('data: ');
    expect(second).not.toContain('\r\n0\r\n\r\n');
    await expect.poll(since, soon).toEqual({ answered: 1, cut: 1 });
  });

  it('and leave are waited for no longer than apps that stop reading', async () => {
    const since = await counting();
    world.upstream.answer = endless;
    const asked = [world.upstream.next(), world.upstream.next()];
    const socket = send(requestOf(stream) + requestOf(stream));
    const requests = await Promise.all(asked);
    socket.destroy();
    await Promise.all(requests.map(({ closed }) => closed));
    await expect.poll(since, soon).not.toHaveProperty('pending');
  });
});

describe('connections that are half open', () => {
  it('an app that closes its side while it waits is taken to have left', async () => {
    const since = await counting();
    world.upstream.answer = () => {};
    const asked = world.upstream.next();
    const socket = send(requestOf(chat));
    const request = await asked;
    socket.end();
    await request.closed;
    await expect.poll(since, soon).toEqual({ aborted: 1 });
  });
});

describe('connections that never become a request', () => {
  it('a thousand of them keep nobody else from being answered, and leave no record', async () => {
    const since = await counting();
    const head = requestOf(chat).split('\r\n\r\n', 1)[0] ?? '';
    const halfHeads = Array.from({ length: 500 }, () => send(head));
    const halfBodies = Array.from({ length: 500 }, () => send(`${head}\r\n\r\n{"model":`));
    await Promise.all([...halfHeads, ...halfBodies].map((socket) => once(socket, 'connect')));
    world.upstream.answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"choices":[]}');
    };
    const began = performance.now();
    const response = await call(world, '/chat/completions', { body: chat });
    expect(response.status).toBe(200);
    expect(performance.now() - began).toBeLessThan(5_000);
    await expect.poll(since, soon).toEqual({ answered: 1 });
    const ends = await Promise.all(halfBodies.map(readAll));
    expect(ends.every((text) => text.startsWith('HTTP/1.1 408 '))).toBe(true);
    for (const socket of halfHeads) socket.destroy();
    expect(await since()).toEqual({ answered: 1 });
  });
});
