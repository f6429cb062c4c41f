import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** What a provider does with a connection once a request has come in whole. */
export type Behaviour = (socket: Socket) => void;

/** A provider that answers in bytes, whether they are HTTP or not. */
export interface RawUpstream {
  readonly url: string;
  behave: Behaviour;
  /** How many connections to it are open. */
  readonly open: number;
  close(): Promise<void>;
}

export async function startRawUpstream(): Promise<RawUpstream> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    let received = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text;
      const [head = '', body] = received.split('\r\n\r\n', 2);
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
      if (body === undefined || body.length < length) return;
      received = '';
      upstream.behave(socket);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const upstream: RawUpstream = {
    url: `http://127.0.0.1:${port}/v1`,
    behave: () => {},
    get open() {
      return sockets.size;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return upstream;
}
