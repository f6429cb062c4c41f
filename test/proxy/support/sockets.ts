import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { JsonObject } from '../../../src/lib/json.ts';
import { type ProxyWorld, startWorld } from './world.ts';

/** One end of a WebSocket, as a test reads and writes it. */
export interface SocketEnd {
  readonly socket: WebSocket;
  /** What has come, oldest first. */
  readonly events: readonly JsonObject[];
  send(frame: JsonObject | string): void;
  /** The next event that nobody has taken yet. */
  next(): Promise<JsonObject>;
  /** Passes over events up to one of this type. */
  until(type: string): Promise<JsonObject>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

/** The provider's end of a socket that the broker has opened. */
export interface ProviderEnd extends SocketEnd {
  readonly request: IncomingMessage;
}

/** A broker before a provider whose sockets a test speaks itself. */
export interface SocketWorld extends ProxyWorld {
  /** The sockets that the broker has opened so far. */
  readonly opened: readonly ProviderEnd[];
  /** The next socket that the broker opens. */
  accept(): Promise<ProviderEnd>;
}

export async function startSocketWorld(options: Parameters<typeof startWorld>[0] = {}): Promise<SocketWorld> {
  const world = await startWorld(options);
  const server = new WebSocketServer({ server: world.upstream.server });
  const opened: ProviderEnd[] = [];
  const waiting: ((end: ProviderEnd) => void)[] = [];
  server.on('connection', (socket, request) => {
    const end = { ...endOf(socket), request };
    opened.push(end);
    waiting.shift()?.(end);
  });
  return {
    ...world,
    opened,
    accept: () => new Promise((resolve) => waiting.push(resolve)),
    async close() {
      for (const { socket } of opened) socket.terminate();
      await world.close();
    },
  };
}

export interface OpenOptions {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly subprotocols?: readonly string[];
}

/** Opens a socket at the broker. @param path under the mount, with its query */
export async function openSocket(
  { url, token }: Pick<ProxyWorld, 'url' | 'token'>,
  path: string,
  options: OpenOptions = {},
): Promise<SocketEnd> {
  const socket = new WebSocket(url.replace('http', 'ws') + path, [...(options.subprotocols ?? [])], {
    headers: options.headers ?? { authorization: `Bearer ${options.token ?? token}` },
  });
  const end = endOf(socket);
  await once(socket, 'open');
  return end;
}

/** Opens a socket and gives both of its ends. */
export async function openBoth(
  world: SocketWorld,
  path: string,
  options: OpenOptions = {},
): Promise<{ readonly app: SocketEnd; readonly provider: ProviderEnd }> {
  const accepted = world.accept();
  const app = await openSocket(world, path, options);
  return { app, provider: await accepted };
}

/** Every call on record, oldest first, once there are so many and all are settled. */
export async function recordedCalls({ broker }: Pick<ProxyWorld, 'broker'>, count: number) {
  const list = async () =>
    (await broker.deps.store.records.listCalls({}, { before: null, limit: 50 })).toReversed();
  await expect
    .poll(async () => (await list()).filter(({ state }) => state === 'settled'))
    .toHaveLength(count);
  const calls = await list();
  expect(calls).toHaveLength(count);
  return calls;
}

/** What the broker answers that opens no socket. */
export async function refusedSocket(
  { url, token }: Pick<ProxyWorld, 'url' | 'token'>,
  path: string,
  options: OpenOptions = {},
): Promise<{
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly error: JsonObject;
}> {
  const socket = new WebSocket(url.replace('http', 'ws') + path, [...(options.subprotocols ?? [])], {
    headers: options.headers ?? { authorization: `Bearer ${options.token ?? token}` },
  });
  const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  const body = JSON.parse(await text(answer)) as { readonly error: JsonObject };
  return { status: answer.statusCode ?? 0, headers: answer.headers, error: body.error };
}

function endOf(socket: WebSocket): SocketEnd {
  const events: JsonObject[] = [];
  const waiting: (() => void)[] = [];
  let taken = 0;
  socket.on('error', () => {});
  socket.on('message', (data) => {
    events.push(JSON.parse(String(data)) as JsonObject);
    for (const wake of waiting.splice(0)) wake();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.once('close', (code, reason) => {
      resolve({ code, reason: String(reason) });
      for (const wake of waiting.splice(0)) wake();
    }),
  );
  const next = async (): Promise<JsonObject> => {
    while (taken === events.length) {
      if (socket.readyState === WebSocket.CLOSED) throw new Error('the socket has closed');
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    taken += 1;
    return events[taken - 1] ?? {};
  };
  return {
    socket,
    events,
    send: (frame) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    next,
    async until(type) {
      for (let event = await next(); ; event = await next()) if (event.type === type) return event;
    },
    closed,
  };
}
