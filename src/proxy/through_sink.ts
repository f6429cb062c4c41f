import { lastObject } from '../catalog/last_object.ts';
import type { AnswerContext, AnswerHead, AnswerSink } from './answer.ts';

/** Usage stands at the end of an answer, behind what can be large. */
const longestTail = 64 * 1024;

/** Hands an answer on as it comes. Of a JSON answer the end is kept, to read the usage in it. */
export function createThroughSink(context: AnswerContext, head: AnswerHead): AnswerSink {
  const keepsTail = head.mediaType === 'application/json';
  let tail: Buffer[] = [];
  let kept = 0;

  context.begin(head.status, head.headers);
  return {
    write(chunk) {
      context.send(chunk);
      if (!keepsTail) return;
      tail.push(chunk);
      kept += chunk.length;
      if (kept > 2 * longestTail) {
        tail = [Buffer.concat(tail).subarray(-longestTail)];
        kept = longestTail;
      }
    },
    end() {
      if (keepsTail) {
        const text = Buffer.concat(tail).toString('latin1');
        context.meter.read({ usage: lastObject(text, 'usage'), svg_usage: lastObject(text, 'svg_usage') });
      }
      context.finish('answered');
    },
  };
}
