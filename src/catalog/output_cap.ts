import { isObject, type JsonObject } from '../lib/json.ts';
import { type BodyRefusal, invalid } from './body_refusal.ts';
import type { OutputRules } from './route.ts';

/** How long a call lets its answer get. */
export interface OutputCap {
  readonly kind: 'read';
  /** In tokens; `open` where the call leaves it to others, `unbounded` where it has no field for it. */
  readonly tokens: number | 'open' | 'unbounded';
  /** The field that says so, or could. */
  readonly field: string | null;
}

/**
 * Reads how long a call lets its answer get.
 * @returns a refusal if it says two things, or what is no number of tokens: nobody knows what the provider makes of that
 */
export function readOutputCap(
  { caps, within, mayBeNone }: OutputRules,
  body: JsonObject,
): OutputCap | BodyRefusal {
  if (caps.length === 0) return { kind: 'read', tokens: 'unbounded', field: null };
  const holder = holderIn(body, within);
  const [field, other] = caps.filter((cap) => holder[cap] !== undefined && holder[cap] !== null);
  const named = (name = '') => (within === undefined ? name : `${within}.${name}`);
  if (field === undefined) return { kind: 'read', tokens: 'open', field: named(caps[0]) };
  const value = holder[field];
  if (other !== undefined && holder[other] !== value) {
    return invalid(other, `${field} and ${other} contradict each other. Send one of them.`);
  }
  const place = named(field);
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    return invalid(
      place,
      `${place} must be a whole number of tokens. Leave it out where it does not matter.`,
    );
  }
  if (value === 0 && !mayBeNone) {
    return invalid(place, `${place} must be 1 at least. Leave it out where it does not matter.`);
  }
  return { kind: 'read', tokens: value, field: place };
}

/**
 * The body with a bound on its answer, which the call left open.
 * @param tokens that the answer may have
 * @param longest what the model can write at most, where it is known: providers refuse a bound beyond it
 */
export function withOutputCap(
  { caps: [field], within, otherwise = Number.POSITIVE_INFINITY }: OutputRules,
  body: JsonObject,
  tokens: number,
  longest = Number.POSITIVE_INFINITY,
): JsonObject {
  if (field === undefined) return body;
  const bounded = { ...holderIn(body, within), [field]: Math.min(tokens, otherwise, longest) };
  return within === undefined ? bounded : { ...body, [within]: bounded };
}

function holderIn(body: JsonObject, within: string | undefined): JsonObject {
  const holder = within === undefined ? body : body[within];
  return isObject(holder) ? holder : {};
}
