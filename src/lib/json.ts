/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether the value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @returns what a piece of JSON text says; undefined when it is no JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Whether an object in a piece of JSON text names a member twice: of two such members readers take different ones
 * (RFC 8259 §4).
 * @param value what the text parses to; not nested deep
 */
export function repeatsMember(text: string, value: unknown): boolean {
  // In JSON a string is a name where a colon follows, and quotes are nowhere but around and, escaped, inside of strings.
  const strings = text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g);
  const names = [...strings].filter(([, colon]) => colon !== undefined);
  return names.length !== countMembers(value);
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inside = Object.values(value).reduce<number>((sum, member) => sum + countMembers(member), 0);
  return inside + (Array.isArray(value) ? 0 : Object.keys(value).length);
}

/** The value at a path of keys; undefined where the path leads nowhere. */
export function at(value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const key of path) {
    if (!isObject(current) || !Object.hasOwn(current, key)) return undefined;
    current = current[key];
  }
  return current;
}
