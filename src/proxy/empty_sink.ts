import type { AnswerContext, AnswerHead, AnswerSink } from './answer.ts';

/** Hands on an answer that is none but its status. */
export function createEmptySink(context: AnswerContext, head: AnswerHead): AnswerSink {
  return {
    // HTTP leaves no room for anything here.
    write() {},
    end() {
      const show = () => {
        context.begin(head.status, head.headers);
        context.finish('answered');
      };
      if (!context.record([], show)) show();
    },
  };
}
