import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { type Dispatcher, errors } from 'undici';
import type { ProviderError } from '../catalog/failure.ts';
import type { Deps } from '../deps.ts';
import type { CallOutcome } from '../store/records.ts';
import type { Admission } from './admit.ts';
import type { AnswerContext, AnswerHead, AnswerSink } from './answer.ts';
import { AppGone } from './app_gone.ts';
import { createEmptySink } from './empty_sink.ts';
import { createEventSink } from './event_sink.ts';
import { begin, type Exchange, refuse, writeError } from './exchange.ts';
import { createFailureSink } from './failure_sink.ts';
import {
  contentLength,
  contentType,
  hasContentCoding,
  mediaType,
  requestIdIn,
  responseHeaders,
} from './headers.ts';
import { createHeldSink } from './held_sink.ts';
import type { WatchedCall } from './in_flight.ts';
import type { KeyHealth } from './key_health.ts';
import { createLargeSink } from './large_sink.ts';
import { createLateCostRecord, type LateCostRecord } from './late_cost.ts';
import { keysUrl, revoked } from './ledger_refusal.ts';
import { createLineSink } from './line_sink.ts';
import { createMeter, type Meter } from './meter.ts';
import { createObjectRecord, type ObjectRecord } from './object_record.ts';
import { createRecordingSink } from './recording_sink.ts';
import { Refusal, unavailable } from './refusal.ts';
import { requestHeaders } from './request_headers.ts';
import { createThroughSink } from './through_sink.ts';
import type { Upstreams } from './upstream.ts';

export interface ForwardDeps extends Pick<Deps, 'config' | 'ledger' | 'log' | 'store'> {
  readonly upstreams: Upstreams;
  readonly keyHealth: KeyHealth;
}

/** Each answer under 200 (RFC 9110 §15.2) gives the provider time anew; one that sends nothing else is given up. */
const mostInterimAnswers = 10;

/**
 * Sends an admitted call to the provider and its answer to the app, until one of four things ends it: the answer is
 * complete, the provider fails, the app goes away, or its grant is revoked. Whichever it is, the call is settled once.
 * @param watched the call as the one who cuts revoked calls knows it
 * @param onEnd called once, when the call is over and its request body not needed any more
 */
export function forward(
  deps: ForwardDeps,
  exchange: Exchange,
  admission: Admission,
  watched: WatchedCall,
  onEnd: () => void,
): void {
  const { pool, pathPrefix } = deps.upstreams.find(admission.baseUrl);
  const call = new ForwardedCall(deps, exchange, admission, onEnd);
  watched.onRevoked(() => call.revoke());
  pool.dispatch(
    {
      method: admission.match.route.method,
      path: pathPrefix + admission.match.path,
      headers: requestHeaders(admission, exchange.request.headers),
      body: admission.body?.bytes ?? null,
    },
    call,
  );
}

/** One object a call: what undici reports to, and what the sinks work with. */
class ForwardedCall implements Dispatcher.DispatchHandler, AnswerContext {
  readonly admission: Admission;
  readonly meter: Meter;
  readonly #deps: ForwardDeps;
  readonly #exchange: Exchange;
  readonly #response: ServerResponse;
  readonly #onEnd: () => void;
  readonly #record: ObjectRecord;
  readonly #lateCost: LateCostRecord;
  #upstream: Dispatcher.DispatchController | undefined;
  #sink: AnswerSink | undefined;
  #slowApp: NodeJS.Timeout | undefined;
  #interimAnswers = 0;
  #hasAnswer = false;
  #isOver = false;

  constructor(deps: ForwardDeps, exchange: Exchange, admission: Admission, onEnd: () => void) {
    this.admission = admission;
    this.meter = createMeter(deps.ledger, admission);
    this.#record = createObjectRecord(deps.store.objects, admission);
    this.#lateCost = createLateCostRecord(deps.store, admission);
    this.#deps = deps;
    this.#exchange = { ...exchange, payer: admission.payer, left: admission.left };
    this.#response = exchange.response;
    this.#onEnd = onEnd;
    this.#response.on('close', () => this.#appGone());
    this.#response.on('drain', () => this.#appReads());
  }

  // What the provider does.

