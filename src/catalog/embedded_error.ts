import { isObject, type JsonObject } from '../lib/json.ts';
import { type ErrorRules, failureMeaning, readError } from './failure.ts';

/**
 * Looks for an error inside an answer that began well: the data of an event, or a JSON answer that reports failure.
 * @returns the same with an error that apps may see; null when there is no error in it
 */
export function withPublicError(rules: ErrorRules, data: unknown): JsonObject | null {
  if (!isObject(data)) return null;
  if (data.type === 'error') {
    // Nothing but an error: of the rest, which can name the account, its place in the stream is kept.
    const { error, sequence_number } = data;
    return isObject(error)
      ? { type: 'error', error: publicError(rules, error), sequence_number }
      : { ...publicError(rules, data), type: 'error', sequence_number };
  }
  if (data.object === 'error') return { object: 'error', ...publicError(rules, data) };
  // What does not even say what it is says nothing but its error: the rest can name the account.
  const answer = typeof (data.object ?? data.type) === 'string' ? data : {};
  if (isObject(data.error)) return { ...answer, error: publicError(rules, data.error) };
  const holder = rules.errorHolder && data[rules.errorHolder];
  if (rules.errorHolder && isObject(holder) && holder.error) {
    const { message } = publicError(rules, { message: holder.error });
    return { ...data, [rules.errorHolder]: { ...holder, error: message } };
  }
  if (isObject(data.response)) {
    const { response } = data;
    if (isObject(response.error)) {
      return { ...data, response: { ...response, error: publicError(rules, response.error) } };
    }
    const { status_details: details } = response;
    if (isObject(details) && isObject(details.error)) {
      const status_details = { ...details, error: publicError(rules, details.error) };
      return { ...data, response: { ...response, status_details } };
    }
  }
  return data.error === undefined || data.error === null
    ? null
    : { ...answer, error: publicError(rules, { message: data.error }) };
}

/** An error keeps its text only where that is about the request: other texts name the account. */
function publicError(rules: ErrorRules, carrier: JsonObject): JsonObject {
  const error = readError(rules, carrier);
  const isNamedSo = rules.callersFault.test(error.code ?? '') || rules.callersFault.test(error.type ?? '');
  // Some that are about the account go by the same name.
  const isCallersFault = isNamedSo && failureMeaning(rules, 400, error) === null;
  const shown = {
    ...error,
    message: isCallersFault ? error.message : 'The provider broke off with an error. Try again.',
    source: 'provider',
  } as const;
  if (rules.embedded) return rules.embedded(shown);
  // Some SDKs take no error without its number, which says nothing of the account.
  return { ...shown, code: typeof carrier.code === 'number' ? carrier.code : error.code };
}
