import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Agent, buildConnector, request } from 'undici';
import { readBounded } from './bounded_body.ts';
import { isPublicAddress } from './public_address.ts';

/** What comes from an address that somebody outside has named. */
export type Fetched =
  | { readonly kind: 'fetched'; readonly body: Buffer; readonly headers: Readonly<Record<string, unknown>> }
  /** `reason` is for the person who named it. */
  | { readonly kind: 'failed'; readonly reason: string };

/** Gets what is at an https URL. @param largest size in bytes of what is taken */
export type PublicFetch = (url: URL, largest: number) => Promise<Fetched>;

/** The way to the internet. */
export interface Network {
  /** All addresses of a host. */
  readonly resolve: (hostname: string) => Promise<readonly string[]>;
  /** Connects to the address in `hostname`, with TLS for the name in `host`. */
  readonly connect: buildConnector.connector;
  /** Addresses of what is asked for records that are no addresses; the system's own unless given. */
  readonly nameServers?: readonly string[];
}

/** In milliseconds, from the look-up of the name to the last byte. */
const timeout = 5000;

const internet: Network = {
  resolve: async (hostname) => (await lookup(hostname, { all: true })).map(({ address }) => address),
  connect: buildConnector({ timeout, allowH2: false }),
};

class NotPublic extends Error {}

/**
 * Makes the one way in which we go where somebody outside tells us to: over TLS, to public addresses only, without
 * redirects, within seconds. The address that is checked is the one that is dialled: a name that leads elsewhere a moment
 * later gains nothing. Proxies of the environment are not used: they would look the name up again.
 * @param network for tests
 */
export function createPublicFetch(network: Network = internet): PublicFetch {
  return async (url, largest) => {
    if (url.protocol !== 'https:') return failed('it is not at an https address');
    // One for each, so that no connection outlives the check of its address.
    const agent = new Agent({
      connect(options, callback) {
        findPublicAddress(network, options.hostname).then(
          (hostname) => network.connect({ ...options, hostname }, callback),
          (error) => callback(error, null),
        );
      },
    });
    const signal = AbortSignal.timeout(timeout);
    const late = new Promise<Fetched>((resolve) => {
      signal.addEventListener('abort', () => resolve(failed('it did not come within five seconds')));
    });
    try {
      return await Promise.race([get(url, largest, agent, signal), late]);
    } finally {
      await agent.destroy();
    }
  };
}

async function get(url: URL, largest: number, dispatcher: Agent, signal: AbortSignal): Promise<Fetched> {
  try {
    const { statusCode, headers, body } = await request(url, { dispatcher, signal });
    if (statusCode !== 200) {
      await body.dump({ limit: largest });
      return failed(`it answers with status ${statusCode}, not 200`);
    }
    const bytes = await readBounded(body, largest);
    return bytes ? { kind: 'fetched', body: bytes, headers } : failed(`it is larger than ${largest} bytes`);
  } catch (error) {
    return failed(error instanceof NotPublic ? error.message : 'it cannot be reached');
  }
}

/** @throws NotPublic when as much as one of the host's addresses is not out on the internet */
async function findPublicAddress({ resolve }: Network, hostname: string): Promise<string> {
  const literal = hostname.replace(/^\[(.*)\]$/, '$1');
  const addresses = isIP(literal) === 0 ? await resolve(hostname) : [literal];
  // IPv4 first: there are still machines without a way for the other.
  const address = addresses.find((candidate) => isIP(candidate) === 4) ?? addresses[0];
  if (address === undefined || !addresses.every(isPublicAddress)) {
    throw new NotPublic('its host has an address that is not public');
  }
  return address;
}

function failed(reason: string): Fetched {
  return { kind: 'failed', reason };
}
