import type { FieldRules } from '../fields.ts';
import type { MadeObjects } from '../objects.ts';
import type { Route } from '../route.ts';
import { held, responsesAnswer } from './openai_answers.ts';
import { allow } from './openai_common_fields.ts';
import { conversationOf, itemOf, listParameters, makes, responseOf, state } from './openai_kept.ts';
import { conversation } from './openai_text_fields.ts';

/** Responses and conversations that OpenAI keeps. */

/** What a response tells of, at once or by its events. */
export const madeByResponse: MadeObjects = {
  scope: state,
  objects: [
    ...makes(responseOf, ['id'], ['response', 'id']).objects,
    ...makes(itemOf, ['output', '*', 'id'], ['item', 'id'], ['response', 'output', '*', 'id']).objects,
  ],
};

const listedItems = makes(itemOf, ['data', '*', 'id']);

const include = /^[a-z_.]{1,64}$/;
const itemParameters = { include, 'include[]': include };

const conversationFields: FieldRules = { items: conversation, metadata: allow };

const common = { scope: state, body: { kind: 'none' }, answer: held, usage: null } as const;
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
  },
  { ...ofResponse, method: 'DELETE', path: '/responses/{response_id}', deletes: true },
  { ...ofResponse, method: 'POST', path: '/responses/{response_id}/cancel', makes: madeByResponse },
  {
    ...ofResponse,
    method: 'GET',
    path: '/responses/{response_id}/input_items',
    parameters: { ...listParameters, ...itemParameters },
    makes: listedItems,
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
    makes: listedItems,
  },
  {
    ...ofConversation,
    method: 'POST',
    path: '/conversations/{conversation_id}/items',
    parameters: itemParameters,
    body: { kind: 'json', fields: { items: conversation } },
    makes: listedItems,
  },
  {
    ...ofConversation,
    method: 'GET',
    path: '/conversations/{conversation_id}/items/{item_id}',
    parameters: itemParameters,
  },
  { ...ofConversation, method: 'DELETE', path: '/conversations/{conversation_id}/items/{item_id}' },
];
