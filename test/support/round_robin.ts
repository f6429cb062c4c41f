import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';

/** A front proxy that gives each request to the next target, also when they come over one connection. */
export interface RoundRobin {
  readonly url: string;
  /** Base URLs; there is none at first, as targets may have to know where their front proxy is. */
  targets: readonly string[];
  /** Which of the targets each request was passed on to, in order. */
  readonly passed: readonly number[];
  close(): Promise<void>;
}

/** Longer than clients keep idle connections, so that none is closed just as it is used again. */
const keepAliveTimeout = 75_000;

export async function startRoundRobin(): Promise<RoundRobin> {
  const passed: number[] = [];
  const front = { targets: [] as readonly string[] };
  const server = createServer({ keepAliveTimeout }, (incoming, outgoing) => {
    const to = passed.length % front.targets.length;
    passed.push(to);
    const { hostname, port } = new URL(front.targets[to] ?? '');
    const onward = send({
      hostname,
      port,
      // As it was written: resolved as a URL, `//` in front would name another host.
      path: incoming.url ?? '',
      // A connection of its own.
      agent: false,
      method: incoming.method ?? '',
      headers: endToEnd(incoming.rawHeaders),
    });
    onward.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, endToEnd(answer.rawHeaders));
      outgoing.flushHeaders();
      pipeline(answer, outgoing, ignoreBreak);
    });
    // Whoever goes, the other side is to see it.
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    pipeline(incoming, onward, ignoreBreak);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(front, {
    url: `http://127.0.0.1:${port}`,
    passed,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

/** A pipeline tells both of its ends itself that it broke. */
function ignoreBreak(): void {}

/** Raw headers without those of the one connection that they came over (RFC 9110 §7.6.1). */
function endToEnd(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, at) => !/^(connection|keep-alive)$/i.test(rawHeaders[at - (at % 2)] ?? ''));
}
