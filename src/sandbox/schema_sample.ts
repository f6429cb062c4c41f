import { isObject } from '../lib/json.ts';
import { type Fields, fieldsOf, listOf, textOf } from './fields.ts';

/** Recursive schemas are followed this deep, then whatever ends soonest is chosen. */
const patience = 6;
/** Some schemas can never end, or grow at every step. They are cut at this depth and at this many values. */
const deepest = 20;
const mostValues = 2000;

const formats: Readonly<Record<string, string>> = {
  date: '2026-01-01',
  'date-time': '2026-01-01T00:00:00Z',
  duration: 'P1D',
  email: 'sandbox@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  time: '00:00:00Z',
  uri: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
};

interface Sampling {
  readonly root: Fields;
  readonly text: string;
  valuesLeft: number;
}

/**
 * A value that satisfies a JSON schema, as far as OpenAI's structured outputs use JSON Schema (no `pattern`).
 * @param text what to say where the schema allows any string
 */
export function schemaSample(schema: unknown, text: string): unknown {
  const root = fieldsOf(schema);
  return sample(root, { root, text, valuesLeft: mostValues }, 0);
}

function sample(schema: Fields, sampling: Sampling, depth: number): unknown {
  if (depth > deepest || sampling.valuesLeft <= 0) return null;
  sampling.valuesLeft -= 1;
  const inner = (next: unknown): unknown => sample(fieldsOf(next), sampling, depth + 1);
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const reference = textOf(schema.$ref);
  if (reference !== undefined) return inner(resolve(sampling.root, reference));
  const options = [...listOf(schema.anyOf), ...listOf(schema.oneOf)];
  if (options.length > 0) return inner(chosen(options, depth));
  const parts = listOf(schema.allOf);
  if (parts.length > 0) return inner(merged(parts));

  switch (typeName(schema, depth)) {
    case 'object':
      return sampleObject(schema, inner, depth);
    case 'array':
      return Array.from({ length: arrayLength(schema, depth) }, () => inner(schema.items));
    case 'integer':
    case 'number':
      return sampleNumber(schema);
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return sampleString(schema, sampling.text);
  }
}

function typeName(schema: Fields, depth: number): unknown {
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  if (depth >= patience && types.includes('null')) return 'null';
  return types[0] ?? ('properties' in schema ? 'object' : 'items' in schema ? 'array' : 'string');
}

function chosen(options: readonly unknown[], depth: number): unknown {
  const last = options.find((option) => fieldsOf(option).type === 'null');
  return depth >= patience && last !== undefined ? last : options[0];
}

function merged(parts: readonly unknown[]): Fields {
  const properties = Object.assign({}, ...parts.map((part) => fieldsOf(fieldsOf(part).properties)));
  const required = parts.flatMap((part) => listOf(fieldsOf(part).required));
  return Object.assign({}, ...parts.map(fieldsOf), { properties, required });
}

function sampleObject(schema: Fields, inner: (next: unknown) => unknown, depth: number): unknown {
  const required = new Set(listOf(schema.required));
  const wanted = Object.entries(fieldsOf(schema.properties)).filter(
    ([name]) => depth < patience || required.has(name),
  );
  return Object.fromEntries(wanted.map(([name, property]) => [name, inner(property)]));
}

function arrayLength(schema: Fields, depth: number): number {
  const least = Math.min(Number(schema.minItems ?? 0) || 0, 100);
  return depth >= patience ? least : Math.max(least, schema.maxItems === 0 ? 0 : 1);
}

function sampleNumber(schema: Fields): number {
  const exclusive = Number(schema.exclusiveMinimum ?? Number.NaN) + 1;
  const least = Number(schema.minimum ?? (Number.isNaN(exclusive) ? 1 : exclusive));
  const most = Number(schema.maximum ?? Number.MAX_SAFE_INTEGER);
  const step = Number(schema.multipleOf ?? 0);
  const value = step > 0 ? Math.ceil(least / step) * step : least;
  return Math.min(value, most);
}

function sampleString(schema: Fields, text: string): string {
  const formatted = formats[textOf(schema.format) ?? ''];
  if (formatted !== undefined) return formatted;
  const least = Math.min(Number(schema.minLength ?? 0) || 0, 10_000);
  return text.padEnd(least, '.').slice(0, Number(schema.maxLength ?? text.length + least));
}

/** Follows a local reference such as `#/$defs/step`. */
function resolve(root: Fields, reference: string): unknown {
  const path = reference.split('/').slice(1);
  return path.reduce<unknown>((schema, name) => (isObject(schema) ? schema[name] : undefined), root);
}
