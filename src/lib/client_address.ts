import { isIP } from 'node:net';

/**
 * The address that a request comes from, for rate limits. Each trusted proxy appends the peer it saw to X-Forwarded-For,
 * so the last hop that is no trusted proxy is the client; whatever stands before it is the client's own word.
 * @param peer the other end of the connection
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | undefined,
  isTrustedProxy: (address: string) => boolean,
): string {
  const hops = [...(forwardedFor ?? '').split(','), peer ?? '']
    .map((hop) => withoutMapping(hop.trim()))
    .filter((hop) => isIP(hop) !== 0);
  return hops.findLast((hop) => !isTrustedProxy(hop)) ?? hops.at(-1) ?? 'unknown';
}

/** An IPv4 address in IPv6 form (RFC 4291 §2.5.5.2) is that IPv4 address. */
function withoutMapping(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}
