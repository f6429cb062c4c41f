import type { JsonObject } from '../lib/json.ts';
import { type BodyRefusal, invalid } from './body_refusal.ts';
import type { OutputRules } from './route.ts';

/** How long a call lets its answer get. */
export interface OutputCap {
  readonly kind: 'read';
  /**
   * In tokens; `open` where the call leaves it to others, `unbounded` where it has no field for it. What is no number of
   * tokens bounds nothing, whatever the provider makes of it: infinite.
   */
  readonly tokens: number | 'open' | 'unbounded';
  /** The field that says so. */
  readonly field: string | null;
}

/** Reads how long a call lets its answer get. @returns a refusal if it says two things */
export function readOutputCap({ caps }: OutputRules, body: JsonObject): OutputCap | BodyRefusal {
  if (caps.length === 0) return { kind: 'read', tokens: 'unbounded', field: null };
  const given = caps.filter((field) => body[field] !== undefined && body[field] !== null);
  const [field, other] = given;
  if (field === undefined) return { kind: 'read', tokens: 'open', field: null };
  if (other !== undefined && body[other] !== body[field]) {
    return invalid(other, `${field} and ${other} contradict each other. Send one of them.`);
  }
  const value = body[field];
  const isCount = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
  return { kind: 'read', tokens: isCount ? value : Number.POSITIVE_INFINITY, field };
}

/** The body with a bound on its answer, which the call left open. @param tokens that the answer may have */
export function withOutputCap(
  { caps: [field], otherwise = Number.POSITIVE_INFINITY }: OutputRules,
  body: JsonObject,
  tokens: number,
): JsonObject {
  return field === undefined ? body : { ...body, [field]: Math.min(tokens, otherwise) };
}
