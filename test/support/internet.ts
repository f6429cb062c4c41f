import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Network } from '../../src/lib/public_fetch.ts';
import { type NameServer, startNameServer } from './name_server.ts';

/** A public address that nothing is ever sent to: whatever dials it lands on the stand-in. */
const somewhere = '93.184.215.14';

/** One server on loopback that answers for every https address out there, and a name service. */
export interface Internet {
  readonly network: Network;
  /** What the next look-ups of a host find, one after the other; the last goes on. Other hosts are somewhere public. */
  readonly addresses: Map<string, (readonly string[])[]>;
  /** TXT records. */
  readonly records: NameServer['records'];
  /** The addresses that were connected to. */
  readonly dialled: string[];
  /** The URLs that were asked for. */
  readonly asked: string[];
  serve(url: string, answer: RequestListener): void;
  /** Serves a JSON document. */
  publish(url: string, document: unknown, headers?: Readonly<Record<string, string>>): void;
  close(): Promise<void>;
}

export async function createInternet(): Promise<Internet> {
  const answers = new Map<string, RequestListener>();
  const addresses: Internet['addresses'] = new Map();
  const dialled: string[] = [];
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = `https://${request.headers.host}${request.url}`;
    asked.push(url);
    const answer = answers.get(url);
    if (answer) answer(request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const nameServer = await startNameServer();
  const serve: Internet['serve'] = (url, answer) => void answers.set(url, answer);
  return {
    network: {
      async resolve(hostname) {
        const found = addresses.get(hostname) ?? [];
        return (found.length > 1 ? found.shift() : found[0]) ?? [somewhere];
      },
      connect({ hostname }, callback) {
        dialled.push(hostname);
        const socket = connect(port, '127.0.0.1');
        socket.once('connect', () => callback(null, socket));
        socket.once('error', (error) => callback(error, null));
      },
      nameServers: [nameServer.address],
    },
    addresses,
    records: nameServer.records,
    dialled,
    asked,
    serve,
    publish: (url, document, headers = {}) =>
      serve(url, (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json', ...headers });
        response.end(typeof document === 'string' ? document : JSON.stringify(document));
      }),
    async close() {
      nameServer.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
