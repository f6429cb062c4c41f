import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface UpstreamRequest {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Resolves when the broker has let go of the request. */
  readonly closed: Promise<void>;
}

export type Answer = (response: ServerResponse, request: UpstreamRequest) => void;

/** A provider whose answers a test writes itself, but for what a deposited key is looked at with. */
export interface Upstream {
  readonly url: string;
  readonly server: Server;
  readonly requests: readonly UpstreamRequest[];
  answer: Answer;
  /** The next request; resolves as soon as its headers and body have come in. */
  next(): Promise<UpstreamRequest>;
  close(): Promise<void>;
}

export async function startUpstream(
  answer: Answer = json(200, { object: 'list', data: [] }),
): Promise<Upstream> {
  const requests: UpstreamRequest[] = [];
  const waiting: ((request: UpstreamRequest) => void)[] = [];
  const upstream = { answer };
  const server = createServer((incoming, response) => {
    response.on('error', () => {});
    const chunks: Buffer[] = [];
    incoming.on('error', () => {});
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const request: UpstreamRequest = {
        method: incoming.method ?? '',
        target: incoming.url ?? '',
        rawHeaders: incoming.rawHeaders,
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString('latin1'),
        closed: new Promise((resolve) => response.on('close', resolve)),
      };
      if (/\/(models|key)(\?|$)/.test(request.target) && requests.length === 0 && !isStarted) {
        isStarted = true;
        json(200, { object: 'list', data: [] })(response, request);
        return;
      }
      if (request.method === 'POST' && request.body === '{}') {
        json(400, { error: { message: 'Something is missing.', type: 'invalid_request_error' } })(
          response,
          request,
        );
        return;
      }
      requests.push(request);
      upstream.answer(response, request);
      waiting.shift()?.(request);
    });
  });
  let isStarted = false;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(upstream, {
    url: `http://127.0.0.1:${port}/v1`,
    server,
    requests,
    next: () => new Promise<UpstreamRequest>((resolve) => waiting.push(resolve)),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

/** A stream of events that ends as HTTP has it. */
export function events(...texts: readonly string[]): Answer {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(texts.join(''));
  };
}

/** A stream of events of which each byte is sent by itself. */
export function byteByByte(text: string): Answer {
  return async (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.socket?.setNoDelay(true);
    for (const byte of Buffer.from(text)) {
      response.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  };
}
