/** The parameters of a query or a form. A parameter with an empty value counts as left out (OAuth 2.1 §3.1). */
export interface Parameters {
  /** The value; undefined when it is left out or sent more than once. */
  one(name: string): string | undefined;
  all(name: string): readonly string[];
  readonly names: readonly string[];
  /** Names sent more than once, which none may be but `resource` (OAuth 2.1 §3.1, RFC 8707 §2). */
  readonly repeated: readonly string[];
}

const repeatable = new Set(['resource']);

/**
 * Decodes application/x-www-form-urlencoded, strictly: what two parsers could read differently is refused.
 * @returns null when percent-encoding or UTF-8 is broken, or a NUL is inside
 */
export function parseParameters(encoded: string): Parameters | null {
  const values = new Map<string, string[]>();
  try {
    for (const pair of encoded.split('&')) {
      if (pair === '') continue;
      const [name = '', ...rest] = pair.split('=');
      const key = decode(name);
      const value = decode(rest.join('='));
      if (key.includes('\0') || value.includes('\0')) return null;
      const list = values.get(key);
      if (list) list.push(value);
      else values.set(key, [value]);
    }
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
  const all = (name: string) => (values.get(name) ?? []).filter((value) => value !== '');
  return {
    one: (name) => (values.get(name)?.length === 1 ? all(name)[0] : undefined),
    all,
    names: [...values.keys()],
    repeated: [...values].flatMap(([name, list]) => (list.length > 1 && !repeatable.has(name) ? [name] : [])),
  };
}

/**
 * Encodes those of the parameters that are to be kept, so that they parse to the same.
 * @param set what takes the place of parameters of the same name
 */
export function encodeParameters(
  parameters: Parameters,
  isKept: (name: string) => boolean,
  set: Readonly<Record<string, string>> | null,
): string {
  const encoded = new URLSearchParams();
  for (const name of parameters.names.filter(isKept)) {
    for (const value of parameters.all(name)) encoded.append(name, value);
  }
  for (const [name, value] of Object.entries(set ?? {})) encoded.set(name, value);
  return encoded.toString();
}

/**
 * Decodes one form-urlencoded value.
 * @throws URIError when it is malformed
 */
export function decode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
