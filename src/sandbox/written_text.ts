import { pacedChunks } from './faults.ts';
import { listOf } from './fields.ts';
import { schemaSample } from './schema_sample.ts';
import { splitTokens } from './tokens.ts';

/** How much of the prompt an answer repeats, in characters. */
const echoLength = 200;

/** Text as a model would write it: token by token, up to a limit. */
export interface WrittenText {
  readonly text: string;
  readonly tokens: readonly string[];
  readonly finish: 'stop' | 'length';
}

/** The sandbox's answer to a prompt: its beginning, so that a person can see which call was answered. */
export function answerText(model: string, prompt: string, alternative = 0): string {
  const chunks = pacedChunks(model);
  if (chunks !== undefined) return numberedChunks(chunks);
  const words = prompt.replaceAll(/\s+/g, ' ').trim();
  const echo = words.length > echoLength ? `${words.slice(0, echoLength - 1)}…` : words;
  const which = alternative === 0 ? '' : ` ${alternative + 1}`;
  // The cut may have split a surrogate pair.
  return `Sandbox answer${which} to: ${echo.toWellFormed()}`;
}

/** What is thought before an answer, up to a limit in tokens. */
export function writeThought(prompt: string, limit: number | undefined): WrittenText {
  return writeText(answerText('', `what to make of ${prompt}`), { limit });
}

/** A text in the format asked for: as it is, as some JSON object, or as JSON that satisfies the schema. */
export function inFormat(type: unknown, schema: unknown, text: string): string {
  if (type === 'json_object') return JSON.stringify({ answer: text });
  return type === 'json_schema' ? JSON.stringify(schemaSample(schema, text)) : text;
}

/** Exactly `count` tokens: "000 001 002 …". */
function numberedChunks(count: number): string {
  return Array.from({ length: count }, (_, index) => `${String(index % 1000).padStart(3, '0')} `).join('');
}

/** The stop sequences of a request, which gives one or a list. */
export function stopSequences(stop: unknown): readonly string[] {
  const sequences = [stop, ...listOf(stop)].filter((sequence) => typeof sequence === 'string');
  return sequences.filter((sequence) => sequence !== '');
}

/**
 * Writes a text until it ends, a stop sequence comes up, or the limit is reached.
 * @param limit in tokens
 */
export function writeText(
  full: string,
  bounds: { limit: number | undefined; stops?: readonly string[] },
): WrittenText {
  const stopsAt = (bounds.stops ?? []).map((stop) => full.indexOf(stop)).filter((position) => position >= 0);
  const tokens = splitTokens(stopsAt.length > 0 ? full.slice(0, Math.min(...stopsAt)) : full);
  if (bounds.limit === undefined || tokens.length <= bounds.limit) {
    return { text: tokens.join(''), tokens, finish: 'stop' };
  }
  const written = tokens.slice(0, bounds.limit);
  return { text: written.join(''), tokens: written, finish: 'length' };
}
