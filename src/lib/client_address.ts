import { isIP } from 'node:net';

/**
 * The address that a request comes from, for rate limits. Each trusted proxy appends the peer it saw to X-Forwarded-For,
 * so the last hop that is no trusted proxy is the client; whatever stands before it is the client's own word. Where no
 * such hop is named, it is the peer.
 * @param peer the other end of the connection
 */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | undefined,
  isTrustedProxy: (address: string) => boolean,
): string {
  const hops = [...(forwardedFor ?? '').split(','), peer ?? ''].map(addressOf).reverse();
  const client = hops.find((hop) => hop === '' || !isTrustedProxy(hop));
  return client || hops[0] || 'unknown';
}

/** The address that a hop is written as; empty when it is none. */
function addressOf(hop: string): string {
  const address = withoutMapping(withoutPort(hop.trim()));
  return isIP(address) === 0 ? '' : address;
}

/** Some proxies append the port that they saw, and put IPv6 in brackets then. */
function withoutPort(hop: string): string {
  return hop.replace(/^\[(.*)\](:\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1');
}

/** An IPv4 address in IPv6 form (RFC 4291 §2.5.5.2) is that IPv4 address. */
function withoutMapping(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}
