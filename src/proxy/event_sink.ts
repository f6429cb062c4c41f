import { publicAnswer } from '../catalog/public_answer.ts';
import { usageName } from '../catalog/usage.ts';
import { visibleBytes } from '../catalog/visible_text.ts';
import { at, isObject, parseJson } from '../lib/json.ts';
import type { AnswerContext, AnswerHead, AnswerSink } from './answer.ts';
import { createEventSplitter, dataOf, withData } from './event_splitter.ts';
import { Refusal } from './refusal.ts';

/** Room for a whole picture in one event. */
const largestEvent = 32 * 1024 ** 2;
const longestBeginning = 64;

/**
 * Hands on a stream of events, each as soon as it is complete. Only events that report usage or show a use of a tool, or may
 * tell of an error or the account, are read; the others go through as they are.
 */
export function createEventSink(context: AnswerContext, head: AnswerHead): AnswerSink {
  const { admission, meter } = context;
  const { answer, usage } = admission.match.route;
  const { endings } = answer;
  const usageWord = Buffer.from(`"${usage ? usageName(usage) : 'usage'}"`);
  const useWord = usage?.shows ? Buffer.from(`"${usage.shows.by}"`) : null;
  const reports = (event: Buffer) =>
    reportsUsage(event, usageWord) || (useWord !== null && event.includes(useWord));
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
    const { bytes, isError, isUsageOnly } = readEvent(event, beginning, reports(event), context);
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
  /** What the app may see of it: the event itself, or another in its place. */
  readonly bytes: Buffer;
  readonly isError: boolean;
  readonly isUsageOnly: boolean;
}

/** Takes down the usage that an event reports, and takes out what it tells of the account. */
function readEvent(
  event: Buffer,
  beginning: string,
  reports: boolean,
  { admission, meter }: AnswerContext,
): ReadEvent {
  const { errors } = admission.provider;
  const isNamedError = beginning.startsWith('event: error');
  const mayTell = isNamedError || errors.privateParts.mention.test(event.toString('latin1'));
  if (!mayTell && !reports) {
    return { bytes: event, isError: false, isUsageOnly: false };
  }
  const parsed = parseJson(dataOf(event));
  const data = isNamedError ? { type: 'error', ...(isObject(parsed) ? parsed : {}) } : parsed;
  meter.read(data);
  const { shown, hasFailed } = publicAnswer(errors, data);
  return {
    bytes: shown === data ? event : withData(event, JSON.stringify(shown)),
    isError: hasFailed,
    isUsageOnly: !hasFailed && hasNoChoice(data),
  };
}

function brokenOff(): Refusal {
  return new Refusal('provider_error', 'The provider broke off in the middle of its answer. Try again.');
}

/** Whether the event reports usage. Inside a JSON string the quotes around the word would be escaped. */
function reportsUsage(event: Buffer, usageWord: Buffer): boolean {
  for (let index = event.indexOf(usageWord); index >= 0; index = event.indexOf(usageWord, index + 1)) {
    const after = index + usageWord.length;
    if (/^\s*:\s*\{/.test(event.toString('latin1', after, after + 16))) return true;
  }
  return false;
}

/** The event that ends a stream for the sake of its usage alone: apps expect a choice in every other. */
function hasNoChoice(data: unknown): boolean {
  const choices = at(data, ['choices']);
  return Array.isArray(choices) && choices.length === 0;
}
