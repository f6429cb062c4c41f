import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { matchSocket, type SocketMatch } from '../catalog/match_socket.ts';
import type { Provider } from '../catalog/provider.ts';
import type { Deps } from '../deps.ts';
import { newId } from '../lib/ids.ts';
import { wantsWebSocket } from '../lib/wants_websocket.ts';
import { AppGone } from './app_gone.ts';
import { type AuthenticatedRequest, authenticate } from './authenticate.ts';
import { type Exchange, payerHeader, refuse } from './exchange.ts';
import { requestIdIn } from './headers.ts';
import type { InFlight, WatchedCall } from './in_flight.ts';
import type { KeyHealth } from './key_health.ts';
import { insufficientScope, revoked } from './ledger_refusal.ts';
import { Refusal, unavailable } from './refusal.ts';
import { answerFailure } from './socket_failure.ts';
import { runSession, type SocketSession } from './socket_session.ts';
import {
  admitOpening,
  createWork,
  type SocketCall,
  type SocketUse,
  type SocketWorkDeps,
  startCall,
} from './socket_work.ts';
import { locate } from './target.ts';
import { type OpenedSocket, openUpstreamSocket } from './upstream_socket.ts';

/** The WebSockets of the resource server. */
export interface Sockets {
  /** Answers a request that wants to become a WebSocket. */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void;
  /** Takes no more of them, and resolves when those that are open have ended, each after what is under way. */
  drain(): Promise<void>;
  /** Ends those that are open. */
  cut(): void;
}

/** A request on its way to become a WebSocket. */
interface Opening extends Exchange {
  readonly socket: Socket;
  readonly head: Buffer;
}

export function createSockets(
  deps: Deps & SocketWorkDeps & { readonly inFlight: InFlight; readonly keyHealth: KeyHealth },
): Sockets {
  const { config, clock, log, inFlight } = deps;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    // So much more than is taken that nearly every frame that is too large gets a word about it.
    maxPayload: 2 * config.maxFrame,
  });
  const sessions = new Set<SocketSession>();
  let isDraining = false;
  let onNone = () => {};

  const serve = async (opening: Opening, path: string | null) => {
    const { request, socket, provider, callId } = opening;
    const caller = await authenticate(deps, provider, withTokenOfPage(provider, request));
    const match = path === null ? null : matchSocket(provider, path, queryOf(request));
    if (!match) throw notDelegable(provider);
    if (match === 'unclear') throw unclear();
    const { scope } = match.route;
    if (!caller.scopes.includes(scope)) throw insufficientScope(config, provider, [scope]);
    if (!isHandshake(request)) throw new Refusal('invalid_request', 'That is no WebSocket handshake.');
    if (isDraining) throw unavailable('The broker stops. Try again.', undefined);

    const use = { provider, caller, match };
    const watched = inFlight.watch(caller.familyId);
    try {
      const admission = await admitOpening(deps, use, callId);
      const call = startCall(deps, admission);
      if (socket.destroyed || watched.isRevoked) {
        call.meter.settle('not_sent');
        throw socket.destroyed ? new AppGone() : revoked(config, provider);
      }
      const opened = await dial(opening, use, call, watched);
      if (opened.kind === 'open') join(opening, use, call, watched, opened);
      else await answerFailure(deps, withResponse(opening), call, opened.answer).finally(watched.release);
    } catch (error) {
      watched.release();
      throw error;
    }
  };

  /** Opens the socket to the provider; the app may go away meanwhile, or its grant be revoked. */
  const dial = async (
    { request, socket }: Opening,
    { provider, match }: SocketUse,
    { admission, meter }: SocketCall,
    watched: WatchedCall,
  ): Promise<OpenedSocket> => {
    const abort = new AbortController();
    const appGone = () => abort.abort();
    // What is read here is thrown away: before it has its answer an app sends nothing but its end.
    socket.on('end', appGone).on('close', appGone).resume();
    watched.onRevoked(() => abort.abort());
    try {
      return await openUpstreamSocket(config, admission, match.target, request.headers, abort.signal);
    } catch (error) {
      if (!abort.signal.aborted) {
        meter.settle('failed');
        throw error;
      }
      meter.settle('not_sent');
      throw watched.isRevoked ? revoked(config, provider) : new AppGone();
    } finally {
      socket.off('end', appGone).off('close', appGone).pause();
    }
  };

  /** Opens the socket to the app, and makes the two one. */
  const join = (
    { request, socket, head, callId }: Opening,
    use: SocketUse,
    call: SocketCall,
    watched: WatchedCall,
    opened: Extract<OpenedSocket, { readonly kind: 'open' }>,
  ) => {
    call.meter.answered(101, requestIdIn(opened.headers, use.provider));
    let isJoined = false;
    const begin = (app: WebSocket) => {
      isJoined = true;
      const session = runSession(deps, {
        use,
        callId,
        app,
        provider: opened.socket,
        work: createWork(deps, use, call),
        watched,
        onEnd() {
          watched.release();
          sessions.delete(session);
          if (sessions.size === 0) onNone();
        },
      });
      sessions.add(session);
      if (isDraining) session.drain();
    };
    // What is revoked from here on ends the session.
    if (!watched.isRevoked) {
      const tellPayer = (headers: string[]) => headers.push(`${payerHeader}: ${call.admission.payer}`);
      server.once('headers', tellPayer);
      server.handleUpgrade(withOneSubprotocol(request, use.match), socket, head, begin);
      server.off('headers', tellPayer);
    }
    if (isJoined) return;
    opened.socket.terminate();
    call.meter.settle('aborted');
    throw watched.isRevoked ? revoked(config, use.provider) : new AppGone();
  };

  const stop = (opening: Opening, reason: unknown) => {
    const { socket, callId } = opening;
    if (reason instanceof AppGone) {
      socket.destroy();
      return;
    }
    const refusal = reason instanceof Refusal ? reason : unavailable('The broker failed. Try again.', reason);
    if (refusal.cause && refusal.status >= 500) {
      log.error({ err: refusal.cause, callId, code: refusal.code }, 'a socket cannot be opened');
    }
    refuse(withResponse(opening), refusal);
  };

  return {
    upgrade(request, socket, head) {
      // A socket that breaks is reported by 'close'; without a listener its error would end the process.
      socket.on('error', () => {});
      const target = locate(request.url ?? '/');
      const response = new ServerResponse(request);
      if (!target) {
        answerOn(socket, response);
        response.writeHead(404).end();
        return;
      }
      const { provider, path } = target;
      const opening = { request, response, provider, callId: newId('call', clock()), socket, head };
      serve(opening, path).catch((reason: unknown) => stop(opening, reason));
    },

    drain() {
      isDraining = true;
      for (const session of sessions) session.drain();
      return new Promise((resolve) => {
        onNone = resolve;
        if (sessions.size === 0) resolve();
      });
    },

    cut() {
      for (const session of sessions) session.cut();
    },
  };
}

