import type { FieldRule, FieldRules, TreeRules } from '../fields.ts';
import type { ImpliedModel } from '../models.ts';

/**
 * What rules for the request fields of OpenAI's API have in common. Fields are as the types of its SDK have them (`openai`
 * 6.49 and 7.57).
 */

export const allow: FieldRule = { kind: 'allow' };
export const model: FieldRule = { kind: 'model' };

export const allowAll = (...names: readonly string[]): FieldRules =>
  Object.fromEntries(names.map((name) => [name, allow]));

export const types = (...names: readonly string[]): TreeRules['types'] =>
  Object.fromEntries(names.map((name) => [name, {}]));

/** Types of what a provider may keep, with the fields that hold what each is. */
export const items = (held: Readonly<Record<string, readonly string[]>>): TreeRules['types'] =>
  Object.fromEntries(Object.entries(held).map(([type, holds]) => [type, { holds }]));

/** One pseudonym a grant: apps can neither pass for each other nor look into each other's prompt cache by its timing. */
export const pseudonym: FieldRule = { kind: 'pseudonym', when: 'always' };

export const upload: FieldRule = { kind: 'upload', advice: 'Send a file.' };

export const stream: FieldRule = {
  kind: 'limit',
  to: [true, false],
  advice: 'stream must be true or false.',
};

/** `pro` works several times on an answer: it is another model, and another price, in all but its name. */
export const reasoning: FieldRule = {
  kind: 'object',
  fields: {
    ...allowAll('context', 'effort', 'summary', 'generate_summary'),
    mode: { kind: 'limit', to: ['standard'], advice: 'Only the mode "standard" is lent. Leave it out.' },
  },
};

/** What is kept in the cache for longer costs more to write. */
export const cacheLife = { pattern: /^30m$/, advice: 'Caches are lent for "30m". Leave it out.' };

/** A custom voice belongs to the account. */
export const voice: FieldRule = {
  kind: 'text',
  not: /^voice_/,
  advice: 'Only the built-in voices are lent. Name one of them.',
};

/** A picture that is not of pixels is written by a text model. */
export const drawingAuthor: ImpliedModel = {
  named: ['svg', 'model'],
  unless: { field: 'output_format', is: [null, 'png', 'webp', 'jpeg', 'gif'] },
};

export const drawingAuthorFields: FieldRule = {
  kind: 'object',
  fields: { model: { kind: 'other_model' }, reasoning },
};
