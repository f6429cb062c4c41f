import type { FieldRule, FieldRules } from '../fields.ts';
import type { MadeObject } from '../objects.ts';
import type { LateCostRules, Route } from '../route.ts';
import { held, responsesAnswer } from './openai_answers.ts';
import { allow } from './openai_common_fields.ts';
import {
  containerOf,
  conversationOf,
  itemOf,
  listParameters,
  makes,
  responseOf,
  state,
} from './openai_kept.ts';
import { itemsTree } from './openai_trees.ts';
import { responsesUsage } from './openai_usage.ts';

/** Responses and conversations that OpenAI keeps. */

/** What a response tells of, at once or by its events. Lists tell of nothing new: what an app has put in may have any id. */
export const madeByResponse: readonly MadeObject[] = [
  ...makes({ ...responseOf, detail: 'call' }, ['id'], ['response', 'id']),
  ...makes(itemOf, ['output', '*', 'id'], ['item', 'id'], ['response', 'output', '*', 'id']),
  ...makes(
    containerOf,
    ...[['output', '*'], ['item'], ['response', 'output', '*']].flatMap((item) => [
      [...item, 'container_id'],
      [...item, 'environment', 'container_id'],
    ]),
  ),
];

const include = /^[a-z_.]{1,64}$/;
const itemParameters = { include, 'include[]': include };

const items: FieldRule = { kind: 'tree', tree: itemsTree };
const conversationFields: FieldRules = { items, metadata: allow };

const common = { scope: state, body: { kind: 'none' }, answer: held, usage: null } as const;
/** What goes on in the background, or was broken off by the app, tells afterwards what it came to. */
const lateCost: LateCostRules = {
  kind: responseOf.kind,
  usage: responsesUsage,
  endings: ['completed', 'incomplete', 'failed', 'cancelled'],
};

const ofResponse = { ...common, kept: { response_id: 'response' } } as const;
const ofConversation = { ...common, kept: { conversation_id: 'conversation' } } as const;

export const stateRoutes: readonly Route[] = [
  {
    ...ofResponse,
    method: 'GET',
    path: '/responses/{response_id}',
    parameters: {
      ...itemParameters,
      stream: /^(true|false)$/,
      starting_after: /^\d{1,9}$/,
      include_obfuscation: /^(true|false)$/,
    },
    answer: responsesAnswer,
    makes: madeByResponse,
    lateCost,
  },
  { ...ofResponse, method: 'DELETE', path: '/responses/{response_id}', deletes: true },
  {
    ...ofResponse,
    method: 'POST',
    path: '/responses/{response_id}/cancel',
    makes: madeByResponse,
    lateCost,
  },
  {
    ...ofResponse,
    method: 'GET',
    path: '/responses/{response_id}/input_items',
    parameters: { ...listParameters, ...itemParameters },
  },
  {
    ...common,
    method: 'POST',
    path: '/conversations',
    body: { kind: 'json', fields: conversationFields },
    makes: makes(conversationOf),
  },
  { ...ofConversation, method: 'GET', path: '/conversations/{conversation_id}' },
  {
    ...ofConversation,
    method: 'POST',
    path: '/conversations/{conversation_id}',
    body: { kind: 'json', fields: { metadata: allow } },
  },
  { ...ofConversation, method: 'DELETE', path: '/conversations/{conversation_id}', deletes: true },
  {
    ...ofConversation,
    method: 'GET',
    path: '/conversations/{conversation_id}/items',
    parameters: { ...listParameters, ...itemParameters },
  },
  {
    ...ofConversation,
    method: 'POST',
    path: '/conversations/{conversation_id}/items',
    parameters: itemParameters,
    body: { kind: 'json', fields: { items } },
  },
  {
    ...ofConversation,
    method: 'GET',
    path: '/conversations/{conversation_id}/items/{item_id}',
    parameters: itemParameters,
  },
  { ...ofConversation, method: 'DELETE', path: '/conversations/{conversation_id}/items/{item_id}' },
];
