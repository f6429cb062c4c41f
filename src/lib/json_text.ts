import type { JsonObject } from './json.ts';

/** Members that were written before. They are never changed. */
const written = new WeakMap<object, string>();

/**
 * Writes an object as JSON. What its members hold is written once, however often the object or a copy with other members is.
 * @throws RangeError when it is nested too deep
 */
export function jsonText(object: JsonObject): string {
  let members = '';
  for (const name of Object.keys(object)) {
    const value = memberText(object[name]);
    if (value !== undefined) members += `${members && ','}${JSON.stringify(name)}:${value}`;
  }
  return `{${members}}`;
}

function memberText(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const before = written.get(value);
  if (before !== undefined) return before;
  const text = JSON.stringify(value);
  written.set(value, text);
  return text;
}
