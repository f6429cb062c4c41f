import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a server that can be slowed down, blocked or cut. */
export interface Path {
  /** The same URL by this way. */
  readonly url: string;
  /**
   * `open`; `frozen`: connections are taken and kept, and nothing comes through; `closed`: none are taken, and those there
   * are were reset.
   */
  state: 'open' | 'frozen' | 'closed';
  /** Milliseconds that everything takes longer, each way. */
  delay: number;
  /** Pieces of data that wait for the path to be open again. */
  readonly waiting: number;
  close(): Promise<void>;
}

/** @param target URL of the server */
export async function createPath(target: string): Promise<Path> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const frozen: (() => void)[] = [];
  let state: Path['state'] = 'open';

  const pass = (from: Socket, to: Socket) => {
    const send = (chunk: Buffer) => setTimeout(() => to.write(chunk), path.delay);
    from.on('data', (chunk: Buffer) => {
      if (state === 'frozen') frozen.push(() => send(chunk));
      else send(chunk);
    });
    from.on('error', () => {}).on('close', () => to.destroy());
  };
  const server = createServer((incoming) => {
    if (state === 'closed') {
      incoming.resetAndDestroy();
      return;
    }
    const outgoing = connect(Number(port), hostname);
    for (const socket of [incoming, outgoing]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
    pass(incoming, outgoing);
    pass(outgoing, incoming);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  const path: Path = {
    url: Object.assign(new URL(target), { port: String((server.address() as AddressInfo).port) }).href,
    get state() {
      return state;
    },
    set state(next) {
      state = next;
      if (next === 'closed') for (const socket of sockets) socket.resetAndDestroy();
      if (next === 'open') for (const release of frozen.splice(0)) release();
    },
    delay: 0,
    get waiting() {
      return frozen.length;
    },
    async close() {
      path.state = 'closed';
      server.close();
      await once(server, 'close');
    },
  };
  return path;
}
