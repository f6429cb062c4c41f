import { redirectUriComplaint } from '../grants/registration.ts';
import type { Client } from '../store/records.ts';

/** Anything but a port in digits before the path makes a URI no loopback one, so that `127.0.0.1:1@evil` is none. */
const loopback = /^http:\/\/(?<host>127\.0\.0\.1|\[::1\]|localhost)(?::(?<port>\d{1,5}))?(?<rest>[/?].*)?$/;

/**
 * Whether a redirect URI is one that the client has registered: equal as a string (OAuth 2.1 §4.1.1), or on http
 * loopback equal but for the port (RFC 8252 §7.3). With `localhost` the latter is for native apps only (§8.3).
 */
export function isRegisteredRedirectUri(
  { redirectUris, type }: Pick<Client, 'redirectUris' | 'type'>,
  requested: string,
): boolean {
  return redirectUris.some(
    (registered) =>
      // Stored by us or not: a `javascript:` address is no place to send a browser to.
      redirectUriComplaint(registered, type) === null &&
      (registered === requested || differsInPortOnly(registered, requested, type)),
  );
}

function differsInPortOnly(registered: string, requested: string, type: Client['type']): boolean {
  const known = loopback.exec(registered)?.groups;
  const asked = loopback.exec(requested)?.groups;
  if (!known || !asked || Number(asked.port ?? 80) > 65_535) return false;
  if (known.host === 'localhost' && type !== 'native') return false;
  return known.host === asked.host && known.rest === asked.rest;
}
