import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { decode, encode } from 'dns-packet';

/** A name server on loopback that knows TXT records. */
export interface NameServer {
  /** With the port. */
  readonly address: string;
  /** The records of each name, each in the pieces that it is sent in; null: it says nothing. Other names are not there. */
  readonly records: Map<string, readonly (readonly string[])[] | null>;
  close(): void;
}

const noSuchName = 3;

export async function startNameServer(): Promise<NameServer> {
  const records: NameServer['records'] = new Map();
  const socket = createSocket('udp4', (query, { port, address }) => {
    const { id = 0, questions = [] } = decode(query);
    const name = questions[0]?.name ?? '';
    const found = records.get(name);
    if (found === null) return;
    const answers = found?.map((pieces) => ({ type: 'TXT' as const, name, data: [...pieces] }));
    const flags = found ? 0 : noSuchName;
    socket.send(encode({ type: 'response', id, flags, questions, answers }), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    records,
    close: () => void socket.close(),
  };
}
