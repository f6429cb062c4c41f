import type { FieldRule } from '../fields.ts';
import type { KeptKind, MadeObject } from '../objects.ts';

/** What OpenAI keeps for those who call it, and what it takes to name that. */

export const state = 'openai:state';
export const files = 'openai:files';
export const batch = 'openai:batch';
export const video = 'openai:video';
export const code = 'openai:tools.code';

export const responseOf: KeptKind = { kind: 'response', scope: state };
export const conversationOf: KeptKind = { kind: 'conversation', scope: state };
export const itemOf: KeptKind = { kind: 'item', scope: state };
export const fileOf: KeptKind = { kind: 'file', scope: files };
export const uploadOf: KeptKind = { kind: 'upload', scope: files };
export const uploadPartOf: KeptKind = { kind: 'upload_part', scope: files };
export const vectorStoreOf: KeptKind = { kind: 'vector_store', scope: files };

export const batchOf: KeptKind = { kind: 'batch', scope: batch };

export const videoOf: KeptKind = { kind: 'video', scope: video };
export const characterOf: KeptKind = { kind: 'character', scope: video };

export const containerOf: KeptKind = { kind: 'container', scope: code };
/** Each use keeps it for another twenty minutes, which cost: it is used for as long as that, and lives twice as long at most. */
export const containerInUse = { ...containerOf, lentFor: 20 * 60 };

/** A field that names what is kept. */
export const kept = (object: KeptKind, advice: string): FieldRule => ({ kind: 'kept', object, advice });

/** What answers tell of by their `id`, or in other places. */
export const makes = (
  object: Omit<MadeObject, 'at'>,
  ...places: readonly (readonly string[])[]
): readonly MadeObject[] => (places.length === 0 ? [['id']] : places).map((at) => ({ ...object, at }));

/** Query parameters that lists have in common. */
export const listParameters = {
  after: /^[\w-]{1,128}$/,
  before: /^[\w-]{1,128}$/,
  limit: /^\d{1,3}$/,
  order: /^(asc|desc)$/,
} as const;
