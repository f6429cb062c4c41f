import { connect, type Socket } from 'node:net';

/** What came back over a raw connection. */
export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Opens a connection to where a URL points. */
export function dial(url: string): Socket {
  const { port } = new URL(url);
  return connect(Number(port), '127.0.0.1');
}

/** Sends bytes as they are and reads until the other side closes. */
export function sendRaw(url: string, bytes: string): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = dial(url);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => {
      const text = Buffer.concat(chunks).toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      resolve({ status: Number(text.slice(9, 12)), head: text.slice(0, end), body: text.slice(end + 4) });
    });
    socket.write(bytes, 'latin1');
  });
}

/** A request in which only the request line and a few headers matter. */
export function rawRequest(
  url: string,
  line: string,
  headers: readonly string[] = [],
  body = '',
): Promise<RawAnswer> {
  const { host } = new URL(url);
  const head = [`${line} HTTP/1.1`, `host: ${host}`, 'connection: close', ...headers];
  return sendRaw(url, `${head.join('\r\n')}\r\n\r\n${body}`);
}
