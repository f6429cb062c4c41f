import { invalidValue, missingParameter } from './errors.ts';
import { type Fields, integerOf, textOf } from './fields.ts';
import type { Shelf } from './shelf.ts';

export interface UploadedFile {
  readonly field: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

/** A request that passed authentication, routing and parsing: what an endpoint answers. */
export interface Call {
  readonly model: string;
  readonly fields: Fields;
  readonly files: readonly UploadedFile[];
  readonly stream: boolean;
  /** Hash of the question. Whatever looks random in an answer comes from it. */
  readonly seed: string;
  readonly shelf: Shelf;
  /** Unix seconds, for `created` and `created_at`. */
  readonly created: number;
}

/** How many choices, images or variations one call may ask for. */
const mostAlternatives = 128;

/** A text that has to be there. @throws Refusal 400 */
export function requiredText(call: Call, name: string): string {
  const value = textOf(call.fields[name]);
  if (value === undefined) throw missingParameter(name);
  return value;
}

/** A list that has to be there. @throws Refusal 400 */
export function requiredList(call: Call, name: string): readonly unknown[] {
  const value = call.fields[name];
  if (!Array.isArray(value)) throw missingParameter(name);
  return value;
}

/** The first file of that name, which has to be there. @throws Refusal 400 */
export function requiredFile(call: Call, field: string): UploadedFile {
  const file = call.files.find((candidate) => candidate.field === field);
  if (file === undefined) throw missingParameter(field);
  return file;
}

/**
 * An optional integer, at least 1 unless told otherwise, where `null` means left out.
 * @throws Refusal 400 when it is none, or out of bounds
 */
export function optionalInteger(
  call: Call,
  name: string,
  { least = 1, most = Number.MAX_SAFE_INTEGER } = {},
): number | undefined {
  const value = call.fields[name];
  if (value === undefined || value === null) return undefined;
  const integer = integerOf(value);
  if (integer === undefined || integer < least || integer > most) {
    throw invalidValue(name, `an integer between ${least} and ${most}`);
  }
  return integer;
}

/** How many alternatives are asked for: the field `n`, 1 when left out. */
export function alternatives(call: Call): number {
  return optionalInteger(call, 'n', { most: mostAlternatives }) ?? 1;
}
