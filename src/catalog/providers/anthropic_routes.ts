import { at, isObject, type JsonObject } from '../../lib/json.ts';
import type { AnswerRules, Route } from '../route.ts';
import { countFields, messageFields } from './anthropic_fields.ts';
import { messageUsage } from './anthropic_usage.ts';

const json = 'application/json';
const held: AnswerRules = { types: [json], json: 'held', endings: null };

/** What is lent of Anthropic's API. Whatever is not here is refused. */
export const routes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/models',
    // All on one page: the app's own query, and so its place in the list, goes no further than the broker.
    query: '?limit=1000',
    scope: 'anthropic:models.read',
    body: { kind: 'none' },
    answer: { ...held, rebuild: modelList },
    usage: null,
  },
  {
    method: 'GET',
    path: '/v1/models/{model}',
    scope: 'anthropic:models.read',
    body: { kind: 'none' },
    answer: { ...held, rebuild: modelCard },
    usage: null,
  },
  {
    method: 'POST',
    path: '/v1/messages',
    scope: 'anthropic:text',
    body: { kind: 'json', fields: messageFields },
    // None: only what is read is put into the cache.
    output: { caps: ['max_tokens'], mayBeNone: true },
    answer: { types: [json, 'text/event-stream'], json: 'held', endings: ['event: message_stop'] },
    usage: messageUsage,
  },
  {
    method: 'POST',
    path: '/v1/messages/count_tokens',
    scope: 'anthropic:text',
    body: { kind: 'json', fields: countFields },
    content: 'none',
    answer: held,
    usage: null,
  },
];

/** What the list says of a model. */
const cardFields = [
  ...['type', 'id', 'display_name', 'created_at', 'line', 'lifecycle', 'deprecated_at', 'retires_at'],
  ...['capabilities', 'max_input_tokens', 'max_tokens'],
];

function modelList(answer: unknown, isAllowed: (model: string) => boolean): unknown {
  const data = at(answer, ['data']);
  if (!Array.isArray(data)) return null;
  const cards = data.map(modelCard).filter((card) => card !== null && isAllowed(String(card.id)));
  return {
    data: cards,
    has_more: false,
    first_id: cards[0]?.id ?? null,
    last_id: cards.at(-1)?.id ?? null,
  };
}

function modelCard(answer: unknown): JsonObject | null {
  if (!isObject(answer) || typeof answer.id !== 'string') return null;
  return Object.fromEntries(cardFields.filter((name) => name in answer).map((name) => [name, answer[name]]));
}
