import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep, setImmediate as yieldToOthers } from 'node:timers/promises';
import type { Answer, ServerEvent } from './answer.ts';
import type { Writing } from './bill.ts';
import type { Delivery } from './faults.ts';

/** Answered in full, broken off by the sandbox on purpose, or left by the client. */
export type Outcome = 'answered' | 'cut' | 'aborted';

const bytesPerWrite = 16_384;
/** Long enough for the first half to arrive before the connection is destroyed. */
const flushMs = 10;

/**
 * Sends an answer no faster than the client reads it, and stops when the client goes away.
 * @param departed fires when the connection closes
 * @param writing takes down how much of it has been written by the model
 * @param onWrite called after each event or piece of the body
 */
export async function deliver(
  response: ServerResponse,
  answer: Answer,
  headers: Readonly<Record<string, string>>,
  delivery: Delivery,
  departed: AbortSignal,
  writing: Writing,
  onWrite: () => void,
): Promise<Outcome> {
  try {
    if (delivery.firstByteAfter === 'never') return await waitForDeparture(departed);
    if (delivery.firstByteAfter > 0) await sleep(delivery.firstByteAfter, undefined, { signal: departed });
    let isFirst = true;
    for (const { bytes, tokens } of open(response, answer, headers, delivery)) {
      writing.written += tokens;
      if (!isFirst) await pause(delivery.betweenEvents, departed);
      isFirst = false;
      departed.throwIfAborted();
      if (!response.write(bytes)) {
        writing.isHeldUp = true;
        await once(response, 'drain', { signal: departed });
        writing.isHeldUp = false;
      }
      onWrite();
    }
    switch (delivery.halfway) {
      case 'cut':
        await pause(flushMs, departed);
        response.destroy();
        return 'cut';
      case 'stall':
        return await waitForDeparture(departed);
      case 'go on':
        return await finish(response);
    }
  } catch (error) {
    if (departed.aborted) return 'aborted';
    throw error;
  }
}

/** What is written at once, and the tokens of the answer that it brings. */
interface Piece {
  readonly bytes: string | Uint8Array;
  readonly tokens: number;
}

/** Writes the head and returns what there is to write of the body. */
function open(
  response: ServerResponse,
  answer: Answer,
  headers: Readonly<Record<string, string>>,
  { halfway }: Delivery,
): Iterable<Piece> {
  if (answer.kind === 'events') {
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8' });
    response.flushHeaders();
    return halfway === 'go on' ? formatted(answer.events) : firstHalf([...formatted(answer.events)]);
  }
  const body = answer.kind === 'json' ? Buffer.from(JSON.stringify(answer.body)) : answer.body;
  const contentType = answer.kind === 'json' ? 'application/json' : answer.contentType;
  const describing = { 'content-type': contentType, 'content-length': String(body.byteLength) };
  response.writeHead(answer.status, {
    ...headers,
    ...answer.headers,
    ...(answer.status === 204 ? {} : describing),
  });
  return slices(halfway === 'go on' ? body : body.subarray(0, Math.ceil(body.byteLength / 2)));
}

function firstHalf<Item>(items: readonly Item[]): readonly Item[] {
  return items.slice(0, Math.ceil(items.length / 2));
}

function* formatted(events: Iterable<ServerEvent>): Generator<Piece> {
  for (const { event, data, tokens = 0 } of events) {
    const name = event === undefined ? '' : `event: ${event}\n`;
    yield { bytes: `${name}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`, tokens };
  }
}

function* slices(body: Uint8Array): Generator<Piece> {
  for (let start = 0; start < body.byteLength; start += bytesPerWrite) {
    yield { bytes: body.subarray(start, start + bytesPerWrite), tokens: 0 };
  }
}

/** Even the shortest pause lets what was written leave: a stream must be seen as one. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await (milliseconds > 0
    ? sleep(milliseconds, undefined, { signal })
    : yieldToOthers(undefined, { signal }));
}

async function waitForDeparture(departed: AbortSignal): Promise<Outcome> {
  if (!departed.aborted) await once(departed, 'abort');
  return 'aborted';
}

async function finish(response: ServerResponse): Promise<Outcome> {
  await new Promise<void>((resolve) => {
    response.once('close', resolve);
    response.end(resolve);
  });
  return response.writableFinished ? 'answered' : 'aborted';
}
