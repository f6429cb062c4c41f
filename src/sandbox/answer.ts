import type { Tokens } from './bill.ts';

/** One server-sent event. `data` is sent as JSON, text as it is (`[DONE]`). */
export interface ServerEvent {
  readonly event?: string;
  readonly data: unknown;
  /** How many tokens of the answer it brings; absent: none. */
  readonly tokens?: number;
}

/** What an endpoint decides to say. How it is delivered, or broken off, is not its business. */
export type Answer = {
  /** What is billed for when it is written whole; absent: nothing. */
  readonly tokens?: Tokens;
  /** What is billed for it, in nano-USD, where that is not what its tokens cost. */
  readonly billed?: number;
} & (
  | {
      readonly kind: 'json';
      readonly status: number;
      readonly body: unknown;
      readonly headers: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'bytes';
      readonly status: number;
      readonly contentType: string;
      readonly body: Uint8Array;
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'events'; readonly events: Iterable<ServerEvent> }
);

/** 200 with JSON. */
export function json(body: unknown, tokens?: Tokens): Answer {
  return { kind: 'json', status: 200, body, headers: {}, ...(tokens && { tokens }) };
}

/** 200 with bytes as they are. */
export function bytes(contentType: string, body: Uint8Array): Answer {
  return { kind: 'bytes', status: 200, contentType, body, headers: {} };
}

/** 204 */
export function nothing(): Answer {
  return { kind: 'bytes', status: 204, contentType: '', body: Buffer.alloc(0), headers: {} };
}

/** 200 with text. */
export function plainText(text: string): Answer {
  return bytes('text/plain; charset=utf-8', Buffer.from(text));
}

/**
 * Events whose name is also their data's `type`, as in the responses and images APIs.
 * @param isToken whether an event of this type brings a token
 */
export function* namedEvents(
  events: Iterable<{ readonly type: string }>,
  isToken: (type: string) => boolean = () => false,
): Generator<ServerEvent> {
  for (const data of events) yield { event: data.type, data, tokens: isToken(data.type) ? 1 : 0 };
}

/** Events without a name, as in the chat and audio APIs. */
export function* unnamedEvents(events: Iterable<unknown>): Generator<ServerEvent> {
  for (const data of events) yield { data };
}

/** 200 with server-sent events. */
export function eventStream(events: Iterable<ServerEvent>, tokens?: Tokens): Answer {
  return { kind: 'events', events, ...(tokens && { tokens }) };
}
