import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import type { Config } from '../config.ts';
import type { Admission } from './admit.ts';
import { Refusal } from './refusal.ts';
import { requestHeaders } from './request_headers.ts';

/** What came of asking a provider for a socket. */
export type OpenedSocket =
  | { readonly kind: 'open'; readonly socket: WebSocket; readonly headers: IncomingHttpHeaders }
  /** It gave an answer of another kind, which is still to be read. */
  | { readonly kind: 'answer'; readonly answer: IncomingMessage };

/** Room for a whole picture in one event. */
const largestEvent = 32 * 1024 ** 2;

/**
 * Opens a socket to the provider, with the key of an admitted call. It is paused: nothing is read from it yet.
 * @param target under the provider's base URL
 * @param sent headers of the app's own request
 * @param abort ends the attempt
 * @throws Refusal when there is no connection
 */
export function openUpstreamSocket(
  config: Config,
  admission: Admission,
  target: string,
  sent: IncomingHttpHeaders,
  abort: AbortSignal,
): Promise<OpenedSocket> {
  const socket = new WebSocket(admission.baseUrl + target, {
    headers: pairs(requestHeaders({ ...admission, body: null }, sent)),
    followRedirects: false,
    handshakeTimeout: config.upstreamConnectTimeout * 1000,
    perMessageDeflate: false,
    maxPayload: largestEvent,
  });
  return new Promise((resolve, reject) => {
    const stop = () => socket.terminate();
    abort.addEventListener('abort', stop, { once: true });
    let headers: IncomingHttpHeaders = {};
    socket.once('upgrade', (answer) => {
      headers = answer.headers;
    });
    socket.once('open', () => {
      abort.removeEventListener('abort', stop);
      socket.pause();
      resolve({ kind: 'open', socket, headers });
    });
    socket.once('unexpected-response', (_request, answer) => resolve({ kind: 'answer', answer }));
    socket.on('error', (cause) => reject(failed(cause)));
  });
}

function failed(cause: Error): Refusal {
  return new Refusal('provider_error', 'The connection to the provider failed. Try again.', { cause });
}

function pairs(list: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index < list.length; index += 2) headers[list[index] ?? ''] = list[index + 1] ?? '';
  return headers;
}
