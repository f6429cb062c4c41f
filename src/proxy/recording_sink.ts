import { parseJson } from '../lib/json.ts';
import type { AnswerContext, AnswerSink } from './answer.ts';
import { createEventSplitter, dataOf } from './event_splitter.ts';

const idWord = Buffer.from('"id"');

/** Lets a stream of events through to `next`, each piece after what its events tell of is on record. */
export function createRecordingSink(context: AnswerContext, next: AnswerSink): AnswerSink {
  const splitter = createEventSplitter();
  const waiting: (readonly [events: readonly Buffer[], pass: () => void])[] = [];
  let isRecording = false;

  const take = (events: readonly Buffer[], pass: () => void) => {
    // Inside a JSON string the quotes around the word would be escaped.
    const told = events.filter((event) => event.includes(idWord)).map((event) => parseJson(dataOf(event)));
    isRecording = context.record(told, () => {
      isRecording = false;
      pass();
      takeNext();
    });
    if (!isRecording) pass();
  };

  const takeNext = () => {
    while (!isRecording) {
      const first = waiting.shift();
      if (!first) return;
      take(...first);
    }
  };

  const queue = (events: readonly Buffer[], pass: () => void) => {
    waiting.push([events, pass]);
    takeNext();
  };

  return {
    write(chunk) {
      queue(splitter.push(chunk), () => next.write(chunk));
    },
    end() {
      queue([], () => next.end());
    },
  };
}
