import { type Answer, json } from '../answer.ts';
import type { Call } from '../call.ts';
import { invalidRequest } from '../errors.ts';
import { type Fields, fieldsOf, flagOf, listOf, textOf } from '../fields.ts';
import type { KeptRequest } from '../route.ts';
import { page } from '../shelf.ts';
import { conversationItems, inputItems } from './items.ts';
import type { WireResponse } from './response_events.ts';

/** How a response looks that goes on in the background. */
export const notYet = {
  status: 'queued',
  output: [],
  usage: null,
  completed_at: null,
} as const;

/** Whether anything is left of a response when it is written. The real one keeps those, too, that do not say. */
export function isKept(fields: Fields): boolean {
  return flagOf(fields.store) || conversationOf(fields) !== undefined;
}

/** Sees to it that there is whatever a call names. @throws Refusal 400 or 404 */
export function requireKept({ fields, shelf }: Call): void {
  const previous = textOf(fields.previous_response_id);
  if (previous !== undefined) shelf.get('response', previous);
  const conversation = conversationOf(fields);
  if (conversation !== undefined) shelf.get('conversation', conversation);
  for (const item of listOf(fields.input).map(fieldsOf)) {
    if (item.type === 'item_reference') shelf.get('item', textOf(item.id) ?? '');
    for (const { file_id } of listOf(item.content).map(fieldsOf)) {
      if (file_id !== undefined) shelf.get('file', textOf(file_id) ?? '');
    }
  }
  for (const { vector_store_ids } of listOf(fields.tools).map(fieldsOf)) {
    for (const id of listOf(vector_store_ids)) shelf.get('vector_store', textOf(id) ?? '');
  }
  if (flagOf(fields.background) && !flagOf(fields.store)) {
    throw invalidRequest('Background mode requires store to be true.', { param: 'background' });
  }
}

/** Keeps a response with its items, and in its conversation, as the call asks for. */
export function keepResponse({ fields, shelf }: Call, response: WireResponse): void {
  if (!isKept(fields)) return;
  const input = inputItems(fields.input);
  const output = response.output.map((item) => ({ ...item, id: item.id ?? '' }));
  const items = [...input, ...output];
  for (const item of items) shelf.put('item', item);
  const conversation = conversationOf(fields);
  if (conversation !== undefined) for (const item of items) shelf.put(conversationItems(conversation), item);
  if (!flagOf(fields.store)) return;
  shelf.put('response', { ...response });
  for (const item of input) shelf.put(inputOf(response.id), item);
}

/** GET /responses/{response_id} */
export function retrieveResponse({ ids: [id = ''], shelf }: KeptRequest): Answer {
  return json(shelf.get('response', id));
}

/** DELETE /responses/{response_id} */
export function deleteResponse({ ids: [id = ''], shelf }: KeptRequest): Answer {
  shelf.remove('response', id);
  return json({ id, object: 'response', deleted: true });
}

/** POST /responses/{response_id}/cancel */
export function cancelResponse({ ids: [id = ''], shelf }: KeptRequest): Answer {
  const response = shelf.get('response', id);
  if (response.background !== true) throw invalidRequest('Only background responses can be cancelled.');
  const cancelled = { ...response, status: 'cancelled' };
  shelf.put('response', cancelled);
  return json(cancelled);
}

/** GET /responses/{response_id}/input_items */
export function listInputItems({ ids: [id = ''], query, shelf }: KeptRequest): Answer {
  shelf.get('response', id);
  return json(page(shelf.list(inputOf(id)), query));
}

function conversationOf({ conversation }: Fields): string | undefined {
  return textOf(conversation) ?? textOf(fieldsOf(conversation).id);
}

function inputOf(response: string): string {
  return `input of ${response}`;
}
