import type { ProviderError } from '../catalog/failure.ts';
import type { CallOutcome } from '../store/records.ts';
import type { Admission } from './admit.ts';
import type { Meter } from './meter.ts';
import type { Refusal } from './refusal.ts';

/** Where the body of a provider's answer goes. */
export interface AnswerSink {
  write(chunk: Buffer): void;
  /** The provider has ended its answer as HTTP has it. */
  end(): void;
}

/** What a sink can do for a call. */
export interface AnswerContext {
  readonly admission: Admission;
  readonly meter: Meter;
  /** Begins the answer to the app. @param headers names and values in turn */
  begin(status: number, headers: readonly string[]): void;
  /** Lets the app see that its answer has begun, before there is a first piece of it. */
  flush(): void;
  /** Sends a piece of the answer; while the app is slow nothing more is read from the provider. */
  send(chunk: Buffer): void;
  /** Ends the answer to the app as it should end. */
  finish(outcome: CallOutcome, lastChunk?: Buffer): void;
  /** Gives the call up: the app gets the refusal, or a broken connection if its answer has begun. */
  fail(refusal: Refusal, outcome: CallOutcome): void;
  /** Hands on an error of the provider that is about the request itself. */
  relay(status: number, error: ProviderError, headers: readonly string[]): void;
  /**
   * Puts on record what answers, or events, tell of.
   * @param then called when the app may see it, unless the call is over by then
   * @returns false when there is nothing to put on record, and nothing to wait for
   */
  record(answers: readonly unknown[], then: () => void): boolean;
  /** Notes that the provider does not accept the key any more. */
  keyIsBad(): void;
  /** Notes that the account behind the key has no quota left. */
  quotaIsUsedUp(): void;
}

/** How a provider's answer begins, as far as it is handed on. */
export interface AnswerHead {
  readonly status: number;
  readonly mediaType: string;
  /** Response header names and values in turn that go on to the app. */
  readonly headers: readonly string[];
}
