import type { KeptKind } from '../objects.ts';

/** What OpenAI keeps for those who call it, and what it takes to name that. */

export const state = 'openai:state';
const files = 'openai:files';

export const responseOf: KeptKind = { kind: 'response', scope: state };
export const conversationOf: KeptKind = { kind: 'conversation', scope: state };
export const itemOf: KeptKind = { kind: 'item', scope: state };
export const fileOf: KeptKind = { kind: 'file', scope: files };
export const vectorStoreOf: KeptKind = { kind: 'vector_store', scope: files };

/** Query parameters that lists have in common. */
export const listParameters = {
  after: /^[\w-]{1,128}$/,
  before: /^[\w-]{1,128}$/,
  limit: /^\d{1,3}$/,
  order: /^(asc|desc)$/,
} as const;
