import { isObject } from '../lib/json.ts';
import { type Answer, bytes, eventStream, refusal, type ServerEvent } from './answer.ts';
import { account, type Refusal, rateLimited, serverError } from './errors.ts';
import { type Fields, fieldsOf, listOf } from './fields.ts';

/** How an answer travels. Milliseconds; `never` sends nothing at all. */
export interface Delivery {
  readonly firstByteAfter: number | 'never';
  readonly betweenEvents: number;
  /** What happens half-way through the body. */
  readonly halfway: 'go on' | 'cut' | 'stall';
}

export const promptDelivery: Delivery = { firstByteAfter: 0, betweenEvents: 0, halfway: 'go on' };

/** What a special model does to the answer that an ordinary model would give, or to its delivery. */
interface Fault {
  readonly refusal?: (model: string) => Refusal;
  readonly answer?: (answer: Answer) => Answer;
  readonly delivery?: (number: number) => Partial<Delivery>;
}

type SpecialModel = Fault & {
  readonly name: string;
  /** In words, for people. */
  readonly effect: string;
  /** The name may end in a number (`sandbox-slow-500`). This is what counts when it doesn't. */
  readonly number?: { readonly default: number; readonly most: number };
};

const longStream = 'sandbox-long';
const redirectTarget = 'https://elsewhere.sandbox.invalid/v1/stolen';

/** Models that fail on demand, on every route that has a model in its body. */
export const specialModels: readonly SpecialModel[] = [
  { name: 'sandbox-500', effect: '500 server_error', refusal: () => serverError(500) },
  {
    name: 'sandbox-429',
    effect: '429 rate_limit_exceeded with retry-after: 2, the message names an organization',
    refusal: rateLimited,
  },
  {
    name: 'sandbox-slow',
    effect: 'first byte after 2000 ms, or after the number of ms at the end of the name (sandbox-slow-500)',
    number: { default: 2000, most: 600_000 },
    delivery: (firstByteAfter) => ({ firstByteAfter }),
  },
  {
    name: longStream,
    effect: 'an answer of 100 tokens, or of the number at the end of the name, streamed one every 20 ms',
    number: { default: 100, most: 100_000 },
    delivery: () => ({ betweenEvents: 20 }),
  },
  {
    name: 'sandbox-cut',
    effect: 'the connection is destroyed half-way through the body',
    delivery: () => ({ halfway: 'cut' }),
  },
  {
    name: 'sandbox-stall',
    effect: 'half of the body, then silence',
    delivery: () => ({ halfway: 'stall' }),
  },
  {
    name: 'sandbox-hang',
    effect: 'no answer, not even headers',
    delivery: () => ({ firstByteAfter: 'never' }),
  },
  {
    name: 'sandbox-stream-error',
    effect: 'half of the stream, then an error event that names an organization; without stream 500',
    answer: endingInError,
  },
  {
    name: 'sandbox-redirect',
    effect: '302 to another host',
    answer: () => ({ kind: 'json', status: 302, body: {}, headers: { location: redirectTarget } }),
  },
  { name: 'sandbox-garbage', effect: '200 with broken JSON, or with broken events', answer: garbage },
  { name: 'sandbox-no-usage', effect: 'an ordinary answer that never reports usage', answer: withoutUsage },
];

function find(model: string): { row: SpecialModel; number: number } | undefined {
  for (const row of specialModels) {
    if (model === row.name) return { row, number: row.number?.default ?? 0 };
    const suffix = model.startsWith(`${row.name}-`) ? model.slice(row.name.length + 1) : '';
    if (row.number !== undefined && /^\d+$/.test(suffix)) {
      return { row, number: Math.min(Number(suffix), row.number.most) };
    }
  }
  return undefined;
}

/** How many tokens a model has to write whatever it is asked, for `sandbox-long`. */
export function pacedChunks(model: string): number | undefined {
  const found = find(model);
  return found?.row.name === longStream ? found.number : undefined;
}

/** The error that a special model answers instead of anything else. */
export function modelRefusal(model: string): Refusal | undefined {
  return find(model)?.row.refusal?.(model);
}

/** What a special model makes of an ordinary answer. Ordinary models make nothing of it. */
export function applyFault(model: string, ordinary: Answer): { answer: Answer; delivery: Delivery } {
  const found = find(model);
  const answer = found?.row.answer?.(ordinary) ?? ordinary;
  return { answer, delivery: { ...promptDelivery, ...found?.row.delivery?.(found.number) } };
}

function endingInError(answer: Answer): Answer {
  if (answer.kind !== 'events') return refusal(serverError(500));
  const events = [...answer.events];
  const sent = events.slice(0, Math.ceil(events.length / 2));
  const message = `The model crashed. Organization ${account.organization}, project ${account.project}.`;
  const error = { type: 'server_error', code: 'server_error', message, param: null };
  const number = fieldsOf(sent.at(-1)?.data).sequence_number;
  // The responses API has an error event of its own; the others send OpenAI's error shape as data.
  const last: ServerEvent =
    typeof number === 'number'
      ? { event: 'error', data: { ...error, type: 'error', sequence_number: number + 1 } }
      : { data: { error } };
  return eventStream([...sent, last]);
}

function garbage(answer: Answer): Answer {
  return answer.kind === 'events'
    ? bytes(
        'text/event-stream; charset=utf-8',
        Buffer.from('data: {"id": "sandbox-garbage", \n\ndata: <html>\n\n'),
      )
    : bytes('application/json', Buffer.from('{"id": "sandbox-garbage", "object": '));
}

function withoutUsage(answer: Answer): Answer {
  if (answer.kind === 'json') return { ...answer, body: stripUsage(answer.body) };
  return answer.kind === 'events' ? eventStream(eventsWithoutUsage(answer.events)) : answer;
}

function* eventsWithoutUsage(events: Iterable<ServerEvent>): Generator<ServerEvent> {
  for (const event of events) {
    const { usage, choices } = fieldsOf(event.data);
    const isUsageChunk = isObject(usage) && Array.isArray(choices) && listOf(choices).length === 0;
    if (!isUsageChunk) yield { ...event, data: stripUsage(event.data) };
  }
}

/** Removes `usage`, also from the `response` that an event of the responses API carries. */
function stripUsage(data: unknown): unknown {
  if (!isObject(data)) return data;
  const { usage: _, ...rest } = data;
  return isObject(rest.response) ? ({ ...rest, response: stripUsage(rest.response) } satisfies Fields) : rest;
}
