import { at, isObject, type JsonObject, parseJson } from '../lib/json.ts';
import type { PrivateParts } from './private_parts.ts';

/** What a provider says when it refuses. */
export interface ProviderError {
  readonly message: string;
  readonly type: string | null;
  readonly code: string | null;
  readonly param: string | null;
}

/** What a refusal of the provider means to the app. */
export interface FailureMeaning {
  readonly status: number;
  readonly code:
    | 'provider_key_invalid'
    | 'provider_quota_exceeded'
    | 'provider_rate_limited'
    | 'provider_error';
  /** In the broker's words: those of the provider can name the account. */
  readonly message: string;
  /** The key itself is known to be bad. */
  readonly keyIsBad?: boolean;
  /** Where a person can fix it: the provider's page for billing, or the broker's for keys. */
  readonly fixedAt?: 'billing' | 'keys';
}

/** A refusal by status and, where `code` is set, by the code or type it carries. */
export interface FailureRow {
  readonly status: number;
  readonly code?: RegExp;
  readonly message?: RegExp;
  readonly means: FailureMeaning;
}

/** How a provider reports errors. */
export interface ErrorRules {
  /** The first row that fits counts. */
  readonly failures: readonly FailureRow[];
  /** Codes and types of errors that are the caller's own doing: their text is of use to the app. */
  readonly callersFault: RegExp;
  /** What in a text names the account, its keys or its requests. */
  readonly privateText: RegExp;
  /** What in answers that are none names the account. */
  readonly privateParts: PrivateParts;
  /** The error in the body of a refusal: an object, or what it says. */
  readonly inBody: (body: unknown) => unknown;
  /** Brings an error's type and code to where they are read, if they stand elsewhere. */
  readonly plain?: (carrier: JsonObject) => JsonObject;
  /** Writes an error inside of an answer that began well in the provider's own shape, if that is another. */
  readonly embedded?: (error: WireError) => JsonObject;
  /** Where an error carries its code. */
  readonly codePath: readonly string[];
  /** Writes a refusal in the provider's own shape. */
  readonly body: (error: WireError, answer: WireAnswer) => JsonObject;
}

/** What goes to the app beside a refusal's body. */
export interface WireAnswer {
  readonly status: number;
  /** The call's id here. */
  readonly requestId: string;
}

export interface WireError extends ProviderError {
  readonly source: 'coatcheck' | 'provider';
  readonly action_url?: string;
}

/** Statuses that are about the request itself. */
const relayed: ReadonlySet<number> = new Set([400, 404, 409, 413, 415, 422]);
const unusable = 'The provider could not answer. Try again.';
const longestMessage = 4_000;
const redacted = '[redacted]';
const identifier = /^[A-Za-z0-9_.-]{1,64}$/;

/** Takes out of a text what names the account. */
export function redact({ privateText }: Pick<ErrorRules, 'privateText'>, text: string): string {
  return text.replace(privateText, redacted);
}

/** What a value says in one word, if it does and that names nobody. */
export function word(rules: Pick<ErrorRules, 'privateText'>, value: unknown): string | null {
  return typeof value === 'string' && identifier.test(value) ? redact(rules, value) : null;
}

/** The error that a body, or the data of an event, carries, without what names the account. */
export function readError(rules: ErrorRules, given: JsonObject): ProviderError {
  const carrier = rules.plain?.(given) ?? given;
  const text = (value: unknown) => (typeof value === 'string' ? redact(rules, value) : null);
  return {
    message: text(carrier.message)?.slice(0, longestMessage) ?? '',
    type: word(rules, carrier.type),
    code: word(rules, at(carrier, rules.codePath)),
    param: text(carrier.param)?.slice(0, longestMessage) ?? null,
  };
}

/** The error in the body of a refusal. @param body as it was received */
export function errorIn(rules: ErrorRules, body: Buffer): ProviderError {
  const error = rules.inBody(parseJson(body.toString('utf8')));
  return readError(rules, isObject(error) ? error : { message: error });
}

/** What a refusal with this status means; null when it is about the request, and its text may go on. */
export function failureMeaning(
  { failures }: ErrorRules,
  status: number,
  { code, type, message }: ProviderError,
): FailureMeaning | null {
  const row = failures.find(
    (candidate) =>
      candidate.status === status &&
      (!candidate.code || candidate.code.test(code ?? '') || candidate.code.test(type ?? '')) &&
      (!candidate.message || candidate.message.test(message)),
  );
  if (row) return row.means;
  return relayed.has(status) ? null : { status: 502, code: 'provider_error', message: unusable };
}
