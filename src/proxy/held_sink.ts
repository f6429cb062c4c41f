import { publicAnswer } from '../catalog/public_answer.ts';
import { parseJson } from '../lib/json.ts';
import { allowsModel } from '../store/decide.ts';
import type { AnswerContext, AnswerHead, AnswerSink } from './answer.ts';
import { Refusal } from './refusal.ts';

/** More than any text in an answer can come to. */
const largestAnswer = 32 * 1024 ** 2;

/** Reads a JSON answer whole and hands it on in one piece; one that is cut off or broken is never begun. */
export function createHeldSink(context: AnswerContext, head: AnswerHead): AnswerSink {
  const { admission, meter } = context;
  const { rebuild } = admission.match.route.answer;
  const isAllowed = (model: string) => admission.limits.every((access) => allowsModel(access, model));
  const chunks: Buffer[] = [];
  let length = 0;

  return {
    write(chunk) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > largestAnswer) {
        context.fail(
          new Refusal('provider_error', `The provider's answer is larger than ${largestAnswer} bytes.`),
          'cut',
        );
      }
    },
    end() {
      const [only] = chunks;
      const body = chunks.length === 1 && only ? only : Buffer.concat(chunks, length);
      const text = body.toString('utf8');
      const answer = parseJson(text);
      if (answer === undefined) {
        context.fail(new Refusal('provider_error', "The provider's answer is not JSON. Try again."), 'cut');
        return;
      }
      meter.read(answer);
      const { errors } = admission.provider;
      const { mention } = errors.privateParts;
      const seen = () => (mention.test(text) ? publicAnswer(errors, answer).shown : answer);
      const shown = rebuild ? rebuild(answer, isAllowed) : seen();
      if (rebuild && shown === null) {
        context.fail(new Refusal('not_delegable', 'This is not lent.'), 'answered');
        return;
      }
      const sent = shown === answer ? body : Buffer.from(JSON.stringify(shown));
      const show = () => {
        context.begin(head.status, [...head.headers, 'content-length', String(sent.length)]);
        context.finish('answered', sent);
      };
      if (!context.record([answer], show)) show();
    },
  };
}
