import { isObject, type JsonObject } from '../lib/json.ts';
import { type ErrorRules, failureMeaning, type ProviderError, readError, word } from './failure.ts';
import { errorKeys } from './private_parts.ts';

/** What apps may see of an answer, or of the data of an event. */
export interface PublicAnswer {
  /** The answer itself where all of it may be seen. */
  readonly shown: unknown;
  /** It says that the call has failed. */
  readonly hasFailed: boolean;
}

/** Deeper than any answer; what is there is left out. */
const deepest = 64;

/** An answer, or the data of an event, without the texts of errors and without what names the account. */
export function publicAnswer(rules: ErrorRules, data: unknown): PublicAnswer {
  if (isObject(data)) {
    if (data.type === 'error') return { shown: onlyError(rules, data), hasFailed: true };
    if (data.object === 'error') {
      return { shown: { object: 'error', ...publicError(rules, data) }, hasFailed: true };
    }
    // What does not even say what it is says nothing but its error: the rest can name the account.
    if (hasError(data) && typeof (data.object ?? data.type) !== 'string') {
      return { shown: { error: endingError(rules, data.error) }, hasFailed: true };
    }
  }
  const { ends } = rules.privateParts;
  const hasFailed = isObject(data) && [data, ...Array.from(ends, (key) => data[key])].some(hasError);
  return { shown: publicValue(rules, data, 0, true), hasFailed };
}

/** What apps may see of one of several answers: what has failed is not all of it. */
export function publicEntry(rules: ErrorRules, entry: unknown): unknown {
  return publicValue(rules, entry, 0, false);
}

function hasError(value: unknown): boolean {
  return isObject(value) && (value.error ?? null) !== null;
}

/** Of the rest, which can name the account, its place in the stream is kept. */
function onlyError(rules: ErrorRules, data: JsonObject): JsonObject {
  const { error, sequence_number } = data;
  return isObject(error)
    ? { type: 'error', error: publicError(rules, error), sequence_number }
    : { ...publicError(rules, data), type: 'error', sequence_number };
}

/** The value itself where all of it may be seen. @param isEnd an error here is the one that the answer ends with */
function publicValue(rules: ErrorRules, value: unknown, depth: number, isEnd: boolean): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > deepest) return null;
  if (Array.isArray(value)) {
    const shown = value.map((member) => publicValue(rules, member, depth + 1, false));
    return shown.some((member, index) => member !== value[index]) ? shown : value;
  }
  return isObject(value) ? publicObject(rules, value, depth, isEnd) : value;
}

function publicObject(rules: ErrorRules, object: JsonObject, depth: number, isEnd: boolean): JsonObject {
  if (typeof object.type === 'string' && object.type.endsWith('_error')) return publicPart(rules, object);
  const { account, freeForm, ends } = rules.privateParts;
  let shown: Record<string, unknown> | null = null;
  for (const key of Object.keys(object)) {
    const member = object[key];
    if (member === null || freeForm.has(key)) continue;
    const seen = account.has(key)
      ? undefined
      : isEnd && key === 'error'
        ? endingError(rules, member)
        : errorKeys.has(key)
          ? publicParts(rules, member)
          : publicValue(rules, member, depth + 1, isEnd && ends.has(key));
    if (seen === member) continue;
    shown ??= { ...object };
    if (seen === undefined) delete shown[key];
    else shown[key] = seen;
  }
  return shown ?? object;
}

function endingError(rules: ErrorRules, error: unknown): JsonObject {
  return publicError(rules, isObject(error) ? error : { message: error });
}

/** An error that ends an answer. */
function publicError(rules: ErrorRules, carrier: JsonObject): JsonObject {
  const error = readError(rules, carrier);
  const shown = {
    ...error,
    message: isCallersFault(rules, error)
      ? error.message
      : 'The provider broke off with an error. Try again.',
    source: 'provider',
  } as const;
  if (rules.embedded) return rules.embedded(shown);
  // Some SDKs take no error without its number, which says nothing of the account.
  return { ...shown, code: typeof carrier.code === 'number' ? carrier.code : error.code };
}

/** Errors of parts of an answer: one, several, or a list of them as providers write lists. */
function publicParts(rules: ErrorRules, value: unknown): unknown {
  if (typeof value === 'string') return partFailed;
  if (Array.isArray(value)) return value.map((one) => publicParts(rules, one));
  if (!isObject(value)) return value;
  if (Array.isArray(value.data)) return { object: 'list', data: publicParts(rules, value.data) };
  return publicPart(rules, value);
}

const partFailed = 'This failed at the provider.';
const partWords = ['type', 'code', 'error_code', 'status', 'line', 'param'];
const partTexts = ['message', 'error_message'];

/** An error of a part keeps its shape. */
function publicPart(rules: ErrorRules, part: JsonObject): JsonObject {
  const error = readError(rules, part);
  const text = isCallersFault(rules, error) ? error.message : partFailed;
  const shown = Object.entries(part).flatMap(([key, value]) => {
    if (typeof value === 'object' && value !== null) return [];
    if (partTexts.includes(key)) return [[key, value === null ? null : text]];
    if (!partWords.includes(key)) return [];
    return [[key, typeof value === 'string' ? word(rules, value) : value]];
  });
  return Object.fromEntries(shown);
}

/** An error keeps its text only where that is about the request: other texts name the account. */
function isCallersFault(rules: ErrorRules, error: ProviderError): boolean {
  const isNamedSo = rules.callersFault.test(error.code ?? '') || rules.callersFault.test(error.type ?? '');
  // Some that are about the account go by the same name.
  return isNamedSo && failureMeaning(rules, 400, error) === null;
}
