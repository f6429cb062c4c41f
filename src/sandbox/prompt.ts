import { isObject } from '../lib/json.ts';
import { type Fields, fieldsOf, listOf, textOf } from './fields.ts';
import { countTokens, tokensPerAttachment } from './tokens.ts';

/** The words of a message's content: itself, or its text parts one after the other. */
export function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  return listOf(content)
    .map((part) => textOf(fieldsOf(part).text) ?? '')
    .filter((text) => text !== '')
    .join('\n');
}

function contentTokens(content: unknown): number {
  if (typeof content === 'string') return countTokens(content);
  return listOf(content).reduce<number>((sum, part) => {
    const text = textOf(fieldsOf(part).text);
    return sum + (text === undefined ? tokensPerAttachment : countTokens(text));
  }, 0);
}

/** Items that aren't messages (tool calls and their results) count as the JSON they are. */
function itemTokens(item: unknown): number {
  return isObject(item) && 'role' in item ? contentTokens(item.content) : countTokens(JSON.stringify(item));
}

/**
 * Tokens of a prompt: the text of every message, 85 for every attachment, and the definitions of the tools as JSON.
 * @param messages chat messages or items of the responses API, or a plain text
 */
export function promptTokens(messages: unknown, fields: Fields): number {
  const instructions = countTokens(textOf(fields.instructions) ?? '');
  const tools = listOf(fields.tools);
  const definitions = tools.length > 0 ? countTokens(JSON.stringify(tools)) : 0;
  const prompt =
    typeof messages === 'string'
      ? countTokens(messages)
      : listOf(messages).reduce<number>((sum, item) => sum + itemTokens(item), 0);
  return instructions + definitions + prompt;
}

/** What the user said last, in a list of messages or a plain text. */
export function lastUserText(messages: unknown): string {
  if (typeof messages === 'string') return messages;
  const last = listOf(messages).findLast((message) => fieldsOf(message).role === 'user');
  return contentText(fieldsOf(last).content);
}
