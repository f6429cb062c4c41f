import type { Logger } from 'pino';
import type { OAuthError } from './errors.ts';

/**
 * Writes down why something was refused, for the operator. Neither parameters nor the address asked for are logged: they
 * hold codes, tokens and verifiers.
 */
export function logRefusal(log: Logger, endpoint: string, error: OAuthError, clientId?: string): void {
  const line = {
    endpoint,
    error: error.code,
    description: error.description,
    ...(error.detail === undefined ? {} : { detail: error.detail }),
    ...(clientId === undefined ? {} : { client_id: clientId }),
  };
  if (error.cause === undefined) log.info(line, 'refused');
  else log.error({ ...line, err: error.cause }, 'failed');
}
