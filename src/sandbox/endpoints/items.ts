import { fieldsOf, listOf, textOf } from '../fields.ts';
import { derivedId } from '../seed.ts';
import { type Kept, newSeed } from '../shelf.ts';

/** Items as they are kept: each with an id, also where it came without one. */
export function inputItems(input: unknown): readonly Kept[] {
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : listOf(input).map(fieldsOf);
  return items
    .filter(({ type }) => type !== 'item_reference')
    .map((item) => {
      const type = textOf(item.type) ?? 'message';
      return {
        ...item,
        type,
        id: textOf(item.id) ?? derivedId(type === 'message' ? 'msg_' : 'item_', newSeed()),
      };
    });
}

/** The kind of the items of one conversation. */
export function conversationItems(conversation: string): string {
  return `item of ${conversation}`;
}
