import type { IncomingMessage, ServerResponse } from 'node:http';
import { match } from '../catalog/match.ts';
import type { Deps } from '../deps.ts';
import { neverSent } from '../ledger/never_sent.ts';
import { newId } from '../lib/ids.ts';
import { type Admission, admit } from './admit.ts';
import { AppGone } from './app_gone.ts';
import { authenticate } from './authenticate.ts';
import { createByteBudget } from './byte_budget.ts';
import { type Exchange, refuse } from './exchange.ts';
import { forward } from './forward.ts';
import { createInFlight } from './in_flight.ts';
import { createKeyHealth } from './key_health.ts';
import { insufficientScope, revoked } from './ledger_refusal.ts';
import { createModerator } from './moderate.ts';
import { answerPreflight, isPreflight } from './preflight.ts';
import { Refusal, unavailable } from './refusal.ts';
import { receiveBody } from './request_body.ts';
import { locate, type Target } from './target.ts';
import { createUpstreams } from './upstream.ts';
import { createSockets, type Sockets } from './websocket.ts';

/** Milliseconds that the rest of a refused body may take to come in. */
const lingering = 1_000;

/** The resource server: everything under a provider's mount. */
export interface Proxy {
  /** Whether a request target lies under a provider's mount. */
  handles(target: string): boolean;
  handle(request: IncomingMessage, response: ServerResponse): void;
  readonly sockets: Sockets;
  /** Closes the connections to the providers. */
  close(): Promise<void>;
}

export function createProxy(deps: Deps): Proxy {
  const { config, clock, log, ledger, store, vault } = deps;
  const upstreams = createUpstreams(config);
  const inFlight = createInFlight(store.grants, log);
  const stopListening = store.onEnding(({ grantId }) => {
    if (grantId !== null) vault.forget(grantId);
    void inFlight.look();
  });
  const keyHealth = createKeyHealth(deps);
  const forwardDeps = { ...deps, upstreams, keyHealth };
  const moderator = createModerator(forwardDeps);
  const sockets = createSockets({ ...deps, inFlight, keyHealth, moderator });
  const budget = createByteBudget(config.maxBuffered);

  const serve = async (exchange: Exchange, { path, query }: Target) => {
    const { request, response, provider, callId } = exchange;
    const caller = await authenticate(deps, provider, request);
    // Told ahead, so that the next proof need not be made twice (RFC 9449 §9).
    if (caller.proof) response.setHeader('dpop-nonce', deps.dpop.nonce());
    const matched = path === null ? null : match(provider, request.method ?? '', path, query);
    if (!matched) throw notDelegable(exchange);
    const { scope } = matched.route;
    if (!caller.scopes.includes(scope)) throw insufficientScope(config, provider, [scope]);

    const body = await receiveBody(request, matched.route.body, config, budget);
    const watched = inFlight.watch(caller.familyId);
    const release = () => {
      watched.release();
      body?.release();
    };
    const isOver = () => response.destroyed || watched.isRevoked;
    const judge = (admission: Admission) =>
      moderator.judge(admission, (end) => {
        response.once('close', end);
        watched.onRevoked(end);
        if (isOver()) end();
      });
    try {
      const admission = await admit(deps, { callId, provider, caller, match: matched, body, judge });
      if (isOver()) {
        ledger.settle(neverSent(callId, admission.flags));
        throw new AppGone();
      }
      forward(forwardDeps, exchange, admission, watched, release);
    } catch (error) {
      release();
      throw error instanceof AppGone && !response.destroyed ? revoked(config, provider) : error;
    }
  };

  const stop = (exchange: Exchange, reason: unknown) => {
    const { request, response, callId } = exchange;
    if (reason instanceof AppGone) {
      response.destroy();
      return;
    }
    const refusal = reason instanceof Refusal ? reason : unavailable('The broker failed. Try again.', reason);
    if (refusal.cause && refusal.status >= 500) {
      log.error({ err: refusal.cause, callId, code: refusal.code }, 'a call cannot be handled');
    }
    refuse(exchange, refusal);
    discardRest(request);
  };

  return {
    handles: (target) => locate(target) !== null,

    handle(request, response) {
      const target = locate(request.url ?? '/');
      if (!target) {
        response.writeHead(404).end();
        return;
      }
      // A socket that breaks is reported by 'close'; without a listener its error would end the process.
      request.on('error', () => {});
      response.on('error', () => {});
      if (isPreflight(request)) {
        answerPreflight(request, response);
        return;
      }
      const exchange = { request, response, provider: target.provider, callId: newId('call', clock()) };
      serve(exchange, target).catch((reason: unknown) => stop(exchange, reason));
    },

    sockets,

    close() {
      stopListening();
      sockets.cut();
      inFlight.close();
      return upstreams.close();
    },
  };
}

function notDelegable({ request, provider }: Exchange): Refusal {
  const method = request.method ?? '';
  return new Refusal(
    'not_delegable',
    `${provider.title} has no ${method} at this path that is lent to apps.`,
  );
}

/**
 * Lets go of a body that is refused before it has come in. Closing at once would reset the connection, and the app
 * would never see why; reading on for ever would let it keep us busy.
 */
function discardRest(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  request.resume();
  const timer = setTimeout(() => request.destroy(), lingering);
  request.once('close', () => clearTimeout(timer));
}
