import { withPublicError } from '../catalog/embedded_error.ts';
import { usageName } from '../catalog/usage.ts';
import { visibleBytes } from '../catalog/visible_text.ts';
import { at, isObject, parseJson } from '../lib/json.ts';
import type { AnswerContext, AnswerHead, AnswerSink } from './answer.ts';
import { createEventSplitter, dataOf, withData } from './event_splitter.ts';
import { Refusal } from './refusal.ts';

/** Room for a whole picture in one event. */
const largestEvent = 32 * 1024 ** 2;
const longestBeginning = 64;

const errorWord = Buffer.from('"error"');

/**
 * Hands on a stream of events, each as soon as it is complete. Only events that report usage or an error are read; the
 * others go through as they are.
 */
export function createEventSink(context: AnswerContext, head: AnswerHead): AnswerSink {
  const { admission, meter } = context;
  const { answer, usage } = admission.match.route;
  const { endings } = answer;
  const usageWord = Buffer.from(`"${usage ? usageName(usage) : 'usage'}"`);
  const hidesUsage = admission.checked?.usageIsExtra ?? false;
  const splitter = createEventSplitter();
  let hasEnded = endings === null;
  let hasFailed = false;
  let isLastHidden = false;

  /** What goes to the app in the place of an event; null for nothing. */
  const shown = (event: Buffer): Buffer | null => {
    const isRestOfLast = event.length === 1;
    if (isRestOfLast) return isLastHidden ? null : event;
    const beginning = event.toString('latin1', 0, longestBeginning).trimStart();
    hasEnded ||=
      endings?.some((ending) =>
        typeof ending === 'string' ? beginning.startsWith(ending) : event.includes(`"${ending.holds}"`),
      ) ?? true;
    const { bytes, isError, isUsageOnly } = readEvent(event, beginning, usageWord, context);
    hasFailed ||= isError;
    // What broke off is counted by what was seen of it; otherwise the provider says.
    if (admission.reservedNanoUsd > 0) meter.streamed(visibleBytes(event));
    isLastHidden = hidesUsage && isUsageOnly;
    return isLastHidden ? null : bytes;
  };

  context.begin(head.status, head.headers);
  context.flush();
  return {
    write(chunk) {
      const hadHeld = splitter.held > 0;
      const events = splitter.push(chunk);
      const outgoing = events.map(shown);
      const isWhole = !hadHeld && splitter.held === 0;
      const isUntouched = isWhole && outgoing.every((event, index) => event === events[index]);
      const pieces = outgoing.filter((event) => event !== null);
      if (isUntouched) context.send(chunk);
      else if (pieces.length > 0) context.send(Buffer.concat(pieces));
      if (splitter.held > largestEvent) context.fail(brokenOff(), 'cut');
    },
    end() {
      if (hasFailed) context.finish('cut');
      else if (splitter.held > 0 || !hasEnded) context.fail(brokenOff(), 'cut');
      else context.finish('answered');
    },
  };
}

interface ReadEvent {
  /** What the app may see: the event itself, or a public error in its place. */
  readonly bytes: Buffer;
  readonly isError: boolean;
  readonly isUsageOnly: boolean;
}

/** Takes down the usage that an event reports and makes its error public, if it has either. */
function readEvent(
  event: Buffer,
  beginning: string,
  usageWord: Buffer,
  { admission, meter }: AnswerContext,
): ReadEvent {
  const isNamedError = beginning.startsWith('event: error');
  if (!isNamedError && !reportsUsage(event, usageWord) && !mentionsError(event)) {
    return { bytes: event, isError: false, isUsageOnly: false };
  }
  const parsed = parseJson(dataOf(event));
  const data = isNamedError && isObject(parsed) ? { type: 'error', ...parsed } : parsed;
  meter.read(data);
  const error = withPublicError(admission.provider.errors, data);
  return error
    ? { bytes: withData(event, JSON.stringify(error)), isError: true, isUsageOnly: false }
    : { bytes: event, isError: false, isUsageOnly: hasNoChoice(data) };
}

function brokenOff(): Refusal {
  return new Refusal('provider_error', 'The provider broke off in the middle of its answer. Try again.');
}

/** Whether the event reports usage. Inside a JSON string the quotes around the word would be escaped. */
function reportsUsage(event: Buffer, usageWord: Buffer): boolean {
  return textAfter(event, usageWord).some((after) => after.startsWith(':{'));
}

/** Whether the event says `error` anywhere outside of a string, other than that there is none. */
function mentionsError(event: Buffer): boolean {
  return textAfter(event, errorWord).some((after) => !after.startsWith(':null'));
}

/** The beginnings, without space, of what follows each occurrence of a word. */
function textAfter(event: Buffer, word: Buffer): readonly string[] {
  const found: string[] = [];
  for (let index = event.indexOf(word); index >= 0; index = event.indexOf(word, index + 1)) {
    const after = index + word.length;
    found.push(event.toString('latin1', after, after + 16).replace(/\s/g, ''));
  }
  return found;
}

/** The event that ends a stream for the sake of its usage alone: apps expect a choice in every other. */
function hasNoChoice(data: unknown): boolean {
  const choices = at(data, ['choices']);
  return Array.isArray(choices) && choices.length === 0;
}
