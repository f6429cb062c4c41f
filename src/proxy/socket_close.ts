import type { Refusal } from './refusal.ts';

/** Why a socket is closed: a code (RFC 6455 §7.4) and a reason, which names the code of a refusal if there is one. */
export interface SocketClose {
  readonly code: number;
  readonly reason: string;
}

export const ended: SocketClose = { code: 1000, reason: '' };
export const stopping: SocketClose = { code: 1012, reason: 'The broker stops. Connect again.' };
export const providerGone: SocketClose = { code: 1011, reason: 'provider_error' };

/** @param seconds that nothing was said for */
export function idle(seconds: number): SocketClose {
  return { code: 1000, reason: `Nothing was said for ${seconds} seconds (COATCHECK_STREAM_IDLE_TIMEOUT).` };
}

/** How a socket is closed that a refusal ends. 4000 and up are an application's own. */
export function closeFor({ code, status }: Refusal): SocketClose {
  if (code === 'grant_revoked') return { code: 4001, reason: code };
  if (code === 'body_too_large') return { code: 1009, reason: code };
  if (code === 'broker_unavailable') return { code: 1013, reason: code };
  return { code: status >= 500 ? 1011 : 1008, reason: code };
}
