import { type Answer, json } from '../answer.ts';
import type { KeptRequest } from '../route.ts';
import { derivedId } from '../seed.ts';
import { newSeed, page } from '../shelf.ts';
import { conversationItems, inputItems } from './items.ts';

/** POST /conversations */
export function createConversation({ fields, shelf, created }: KeptRequest): Answer {
  const { items = [], metadata = {} } = fields;
  const id = derivedId('conv_', newSeed());
  const conversation = { id, object: 'conversation', created_at: created, metadata };
  shelf.put('conversation', conversation);
  for (const item of inputItems(items)) shelf.put(conversationItems(id), item);
  return json(conversation);
}

/** GET /conversations/{conversation_id} */
export function retrieveConversation({ ids: [id = ''], shelf }: KeptRequest): Answer {
  return json(shelf.get('conversation', id));
}

/** POST /conversations/{conversation_id} */
export function updateConversation({ ids: [id = ''], fields, shelf }: KeptRequest): Answer {
  const updated = { ...shelf.get('conversation', id), metadata: fields.metadata };
  shelf.put('conversation', updated);
  return json(updated);
}

/** DELETE /conversations/{conversation_id} */
export function deleteConversation({ ids: [id = ''], shelf }: KeptRequest): Answer {
  shelf.remove('conversation', id);
  return json({ id, object: 'conversation.deleted', deleted: true });
}

/** GET /conversations/{conversation_id}/items */
export function listItems({ ids: [id = ''], query, shelf }: KeptRequest): Answer {
  shelf.get('conversation', id);
  return json(page(shelf.list(conversationItems(id)), query));
}

/** POST /conversations/{conversation_id}/items */
export function createItems({ ids: [id = ''], fields, query, shelf }: KeptRequest): Answer {
  shelf.get('conversation', id);
  const added = inputItems(fields.items);
  for (const item of added) {
    shelf.put(conversationItems(id), item);
    shelf.put('item', item);
  }
  return json(page(added, query));
}

/** GET /conversations/{conversation_id}/items/{item_id} */
export function retrieveItem({ ids: [id = '', item = ''], shelf }: KeptRequest): Answer {
  return json(shelf.get(conversationItems(id), item));
}

/** DELETE /conversations/{conversation_id}/items/{item_id} */
export function deleteItem({ ids: [id = '', item = ''], shelf }: KeptRequest): Answer {
  shelf.remove(conversationItems(id), item);
  return json(shelf.get('conversation', id));
}
