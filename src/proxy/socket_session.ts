import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import type { SocketWork } from '../catalog/socket.ts';
import type { Config } from '../config.ts';
import { isObject, type JsonObject, parseJson } from '../lib/json.ts';
import type { CallOutcome } from '../store/records.ts';
import { AppGone } from './app_gone.ts';
import { type Frame, handleInTurn, send } from './frames.ts';
import type { WatchedCall } from './in_flight.ts';
import { revoked } from './ledger_refusal.ts';
import { Refusal, unavailable } from './refusal.ts';
import { writeBody } from './request_body.ts';
import { closeFor, ended, idle, providerGone, type SocketClose, stopping } from './socket_close.ts';
import {
  checkFrame,
  type ParsedFrame,
  parseFrame,
  publicEvent,
  refusalEvent,
  rulesOf,
} from './socket_frames.ts';
import type { SocketUse, WorkUnderWay } from './socket_work.ts';

export interface SessionDeps {
  readonly config: Config;
  readonly log: Logger;
}

export interface SessionParts {
  readonly use: SocketUse;
  /** Id of the call that opened it, for the log and for errors. */
  readonly callId: string;
  readonly app: WebSocket;
  readonly provider: WebSocket;
  readonly work: WorkUnderWay;
  readonly watched: WatchedCall;
  /** Called once, when it is over. */
  readonly onEnd: () => void;
}

/** Two sockets, one to the app and one to the provider, as one. */
export interface SocketSession {
  /** Ends it as soon as nothing is under way. */
  drain(): void;
  /** Ends it now. */
  cut(): void;
}

/** Milliseconds that an app gets to take what still waits for it, and to close its side as well. */
const closingTime = 10_000;

/** Milliseconds that it gets when there is no more time. */
const cutWithin = 1_000;

/** Milliseconds between two signs of life, for front proxies that close what is silent. */
const pingEvery = 30_000;

/**
 * The many pieces of an answer: neither do they end anything, nor do they hold an error. Only at its beginning is the type
 * sure to be the event's own, and not that of something in it which the app has chosen.
 */