function isHandshake(request: IncomingMessage): boolean {
  const { method, headers } = request;
  const isKey = /^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '');
  return method === 'GET' && wantsWebSocket(request) && isKey && headers['sec-websocket-version'] === '13';
}

function queryOf({ url = '' }: IncomingMessage): URLSearchParams {
  const [, query = ''] = /\?([^#]*)/.exec(url) ?? [];
  return new URLSearchParams(query);
}

/** A page cannot set a header: its token stands among the subprotocols, and is read as one that came in a header. */
function withTokenOfPage(
  { sockets = [] }: Provider,
  { rawHeaders, method, url, headers }: IncomingMessage,
): AuthenticatedRequest {
  const offered = offeredIn(headers['sec-websocket-protocol']);
  const prefixes = new Set(sockets.map(({ subprotocol }) => subprotocol?.tokenPrefix));
  const tokens = [...prefixes].flatMap((prefix) =>
    prefix === undefined
      ? []
      : offered.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)),
  );
  return {
    rawHeaders: [...rawHeaders, ...tokens.flatMap((token) => ['authorization', `Bearer ${token}`])],
    method,
    url,
  };
}

/** Of the subprotocols that are offered the one that is spoken, so that no token is ever given back. */
function withOneSubprotocol(
  request: IncomingMessage,
  { route: { subprotocol } }: SocketMatch,
): IncomingMessage {
  const { 'sec-websocket-protocol': sent, ...headers } = request.headers;
  const isOffered = subprotocol !== null && offeredIn(sent).includes(subprotocol.name);
  request.headers = isOffered ? { ...headers, 'sec-websocket-protocol': subprotocol.name } : headers;
  return request;
}

function offeredIn(header: string | undefined): readonly string[] {
  return (header ?? '').split(',').map((name) => name.trim());
}

/** The exchange with its response on the connection, which no WebSocket comes to be on. */
function withResponse(opening: Opening): Exchange {
  answerOn(opening.socket, opening.response);
  return opening;
}

function answerOn(socket: Socket, response: ServerResponse): void {
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => socket.destroySoon());
}

function notDelegable({ title }: Provider): Refusal {
  return new Refusal('not_delegable', `${title} has no WebSocket at this path that is lent to apps.`);
}

function unclear(): Refusal {
  return new Refusal(
    'invalid_request',
    'The query has to say exactly one thing that this WebSocket can be for.',
  );
}
