import type { IncomingMessage } from 'node:http';
import { AppGone } from './app_gone.ts';
import type { ByteBudget } from './byte_budget.ts';
import { Refusal } from './refusal.ts';

export interface BodyLimits {
  readonly bytes: number;
  /** Name of the setting that bounds it, for the refusal. */
  readonly setting: string;
  /** Milliseconds it may stay silent. */
  readonly idle: number;
  readonly budget: ByteBudget;
}

/** A body in memory. `release` gives its bytes back to the budget. */
export interface HeldBody {
  readonly bytes: Buffer;
  release(): void;
}

/**
 * Reads a request body whole.
 * @throws Refusal when it is too large, when there is no room for it now, or when it stalls
 * @throws AppGone when the app breaks off
 */
export function readBody(request: IncomingMessage, limits: BodyLimits): Promise<HeldBody> {
  const { budget } = limits;
  const chunks: Buffer[] = [];
  let length = 0;

  return new Promise((resolve, reject) => {
    const stop = (problem: Error) => {
      finish();
      budget.give(length);
      request.pause();
      reject(problem);
    };
    const onData = (chunk: Buffer) => {
      if (length + chunk.length > limits.bytes) return stop(tooLarge(limits));
      if (!budget.take(chunk.length)) return stop(noRoom());
      length += chunk.length;
      chunks.push(chunk);
      timer.refresh();
    };
    const onEnd = () => {
      finish();
      const [only] = chunks;
      resolve({
        bytes: chunks.length === 1 && only ? only : Buffer.concat(chunks, length),
        release: () => {
          budget.give(length);
          length = 0;
        },
      });
    };
    const onGone = () => stop(new AppGone());
    const timer = setTimeout(() => stop(stalled(limits)), limits.idle);
    const finish = () => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onGone);
    };

    if (Number(request.headers['content-length'] ?? 0) > limits.bytes) return stop(tooLarge(limits));
    if (request.destroyed) return stop(new AppGone());
    request.on('data', onData).on('end', onEnd).on('close', onGone);
  });
}

function tooLarge({ bytes, setting }: BodyLimits): Refusal {
  return new Refusal('body_too_large', `The body is larger than ${bytes} bytes, the broker's ${setting}.`);
}

function noRoom(): Refusal {
  return new Refusal(
    'broker_unavailable',
    'The broker holds too many request bodies (COATCHECK_MAX_BUFFERED). Try again.',
    { headers: ['retry-after', '1'] },
  );
}

function stalled({ idle }: BodyLimits): Refusal {
  return new Refusal(
    'request_timeout',
    `The body stopped coming for ${idle / 1000} seconds (COATCHECK_STREAM_IDLE_TIMEOUT).`,
  );
}
