import { parseJson } from '../lib/json.ts';

/**
 * The last object that stands under a key in a piece of JSON text, whatever comes before. Inside a string the quotes
 * around the key would be escaped, so that content cannot pass for it.
 * @returns undefined when there is none
 */
export function lastObject(text: string, key: string): unknown {
  const found = text.lastIndexOf(`"${key}"`);
  const start = found < 0 ? -1 : text.indexOf('{', found);
  if (start < 0 || !/^\s*:\s*$/.test(text.slice(found + key.length + 2, start))) return undefined;
  // Counts hold no text; a brace inside a string would only make this fail.
  let depth = 0;
  for (let index = start; index < text.length; index += 1) {
    if (text[index] === '{') depth += 1;
    if (text[index] === '}') depth -= 1;
    if (depth === 0) return parseJson(text.slice(start, index + 1));
  }
  return undefined;
}
