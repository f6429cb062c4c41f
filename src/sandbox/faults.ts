import { isObject } from '../lib/json.ts';
import { type Answer, bytes, eventStream, type ServerEvent } from './answer.ts';
import type { Api } from './api.ts';
import type { Call } from './call.ts';
import type { ErrorWords, Refusal } from './errors.ts';
import { fieldsOf, listOf } from './fields.ts';

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
  readonly refusal?: (errors: ErrorWords, model: string) => Refusal;
  readonly answer?: (answer: Answer, api: Api, seed: string) => Answer;
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
  { name: 'sandbox-500', effect: '500', refusal: ({ serverError }) => serverError() },
  {
    name: 'sandbox-429',
    effect: '429 with retry-after: 2, the message names an organization',
    refusal: ({ rateLimited }, model) => rateLimited(model),
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
export function modelRefusal(errors: ErrorWords, model: string): Refusal | undefined {
  return find(model)?.row.refusal?.(errors, model);
}

/** What a special model makes of an ordinary answer. Ordinary models make nothing of it. */
export function applyFault(
  api: Api,
  { model, seed }: Pick<Call, 'model' | 'seed'>,
  ordinary: Answer,
): { answer: Answer; delivery: Delivery } {
  const found = find(model);
  const answer = found?.row.answer?.(ordinary, api, seed) ?? ordinary;
  return { answer, delivery: { ...promptDelivery, ...found?.row.delivery?.(found.number) } };
}

function endingInError(answer: Answer, api: Api, seed: string): Answer {
  if (answer.kind !== 'events') throw api.errors.serverError();
  const events = [...answer.events];
  const sent = events.slice(0, Math.ceil(events.length / 2));
  return eventStream([...sent, api.errorEvent(sent.at(-1), seed)]);
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

/** Removes `usage` and `tool_usage`, also from the `response` or `message` that an event carries. */
function stripUsage(data: unknown): unknown {
  if (!isObject(data)) return data;
  const { usage: _, usageMetadata: _counts, tool_usage: _uses, ...rest } = data;
  const carried = ['response', 'message'].filter((name) => isObject(rest[name]));
  return { ...rest, ...Object.fromEntries(carried.map((name) => [name, stripUsage(rest[name])])) };
}
