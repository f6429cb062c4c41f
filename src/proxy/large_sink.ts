import type { AnswerContext, AnswerHead, AnswerSink } from './answer.ts';
import { createHeldSink } from './held_sink.ts';
import { createThroughSink } from './through_sink.ts';

/** Bytes by which an answer shows that it is none of pictures or vectors: errors are short. */
const longestShort = 64 * 1024;

/**
 * Hands a JSON answer on as it comes, because it can be large; but one that is short, or begins so, is read whole where it
 * may tell of an error or the account.
 * @param length the header that says how long it is, for an answer that goes on as it came
 */
export function createLargeSink(
  context: AnswerContext,
  head: AnswerHead,
  length: readonly string[],
): AnswerSink {
  const { mention } = context.admission.provider.errors.privateParts;
  let begun: Buffer[] = [];
  let held = 0;
  let chosen: AnswerSink | undefined;

  const choose = (): AnswerSink => {
    const beginning = Buffer.concat(begun, held);
    begun = [];
    chosen = mention.test(beginning.toString('latin1'))
      ? createHeldSink(context, head)
      : createThroughSink(context, { ...head, headers: [...head.headers, ...length] });
    chosen.write(beginning);
    return chosen;
  };

  return {
    write(chunk) {
      if (chosen) return chosen.write(chunk);
      begun.push(chunk);
      held += chunk.length;
      if (held >= longestShort) choose();
    },
    end() {
      (chosen ?? choose()).end();
    },
  };
}
