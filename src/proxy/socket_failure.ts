import type { IncomingMessage } from 'node:http';
import type { Deps } from '../deps.ts';
import { type Exchange, refuse, writeError } from './exchange.ts';
import { createFailureSink } from './failure_sink.ts';
import { mediaType, requestIdIn, responseHeaders } from './headers.ts';
import type { KeyHealth } from './key_health.ts';
import { keysUrl } from './ledger_refusal.ts';
import { Refusal } from './refusal.ts';
import type { SocketCall } from './socket_work.ts';

/** Answers with what it means to the app that the provider has not opened a socket, and settles the call. */
export async function answerFailure(
  { config, keyHealth }: Pick<Deps, 'config'> & { readonly keyHealth: KeyHealth },
  opening: Exchange,
  { admission, meter }: SocketCall,
  answer: IncomingMessage,
): Promise<void> {
  const exchange = { ...opening, payer: admission.payer };
  const { statusCode: status = 502, headers } = answer;
  meter.answered(status, requestIdIn(headers, admission.provider));
  if (status < 400) {
    answer.destroy();
    meter.settle('failed');
    refuse(exchange, new Refusal('provider_error', 'The provider opened no socket. Try again.'));
    return;
  }
  const sink = createFailureSink(
    {
      admission,
      fail: (refusal) => refuse(exchange, refusal),
      relay: (code, { type, ...error }, shown) =>
        writeError(
          exchange,
          code,
          { ...error, type: type ?? 'invalid_request_error', source: 'provider' },
          shown,
        ),
      keyIsBad: () => keyHealth.refused(admission),
      quotaIsUsedUp: () => keyHealth.exhausted(admission),
    },
    { status, mediaType: mediaType(headers), headers: responseHeaders(headers) },
    keysUrl(config),
  );
  try {
    for await (const chunk of answer) sink.write(chunk);
  } catch {
    // What came of it has to do.
  }
  sink.end();
  meter.settle('answered');
}
