import { isIP } from 'node:net';

/**
 * Where on the network a request comes from, for rate limits: an IPv4 address, or the /64 of an IPv6 one, all of which is
 * one customer's to take addresses from (RFC 6177). Each trusted proxy appends the peer it saw to X-Forwarded-For,
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
  return networkOf(client || hops[0] || 'unknown');
}

function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  // Written anew, as one address can be written in many ways. IPv4 at its end (RFC 4291 §2.2) takes the room of two groups.
  const [left = '', right = ''] = address
    .replace(/%.*$/, '')
    .replace(/[\d.]+\.[\d.]+$/, '0:0')
    .split('::');
  const [head, tail] = [left, right].map((part) => (part === '' ? [] : part.split(':')));
  const zeros = Array<string>(8).fill('0');
  const groups = [
    ...(head ?? []),
    ...zeros.slice((head?.length ?? 0) + (tail?.length ?? 0)),
    ...(tail ?? []),
  ];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
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