  onRequestStart(upstream: Dispatcher.DispatchController): void {
    this.#upstream = upstream;
    // The app went away while the connection was being made: nothing is sent then.
    if (this.#isOver) upstream.abort(new AppGone());
    else this.meter.sent();
  }

  onResponseStart(
    _upstream: Dispatcher.DispatchController,
    status: number,
    received: IncomingHttpHeaders,
  ): void {
    if (this.#isOver) return;
    if (status < 200) {
      this.#interimAnswers += 1;
      if (this.#interimAnswers > mostInterimAnswers) this.fail(neverAnswers(), 'failed');
      return;
    }
    this.#hasAnswer = true;
    this.meter.answered(status, requestIdIn(received, this.admission.provider));
    if (status < 300) this.#deps.keyHealth.answered(this.admission);
    this.#sink = this.#sinkFor(status, received);
  }

  onResponseData(_upstream: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#isOver) this.#sink?.write(chunk);
  }

  onResponseEnd(): void {
    if (!this.#isOver) this.#sink?.end();
  }

  onResponseError(_upstream: Dispatcher.DispatchController, error: Error): void {
    if (this.#isOver) return;
    const { callId } = this.admission;
    this.#deps.log.warn({ err: error, callId }, 'the provider failed');
    this.fail(explain(error), this.#hasAnswer ? 'cut' : 'failed');
  }

  // What the app does.

  #appGone(): void {
    clearTimeout(this.#slowApp);
    if (this.#isOver) return;
    this.#end(this.#upstream ? 'aborted' : 'not_sent');
    this.#upstream?.abort(new AppGone());
  }

  #appReads(): void {
    clearTimeout(this.#slowApp);
    this.#upstream?.resume();
  }

  /** An app that stops reading is cut off in the end, as a provider that stops writing is. */
  #waitForApp(): void {
    clearTimeout(this.#slowApp);
    this.#slowApp = setTimeout(() => this.#response.destroy(), this.#deps.config.streamIdleTimeout * 1000);
  }

  // What the user does.

  revoke(): void {
    if (this.#isOver) return;
    const { config } = this.#deps;
    const hasBegun = this.#response.headersSent;
    this.fail(revoked(config, this.admission.provider), this.#upstream ? 'cut' : 'not_sent');
    // A slow app does not get what still waits for it here.
    if (hasBegun) this.#response.destroy();
  }

  // What the sinks do.

  begin(status: number, headers: readonly string[]): void {
    begin(this.#exchange, status, headers);
  }

  flush(): void {
    this.#response.flushHeaders();
  }

  send(chunk: Buffer): void {
    if (this.#isOver || this.#response.write(chunk)) return;
    this.#upstream?.pause();
    this.meter.heldUp();
    this.#waitForApp();
  }

  finish(outcome: CallOutcome, lastChunk?: Buffer): void {
    this.#end(outcome);
    this.#response.end(lastChunk);
    if (this.#response.writableLength > 0) this.#waitForApp();
  }

  fail(refusal: Refusal, outcome: CallOutcome): void {
    if (this.#isOver) return;
    this.#end(outcome);
    refuse(this.#exchange, refusal);
    if (this.#response.writableLength > 0) this.#waitForApp();
    this.#upstream?.abort(refusal);
  }

  relay(status: number, { type, ...error }: ProviderError, headers: readonly string[]): void {
    this.#end('answered');
    const wireError = { ...error, type: type ?? 'invalid_request_error', source: 'provider' } as const;
    writeError(this.#exchange, status, wireError, headers);
    this.#upstream?.abort(new Error('enough was read'));
  }

  record(answers: readonly unknown[], then: () => void): boolean {
    const recordings = [this.#record(answers), this.#lateCost(answers)].filter((one) => one !== null);
    if (recordings.length === 0) return false;
    this.#upstream?.pause();
    Promise.all(recordings).then(
      () => {
        if (this.#isOver) return;
        if (!this.#response.writableNeedDrain) this.#upstream?.resume();
        then();
      },
      (error: unknown) => {
        const { callId } = this.admission;
        this.#deps.log.error({ err: error, callId }, 'what the provider keeps could not be put on record');
        this.fail(unavailable(unrecorded, error), 'cut');
      },
    );
    return true;
  }

  keyIsBad(): void {
    this.#deps.keyHealth.refused(this.admission);
  }

  quotaIsUsedUp(): void {
    this.#deps.keyHealth.exhausted(this.admission);
  }

  #end(outcome: CallOutcome): void {
    this.#isOver = true;
    clearTimeout(this.#slowApp);
    this.meter.settle(outcome);
    this.#onEnd();
  }

  /** Decides by status and content type what becomes of the answer. */
  #sinkFor(status: number, received: IncomingHttpHeaders): AnswerSink | undefined {
    const { answer, makes } = this.admission.match.route;
    const isEmpty = status === 204 || received['content-length'] === '0';
    const type = mediaType(received);
    const head: AnswerHead = { status, mediaType: type, headers: responseHeaders(received) };
    if (status >= 400) return createFailureSink(this, head, keysUrl(this.#deps.config));
    if (status < 300 && isEmpty && answer.mayBeEmpty) return createEmptySink(this, head);
    const isExpected = answer.types.some((one) => (one.endsWith('/') ? type.startsWith(one) : type === one));
    if (status >= 300 || hasContentCoding(received) || !isExpected) {
      this.#deps.log.warn(
        { callId: this.admission.callId, status, type },
        'the provider gave an answer that cannot be handed on',
      );
      this.fail(new Refusal('provider_error', 'The provider gave no usable answer. Try again.'), 'cut');
      return undefined;
    }
    const headers = [...contentType(received), ...head.headers];
    if (type === 'text/event-stream') {
      const sink = createEventSink(this, { ...head, headers });
      return makes ? createRecordingSink(this, sink) : sink;
    }
    if (type === 'application/json' && answer.json === 'held') {
      return createHeldSink(this, { ...head, headers });
    }
    if (type === 'application/json' && answer.json === 'through') {
      return createLargeSink(this, { ...head, headers }, contentLength(received));
    }
    if (this.admission.asksForAnswers) return createLineSink(this, { ...head, headers });
    return createThroughSink(this, { ...head, headers: [...headers, ...contentLength(received)] });
  }
}

const unrecorded = 'The broker cannot put on record what the provider keeps. Try again.';

function neverAnswers(): Refusal {
  return new Refusal('provider_error', 'The provider announces an answer without end. Try again.');
}

function explain(error: Error): Refusal {
  const isLate =
    error instanceof errors.ConnectTimeoutError ||
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError;
  return isLate
    ? new Refusal('provider_timeout', 'The provider did not answer in time. Try again.', { cause: error })
    : new Refusal('provider_error', 'The connection to the provider failed. Try again.', { cause: error });
}
