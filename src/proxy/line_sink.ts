import { publicLine } from '../catalog/public_line.ts';
import type { AnswerContext, AnswerHead, AnswerSink } from './answer.ts';
import { Refusal } from './refusal.ts';

/** More than any text in an answer can come to. */
const largestLine = 32 * 1024 ** 2;
const lineEnd = 0x0a;

/** Hands on a file in which each line holds an answer of the provider, without what names the account. */
export function createLineSink(context: AnswerContext, head: AnswerHead): AnswerSink {
  const { errors } = context.admission.provider;
  let beginning: Buffer[] = [];
  let held = 0;

  const shown = (line: Buffer): Buffer => {
    const text = line.toString('utf8');
    const seen = publicLine(errors, text);
    return seen === text ? line : Buffer.from(seen);
  };

  const takeHeld = (): Buffer => {
    const line = Buffer.concat(beginning, held);
    beginning = [];
    held = 0;
    return line;
  };

  context.begin(head.status, head.headers);
  return {
    write(chunk) {
      const lines: Buffer[] = [];
      let start = 0;
      for (let end = chunk.indexOf(lineEnd); end >= 0; end = chunk.indexOf(lineEnd, start)) {
        const last = chunk.subarray(start, end + 1);
        beginning.push(last);
        held += last.length;
        lines.push(shown(takeHeld()));
        start = end + 1;
      }
      beginning.push(chunk.subarray(start));
      held += chunk.length - start;
      if (lines.length > 0) context.send(Buffer.concat(lines));
      if (held > largestLine) context.fail(tooLong(), 'cut');
    },
    end() {
      context.finish('answered', held > 0 ? shown(takeHeld()) : undefined);
    },
  };
}

function tooLong(): Refusal {
  return new Refusal(
    'provider_error',
    `A line in the provider's answer is larger than ${largestLine} bytes.`,
  );
}
