import { isObject, type JsonObject, parseJson } from '../lib/json.ts';
import { type ErrorRules, failureMeaning, readError } from './failure.ts';
import { publicEntry } from './public_answer.ts';

/** Where a line that tells what became of a call holds the answer, and this its status and body. */
const holder = 'response';
const statusField = 'status_code';
const bodyField = 'body';
/** Inside a JSON string the quotes around the word would be escaped. */
const wentWell = /"status_code"\s*:\s*200\b/;

/**
 * What apps may see of a line in which a provider tells what became of a call: what they would have seen of its answer.
 * @returns the same text where all of it may be seen
 */
export function publicLine(rules: ErrorRules, text: string): string {
  if (wentWell.test(text) && !rules.privateParts.mention.test(text)) return text;
  const line = parseJson(text);
  if (line === undefined) return text;
  const shown = withoutFailure(rules, publicEntry(rules, line), line);
  return shown === line ? text : `${JSON.stringify(shown)}\n`;
}

/** @param line as it was written, with the words of the failure */
function withoutFailure(rules: ErrorRules, shown: unknown, line: unknown): unknown {
  const answer = isObject(line) ? line[holder] : null;
  const status = isObject(answer) ? Number(answer[statusField]) : 0;
  const told = isObject(shown) ? shown[holder] : null;
  if (!isObject(shown) || !isObject(answer) || !isObject(told) || status < 400) return shown;
  return { ...shown, [holder]: { ...told, [bodyField]: publicFailure(rules, status, answer[bodyField]) } };
}

/** What went wrong, by its own code, and by its own words only where they are about the call. */
function publicFailure(rules: ErrorRules, status: number, body: unknown): JsonObject {
  const given = rules.inBody(body);
  const error = readError(rules, isObject(given) ? given : {});
  const { message } = failureMeaning(rules, status, error) ?? error;
  return rules.body({ ...error, message, source: 'provider' }, { status, requestId: '' });
}
