import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../lib/clock.ts';
import { anthropic } from './anthropic.ts';
import type { Api } from './api.ts';
import { azure } from './azure.ts';
import { bill, type TokenPrices, type Writing } from './bill.ts';
import { compatibleApis } from './compatible.ts';
import { decide, type Incoming, modelOf, ownMistake, type Reply } from './decide.ts';
import { deliver, type Outcome } from './deliver.ts';
import { realtimeSocket } from './endpoints/realtime.ts';
import { responseSocket } from './endpoints/response_socket.ts';
import { Refusal } from './errors.ts';
import { promptDelivery } from './faults.ts';
import { flagOf } from './fields.ts';
import { gemini } from './gemini.ts';
import { geminiOpenai } from './gemini_openai.ts';
import { openai } from './openai.ts';
import { type BodyKind, noBody, type ParsedBody, parseBody, readBody } from './request_body.ts';
import {
  createRequestLog,
  type Progress,
  type ReceivedRequest,
  type RequestLog,
  summarizeBody,
  type Totals,
} from './request_log.ts';
import { matchRoute } from './route.ts';
import { createShelves, type Shelf } from './shelf.ts';
import { acceptSockets } from './socket.ts';

export interface SandboxOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Called once for each request, when it has ended. */
  readonly onRequest?: (request: ReceivedRequest) => void;
  /** Without it `created` is always the same, and the log uses the system's clock. */
  readonly now?: Clock;
  /** What providers bill, by their names, for models that the price table does not know; without it nothing. */
  readonly unpriced?: Readonly<Record<string, TokenPrices>>;
}

export interface Sandbox {
  /** The base URL for OpenAI's clients, with `/v1`. */
  readonly url: string;
  /** The base URL for the clients of each provider it plays, by name. */
  readonly urls: Readonly<Record<string, string>>;
  /** The latest 10,000 requests, oldest first, also those still open. */
  received(): readonly ReceivedRequest[];
  /** Counts of every request since the start. */
  totals(): Totals;
  /** Stops listening and breaks off what is open. */
  close(): Promise<void>;
}

/** It serves this machine alone: anybody may call it. */
const host = '127.0.0.1';
const logCapacity = 10_000;
const longestModel = 200;
const logPath = '/_sandbox/requests';
const apis: readonly Api[] = [openai, anthropic, geminiOpenai, gemini, ...compatibleApis, azure];
/** `created` of every answer when no clock is given: 2026-01-01, in Unix seconds. */
const fixedCreated = 1_767_225_600;
/** Longer than clients keep idle connections, so that the sandbox never closes one just as it is used again. */
const keepAliveMs = 75_000;

