import { createHash } from 'node:crypto';
import { isObject } from '../lib/json.ts';
import type { Fields } from './fields.ts';

/**
 * What a broker between app and provider may set or change without changing what was asked: who asks, how it is
 * delivered, how much it may cost. Left out of the seed so that the direct and the brokered call answer alike.
 */
const notPartOfTheQuestion: ReadonlySet<string> = new Set([
  'max_completion_tokens',
  'max_output_tokens',
  'max_tokens',
  'max_tool_calls',
  'metadata',
  'prompt_cache_key',
  'prompt_cache_retention',
  'safety_identifier',
  'service_tier',
  'store',
  'stream',
  'stream_options',
  'user',
]);

/** SHA-256 in hex. */
export function sha256(value: string | Uint8Array): string {
  return createHash('sha256').update(value).digest('hex');
}

/** JSON with sorted keys: the same for two objects that differ only in the order of their keys. */
function canonicalJson(value: unknown): string {
  const sorted = (_key: string, inner: unknown): unknown =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner;
  return JSON.stringify(value, sorted);
}

/** What every id, vector, picture and sound of an answer is derived from: a hash of the question. */
export function seedOf(path: string, fields: Fields, fileHashes: readonly string[]): string {
  const question = Object.entries(fields).filter(([name]) => !notPartOfTheQuestion.has(name));
  return sha256(`${path}\n${canonicalJson(Object.fromEntries(question))}\n${fileHashes.join('\n')}`);
}

/** An id that is always the same for the same seed and label: `derivedId('resp_', seed)`. */
export function derivedId(prefix: string, seed: string, label = ''): string {
  return prefix + sha256(`${seed} ${prefix} ${label}`).slice(0, 32);
}

/** Numbers in [0, 1) that are always the same for the same seed (xorshift32). */
export function derivedNumbers(seed: string, count: number): number[] {
  let state = Number.parseInt(sha256(seed).slice(0, 8), 16) || 1;
  return Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  });
}

/** A single number in [0, 1). */
export function derivedNumber(seed: string): number {
  return derivedNumbers(seed, 1)[0] ?? 0;
}
