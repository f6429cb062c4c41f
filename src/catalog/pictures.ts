import { isObject, type JsonObject } from '../lib/json.ts';

/** How the conversations of an API hold pictures. */
export interface PictureRules {
  /** Where the parts of a conversation stand in a body: keys, which may hold one thing or a list of them. */
  readonly places: readonly (readonly string[])[];
  /**
   * What a part holds beside its picture. Null for one that is no picture, and for one that may hold more under that name:
   * what is read as text must not pass for a picture, which counts the same however much there is of it.
   */
  readonly beside: (part: JsonObject) => JsonObject | null;
}

/** @returns the pictures of a body, counted, and all that is in it beside them */
export function withoutPictures(
  { places, beside }: PictureRules,
  body: JsonObject,
): { readonly rest: JsonObject; readonly pictures: number } {
  let pictures = 0;
  const inObject = (node: JsonObject, [key, ...path]: readonly string[]): JsonObject => {
    if (key !== undefined)
      return Object.hasOwn(node, key) ? { ...node, [key]: inEach(node[key], path) } : node;
    const rest = beside(node);
    if (rest) pictures += 1;
    return rest ?? node;
  };
  const inEach = (value: unknown, path: readonly string[]): unknown => {
    const inOne = (one: unknown) => (isObject(one) ? inObject(one, path) : one);
    return Array.isArray(value) ? value.map(inOne) : inOne(value);
  };
  return { rest: places.reduce(inObject, body), pictures };
}
