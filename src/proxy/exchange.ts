import type { IncomingMessage, ServerResponse } from 'node:http';
import { providers } from '../catalog/catalog.ts';
import type { WireError } from '../catalog/failure.ts';
import type { Provider } from '../catalog/provider.ts';
import type { Left } from '../store/admission.ts';
import type { Payer } from '../store/records.ts';
import { limitHeaderNames, limitHeaders } from './limit_headers.ts';
import { isFinal, type Refusal } from './refusal.ts';

/** One request of an app and the answer to it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly provider: Provider;
  readonly callId: string;
  /** Whose key the call is made with, once it is admitted. */
  readonly payer?: Payer;
  /** What the grant still allows, once the call has been judged by that. */
  readonly left?: Left;
}

const requestIdHeader = 'x-request-id';
export const payerHeader = 'coatcheck-payer';

/** Readable by pages of any origin: what they may see depends on the token they send, never on a cookie. */
const everyAnswer = [
  ...['access-control-allow-origin', '*'],
  ...[
    'access-control-expose-headers',
    [
      ...new Set([requestIdHeader, ...providers.map((provider) => provider.requestIdHeader)]),
      'x-should-retry, retry-after, retry-after-ms, www-authenticate, dpop-nonce',
      payerHeader,
      ...limitHeaderNames,
    ].join(', '),
  ],
  ...['cache-control', 'no-store'],
  ...['x-content-type-options', 'nosniff'],
];

/**
 * Begins the answer. It carries the call's id, also where the provider's SDK looks for one.
 * @param headers names and values in turn, beyond those that every answer has
 */
export function begin(exchange: Exchange, status: number, headers: readonly string[]): void {
  const { response, provider, callId, payer, left } = exchange;
  const alsoIn = provider.requestIdHeader === requestIdHeader ? [] : [provider.requestIdHeader, callId];
  const paid = payer ? [payerHeader, payer] : [];
  const limits = left ? limitHeaders(left) : [];
  const own = [requestIdHeader, callId, ...alsoIn, ...paid, ...limits];
  response.writeHead(status, [...everyAnswer, ...own, ...headers]);
}

/** Answers with a refusal of the broker's own. */
export function refuse(exchange: Exchange, refusal: Refusal): void {
  const { status, code, type, message, details } = refusal;
  const { left = exchange.left } = details;
  const error: WireError = {
    message,
    type,
    code,
    param: details.param ?? null,
    source: 'coatcheck',
    ...(details.actionUrl ? { action_url: details.actionUrl } : {}),
  };
  writeError(left ? { ...exchange, left } : exchange, status, error, details.headers ?? []);
}

/** Answers with an error in the provider's own shape; an answer that has begun breaks off. */
export function writeError(
  exchange: Exchange,
  status: number,
  error: WireError,
  headers: readonly string[],
): void {
  const { response, provider, callId } = exchange;
  if (response.headersSent) {
    // What has begun cannot be taken back: it breaks off behind what was sent, and does not end as if it were finished.
    response.socket?.destroySoon();
    return;
  }
  const body = Buffer.from(JSON.stringify(provider.errors.body(error, { status, requestId: callId })));
  const isToBeRetried = !isFinal(status, error.code);
  begin(exchange, status, [
    ...['content-type', 'application/json', 'content-length', String(body.length)],
    ...(isToBeRetried ? headers : [...without(headers, 'x-should-retry'), 'x-should-retry', 'false']),
  ]);
  response.end(body);
}

function without(headers: readonly string[], name: string): readonly string[] {
  const index = headers.indexOf(name);
  return index < 0 ? headers : headers.toSpliced(index, 2);
}
