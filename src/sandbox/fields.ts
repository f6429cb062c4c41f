import { isObject } from '../lib/json.ts';

/** A JSON object, or the text fields of a multipart form, as received: nothing about its values is known yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** The value as an object, or an empty one. */
export function fieldsOf(value: unknown): Fields {
  return isObject(value) ? value : {};
}

/** The value as an array, or an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value as a text. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The value as an integer. Multipart forms carry numbers as text. */
export function integerOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) ? number : undefined;
}

/** True for `true` and, because multipart forms carry text, for `"true"`. */
export function flagOf(value: unknown): boolean {
  return value === true || value === 'true';
}

/** The value when it is one of `allowed`, else the first of them. */
export function oneOf<const Value extends string>(
  value: unknown,
  allowed: readonly [Value, ...Value[]],
): Value {
  return allowed.find((candidate) => candidate === value) ?? allowed[0];
}
