import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { parseJson } from '../lib/json.ts';
import type { Answer } from './answer.ts';
import type { Api } from './api.ts';
import type { Reply } from './decide.ts';
import type { Outcome } from './deliver.ts';
import type { Refusal } from './errors.ts';
import { type Fields, fieldsOf } from './fields.ts';
import type { Progress, RequestLog } from './request_log.ts';
import type { Shelf } from './shelf.ts';
import { keyRefusal } from './special_keys.ts';

/** A WebSocket that a provider has. */
export interface SocketKind {
  readonly api: Api;
  /** Below the path of its API. */
  readonly path: string;
  /** Begins what is said over one such socket. */
  readonly open: (opening: SocketOpening) => SocketTalk;
}

export interface SocketOpening {
  readonly key: string;
  readonly query: URLSearchParams;
  /** What is kept for the key. */
  readonly shelf: Shelf;
  /** Unix seconds. */
  readonly created: number;
}

export interface SocketTalk {
  /** Said before anything is asked. */
  readonly greeting: readonly unknown[];
  /** What is said to a frame of the client. */
  reply(frame: Fields): Pick<Reply, 'answer' | 'delivery'>;
}

export interface SocketOptions {
  readonly kinds: readonly SocketKind[];
  /** Who answers for what no provider has. */
  readonly otherwise: Api;
  readonly log: RequestLog;
  readonly shelfOf: (key: string) => Shelf;
  readonly created: () => number;
  /** Called once for each socket, when it has ended. */
  readonly onEnd: (entry: Progress) => void;
}

/** Speaks the WebSockets of the simulated providers. @returns what breaks off those that are open */
export function acceptSockets(
  server: Server,
  { kinds, otherwise, log, shelfOf, created, onEnd }: SocketOptions,
): () => void {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });

  const begin = (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const [path = '/', queryText = ''] = (request.url ?? '/').split('?', 2);
    const query = new URLSearchParams(queryText);
    const kind = kinds.find((candidate) => candidate.api.path + candidate.path === path);
    const api = kind?.api ?? otherwise;
    const key = api.keyIn(request.headers);
    const entry = log.open({
      at: new Date(),
      method: 'WS',
      path,
      queryNames: [...new Set(query.keys())],
      headers: request.headers,
      key,
      route: kind ? `WS ${path}` : 'unknown',
    });
    const end = (status: number, outcome: Outcome) => {
      entry.status = status;
      log.close(entry, outcome);
      onEnd({ ...entry });
    };
    entry.model = query.get('model');
    const refused = keyRefusal(api, key, undefined, entry.model ?? 'this model');
    if (refused || !kind || key === undefined) {
      const problem = refused ?? api.errors.unknownUrl('GET', path);
      end(problem.status, 'answered');
      refuse(request, socket, problem, api.errorBody(problem, ''));
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      const talk = kind.open({ key, query, shelf: shelfOf(key), created: created() });
      void speak(client, talk, entry).then((outcome) => end(101, outcome));
    });
  };

  server.on('upgrade', begin);
  return () => {
    for (const client of sockets.clients) client.terminate();
  };
}

function refuse(request: IncomingMessage, socket: Socket, { status, headers }: Refusal, body: unknown): void {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => socket.destroySoon());
  response.writeHead(status, { ...headers, 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Says the greeting, then answers one frame after the other, until the client goes away or an answer is broken off. */
async function speak(client: WebSocket, talk: SocketTalk, entry: Progress): Promise<Outcome> {
  const departed = new AbortController();
  let outcome: Outcome = 'answered';
  let turn = Promise.resolve();
  const say = (event: unknown) => {
    client.send(typeof event === 'string' ? event : JSON.stringify(event));
    entry.writes += 1;
  };
  const answer = async (data: RawData) => {
    const { answer, delivery } = talk.reply(fieldsOf(parseJson(String(data))));
    const { signal } = departed;
    if (delivery.firstByteAfter === 'never') return;
    await sleep(delivery.firstByteAfter, undefined, { signal });
    const events = eventsOf(answer);
    const said = delivery.halfway === 'go on' ? events : events.slice(0, Math.ceil(events.length / 2));
    for (const event of said) {
      if (delivery.betweenEvents > 0) await sleep(delivery.betweenEvents, undefined, { signal });
      say(event);
    }
    if (delivery.halfway !== 'cut') return;
    outcome = 'cut';
    // Once what was said before has left.
    client.ping(() => client.terminate());
  };

  client.on('error', () => {});
  for (const event of talk.greeting) say(event);
  client.on('message', (data) => {
    turn = turn.then(() => answer(data)).catch(() => {});
  });
  await new Promise((resolve) => client.once('close', resolve));
  departed.abort();
  return outcome;
}

/** What an answer comes to in frames. A refusal is one event. */
function eventsOf(answer: Answer): readonly unknown[] {
  switch (answer.kind) {
    case 'events':
      return [...answer.events].map(({ data }) => data);
    case 'json':
      return [
        answer.status < 400
          ? answer.body
          : { type: 'error', status: answer.status, ...fieldsOf(answer.body) },
      ];
    case 'bytes':
      return [Buffer.from(answer.body).toString('latin1')];
  }
}
