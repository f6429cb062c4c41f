import { expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { clientAddress } from '../../src/lib/client_address.ts';

const { isTrustedProxy } = readConfig({ COATCHECK_TRUSTED_PROXIES: '10.0.0.0/8' });

test.each([
  ['without a proxy the peer is the client', '198.51.100.1', undefined, '198.51.100.1'],
  ['a stranger’s header is not believed', '198.51.100.1', '203.0.113.9', '198.51.100.1'],
  ['a trusted proxy names the client', '10.0.0.1', '203.0.113.9', '203.0.113.9'],
  ['what the client claims before that is not believed', '10.0.0.1', '1.2.3.4, 203.0.113.9', '203.0.113.9'],
  ['trusted proxies in a row are passed over', '10.0.0.1', '203.0.113.9, 10.0.0.2', '203.0.113.9'],
  ['a proxy that names no address', '10.0.0.1', 'unknown', '10.0.0.1'],
  ['nothing before what is no address is believed', '10.0.0.1', '1.2.3.4, unknown', '10.0.0.1'],
  ['a proxy that appends the port', '10.0.0.1', '1.2.3.4, 203.0.113.9:4711', '203.0.113.9'],
  ['the same with IPv6', '10.0.0.1', '1.2.3.4, [2001:db8::1]:4711', '2001:db8:0:0::/64'],
  ['an IPv6 client counts as its /64', '10.0.0.1', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['another address of the same /64', '2001:DB8:0001:0002::ffff', undefined, '2001:db8:1:2::/64'],
  ['zeros left out before the /64 ends', '2001:db8::2:3:4:5:6', undefined, '2001:db8:0:2::/64'],
  ['IPv6 that ends in IPv4', '64:ff9b:1:2::192.0.2.1', undefined, '64:ff9b:1:2::/64'],
  ['IPv6 with a zone', 'fe80::1%eth0', undefined, 'fe80:0:0:0::/64'],
  ['IPv6 loopback', '::1', undefined, '0:0:0:0::/64'],
  ['IPv4 in IPv6 form is IPv4', '::ffff:10.0.0.1', '::ffff:203.0.113.9', '203.0.113.9'],
  ['trusted proxies alone', '10.0.0.1', '10.0.0.2', '10.0.0.1'],
  ['a connection that is gone', undefined, undefined, 'unknown'],
])('%s', (_name, peer, forwardedFor, expected) => {
  expect(clientAddress(peer, forwardedFor, isTrustedProxy)).toBe(expected);
});
