import type { IncomingMessage } from 'node:http';

/** Whether a request wants to become a WebSocket (RFC 6455 §4.2.1). */
export function wantsWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}