/**
 * Starts the simulated providers on a listener of their own. The same request always gets the same answer, but for what a
 * key has it keep, in memory. `special_keys.ts` and `faults.ts` list the keys and models that fail on demand.
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const log = createRequestLog(logCapacity);
  const shelfOf = createShelves();
  const server = createServer({ keepAliveTimeout: keepAliveMs }, (request, response) => {
    // What fails here is the socket: the client left while it was still sending.
    serve(log, shelfOf, options, request, response).catch(() => response.destroy());
  });
  const breakOff = acceptSockets(server, {
    kinds: [responseSocket, realtimeSocket],
    otherwise: openai,
    log,
    shelfOf,
    created: () => createdAt(options),
    onEnd: (entry) => options.onRequest?.(entry),
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  // A server that listens on a host and port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  const urlOf = ({ path }: Api) => `http://${host}:${port}${path}`;
  return {
    url: urlOf(openai),
    urls: Object.fromEntries(apis.map((api) => [api.name, urlOf(api)])),
    received: log.received,
    totals: log.totals,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        breakOff();
      }),
  };
}

async function serve(
  log: RequestLog,
  shelfOf: (key: string) => Shelf,
  options: SandboxOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // Not a URL object: it would tidy up dot segments, and what was really asked for would go unseen.
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
  const parameters = new URLSearchParams(query);
  if (path === logPath && isLoopback(request)) return showLog(log, parameters, response);

  const method = request.method ?? 'GET';
  const ground = apis.find((candidate) => path.startsWith(`${candidate.path}/`));
  const api = ground ?? openai;
  const matched = ground && matchRoute(ground.routes, method, path.slice(ground.path.length));
  const key = api.keyIn(request.headers);
  const entry = log.open({
    at: new Date(options.now?.() ?? Date.now()),
    method,
    path,
    queryNames: [...new Set(parameters.keys())],
    headers: request.headers,
    key,
    route: matched === undefined ? 'unknown' : `${method} ${api.path}${matched.route.path}`,
  });

  const departed = new AbortController();
  response.once('close', () => departed.abort());
  const writing: Writing = { written: 0, isHeldUp: false };
  let outcome: Outcome = 'aborted';
  let decided: Reply | undefined;
  try {
    const body = await understandBody(request, matched?.route.body ?? 'none', entry);
    const created = createdAt(options);
    const shelf = shelfOf(key ?? '');
    decided = reply({ api, method, path, query: parameters, matched, key, shelf, body, created }, entry);
    const { answer, delivery, seed } = decided;
    const headers = api.headers(seed);
    entry.request_id = headers['x-request-id'] ?? headers['request-id'] ?? null;
    outcome = await deliver(response, answer, headers, delivery, departed.signal, writing, () => {
      entry.writes += 1;
    });
  } finally {
    entry.status = response.headersSent ? response.statusCode : null;
    entry.billed_nano_usd = decided ? billFor(decided, api, entry.model, writing, options) : 0;
    log.close(entry, outcome);
    options.onRequest?.({ ...entry });
  }
}

function createdAt({ now }: SandboxOptions): number {
  return now === undefined ? fixedCreated : Math.floor(now() / 1000);
}

/** Reads and parses a body. What is wrong with it is returned, because the key is judged before the body. */
async function understandBody(
  request: IncomingMessage,
  wanted: 'none' | BodyKind,
  entry: Progress,
): Promise<ParsedBody | Refusal> {
  try {
    const body = await readBody(request);
    entry.body_bytes = body.byteLength;
    return wanted === 'none' ? noBody : await parseBody(wanted, request.headers['content-type'], body);
  } catch (problem) {
    if (problem instanceof Refusal) return problem;
    throw problem;
  }
}

/** Notes what the request was and decides what to answer, even when the sandbox itself is at fault. */
function reply(incoming: Incoming, entry: Progress): Reply {
  try {
    noteBody(entry, incoming);
    return decide(incoming);
  } catch (error) {
    return { answer: ownMistake(incoming.api, error), delivery: promptDelivery, seed: '' };
  }
}

function noteBody(entry: Progress, incoming: Incoming): void {
  const { body } = incoming;
  if (body instanceof Refusal) return;
  entry.model = modelOf(incoming)?.slice(0, longestModel) ?? null;
  entry.stream = flagOf(body.fields.stream);
  entry.fields = summarizeBody(body);
}

/** Of a stream what has been written of it is billed, of any other answer all. @returns integer nano-USD */
function billFor(
  { answer, tokens }: Reply,
  { name, prices }: Api,
  model: string | null,
  { written, isHeldUp }: Writing,
  { unpriced = {} }: SandboxOptions,
): number {
  if (answer.billed !== undefined) return answer.billed;
  if (!tokens || model === null) return 0;
  const isPart = answer.kind === 'events' && !isHeldUp;
  const taken = isPart ? { ...tokens, output: written } : tokens;
  return bill(prices, model, taken, unpriced[name] ?? { input: 0, output: 0 });
}

/** GET /_sandbox/requests[?after=NUMBER]: the log, for tests in other processes. Not part of the log itself. */
function showLog(log: RequestLog, parameters: URLSearchParams, response: ServerResponse): void {
  const after = Number(parameters.get('after') ?? 0);
  const requests = log.received().filter(({ number }) => number > after);
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ totals: log.totals(), requests }));
}

function isLoopback({ socket }: IncomingMessage): boolean {
  const address = socket.remoteAddress ?? '';
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}