const piece = /^\{\s*(?:"event_id"\s*:\s*"\w*"\s*,\s*)?"type"\s*:\s*"[\w.]+\.delta"/;

/** Passes frames on both ways, each checked, until one side ends, the grant does, or nothing is said for too long. */
export function runSession(deps: SessionDeps, parts: SessionParts): SocketSession {
  const { config, log } = deps;
  const { use, callId, app, provider, work, watched } = parts;
  const { match } = use;
  const patience = config.streamIdleTimeout * 1000;
  /** The longest answer that the provider's session is set to give. */
  let setTo: number | null = null;
  let isDraining = false;
  let isOver = false;

  const end = (close: SocketClose, outcome: CallOutcome) => {
    if (isOver) return;
    isOver = true;
    clearTimeout(silence);
    clearInterval(pinging);
    work.close(outcome);
    provider.terminate();
    app.close(close.code, close.reason);
    const closing = setTimeout(() => app.terminate(), closingTime);
    app.once('close', () => clearTimeout(closing));
    parts.onEnd();
  };

  /** A slow app does not get what still waits for it here. */
  const dropRest = () => {
    if (app.bufferedAmount > 0) app.terminate();
  };

  const fail = (refusal: Refusal) => {
    if (isOver) return;
    app.send(JSON.stringify(refusalEvent(match, refusal, callId, null)));
    end(closeFor(refusal), 'cut');
  };

  const silence = setTimeout(() => end(idle(config.streamIdleTimeout), 'cut'), patience);
  const pinging = setInterval(() => {
    app.ping();
    provider.ping();
  }, pingEvery);

  /** Has the provider give no longer answers than the ledger has allowed. */
  const setBound = () => {
    const { bound } = work;
    if (!match.route.bound || bound === null || (setTo !== null && setTo <= bound)) return;
    setTo = bound;
    provider.send(JSON.stringify(match.route.bound(bound)));
  };

  const ask = async (asked: SocketWork, { type, ...body }: JsonObject): Promise<string> => {
    const text = await work.ask(asked, body);
    return `{"type":${JSON.stringify(type)},${text.slice(1)}`;
  };

  const check = async (frame: ParsedFrame): Promise<string> => {
    const checked = checkFrame(config, use, frame, work.bound);
    const text = writeBody('json', checked).bytes.toString('utf8');
    await work.prepare(checked);
    if (rulesOf(match, frame.type).feeds && !work.isWanted) throw nothingToDo();
    return text;
  };

  /** While it is on its way, nothing that could begin work goes to the provider. */
  let renewal: Promise<void> | undefined;

  const toProvider = async ({ type, fields }: ParsedFrame) => {
    await renewal;
    const asked = match.route.work.find(({ trigger }) => trigger.kind === 'asked' && trigger.by === type);
    const sent = asked ? await ask(asked, fields) : await check({ type, fields });
    await renewal;
    if (isOver) return;
    work.note(type);
    await send(provider, sent, patience);
  };

  const fromApp = async (frame: Frame) => {
    if (isOver) return;
    silence.refresh();
    let eventId: unknown = null;
    try {
      if (frame !== null && Buffer.byteLength(frame) > config.maxFrame) throw tooLarge(config.maxFrame);
      const parsed = parseFrame(frame);
      eventId = parsed.fields.event_id;
      await toProvider(parsed);
    } catch (reason) {
      if (isOver || reason instanceof AppGone) return;
      const refusal = refusalOf(reason);
      if (endsSocket(refusal)) return fail(refusal);
      await send(app, JSON.stringify(refusalEvent(match, refusal, callId, eventId)), patience);
    }
  };

  const refusalOf = (reason: unknown): Refusal => {
    const refusal = reason instanceof Refusal ? reason : unavailable('The broker failed. Try again.', reason);
    if (refusal.cause && refusal.status >= 500) {
      log.error({ err: refusal.cause, callId, code: refusal.code }, 'a frame cannot be handled');
    }
    return refusal;
  };

  const fromProvider = (frame: Frame): Promise<void> | undefined => {
    silence.refresh();
    if (isOver) return undefined;
    if (frame !== null && piece.test(frame)) return send(app, frame, patience);
    const event = frame === null ? undefined : parseJson(frame);
    if (!isObject(event) || typeof event.type !== 'string') {
      log.warn({ callId }, 'the provider sent what is no event');
      end(providerGone, 'cut');
      return undefined;
    }
    const recording = work.record(event);
    if (!recording) return pass(event, event.type, frame);
    return recording.then(
      () => (isOver ? undefined : pass(event, String(event.type), frame)),
      (cause: unknown) => fail(refusalOf(unavailable('What is kept could not be put on record.', cause))),
    );
  };

  /** Passes on an event of which everything that it tells of is on record. */
  const pass = (event: JsonObject, type: string, frame: Frame): Promise<void> | undefined => {
    work.note(type);
    work.read(event, type);
    const shown = publicEvent(use.provider, match, event);
    const sent = shown && send(app, shown === event ? (frame ?? '') : JSON.stringify(shown), patience);
    const isEnding = match.route.work.some(({ ends }) => ends.includes(type));
    if (!isEnding) return sent ?? undefined;
    renewal = renew(sent);
    return renewal;
  };

  const renew = async (sent: Promise<void> | undefined | null) => {
    await sent;
    if (isDraining && !work.isBusy) return end(stopping, 'cut');
    try {
      await work.renew();
      if (!isOver) setBound();
    } catch (reason) {
      if (!(reason instanceof AppGone)) fail(refusalOf(reason));
    }
  };

  const onError = (who: string) => (error: Error) =>
    log.debug({ err: error, callId }, `the socket of the ${who} failed`);
  handleInTurn(app, fromApp, true);
  handleInTurn(provider, fromProvider);
  app.on('error', onError('app'));
  provider.on('error', onError('provider'));
  app.on('close', () => end(ended, 'aborted'));
  provider.on('close', (code) => end(code === 1000 ? ended : providerGone, 'cut'));
  watched.onRevoked(() => {
    fail(revoked(config, use.provider));
    dropRest();
  });
  setBound();
  provider.resume();
  app.resume();

  return {
    drain() {
      isDraining = true;
      if (!work.isBusy) end(stopping, 'cut');
    },
    cut() {
      end(stopping, 'cut');
      dropRest();
      setTimeout(() => app.terminate(), cutWithin);
    },
  };
}

/** Refusals that are not about the frame, but about whoever sends it. */
function endsSocket({ code }: Refusal): boolean {
  return [
    'grant_revoked',
    'invalid_token',
    'no_credential',
    'provider_key_invalid',
    'broker_unavailable',
    'body_too_large',
  ].includes(code);
}

function tooLarge(bytes: number): Refusal {
  return new Refusal(
    'body_too_large',
    `The frame is larger than ${bytes} bytes, the broker's COATCHECK_MAX_FRAME.`,
  );
}

function nothingToDo(): Refusal {
  return new Refusal('invalid_request', 'Say first, in session.update, which model is to work on it.');
}
