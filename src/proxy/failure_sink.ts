import { errorIn, failureMeaning } from '../catalog/failure.ts';
import type { AnswerContext, AnswerHead, AnswerSink } from './answer.ts';
import { Refusal } from './refusal.ts';

/** Errors are short; what is longer is not read to its end. */
const longestError = 64 * 1024;

/** Reads a provider's refusal and answers with what it means to the app. */
export function createFailureSink(
  context: Pick<AnswerContext, 'admission' | 'fail' | 'relay' | 'keyIsBad' | 'quotaIsUsedUp'>,
  head: AnswerHead,
  keysUrl: string,
): AnswerSink {
  const { payer, provider } = context.admission;
  const { errors, billingPage } = provider;
  const chunks: Buffer[] = [];
  let length = 0;
  let isAnswered = false;

  const answer = () => {
    if (isAnswered) return;
    isAnswered = true;
    const error = errorIn(errors, Buffer.concat(chunks));
    const means = failureMeaning(errors, head.status, error);
    if (!means) return context.relay(head.status, error, head.headers);
    if (means.keyIsBad) context.keyIsBad();
    if (means.code === 'provider_quota_exceeded') context.quotaIsUsedUp();
    const waits = means.code === 'provider_rate_limited' && !head.headers.includes('retry-after');
    const isTheirs = payer === 'user';
    context.fail(
      new Refusal(means.code, isTheirs ? means.message : ofApp(means.message), {
        ...(isTheirs && means.fixedAt === 'keys' ? { actionUrl: keysUrl } : {}),
        ...(isTheirs && means.fixedAt === 'billing' ? { actionUrl: billingPage } : {}),
        headers: [...head.headers, ...(waits ? ['retry-after', '1'] : [])],
      }),
      'answered',
    );
  };

  return {
    write(chunk) {
      if (isAnswered) return;
      chunks.push(chunk);
      length += chunk.length;
      if (length > longestError) answer();
    },
    end: answer,
  };
}

/** Providers' rows speak of the user's key and account; where the app pays, these are its own, and no user can mend them. */
function ofApp(message: string): string {
  return message.replace(/\b(the) user's/i, "$1 app's own");
}
