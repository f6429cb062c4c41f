import { CANCELLED, NODATA, NOTFOUND } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import type { Network } from './public_fetch.ts';

/** What the name service says of a name. */
export type TxtAnswer =
  /** Each record in one piece; none when the name has none, or is not there. */
  | { readonly kind: 'answered'; readonly records: readonly string[] }
  /** `reason` is for the person whose name it is. */
  | { readonly kind: 'failed'; readonly reason: string };

/** Asks the name service for the TXT records of a name. */
export type TxtLookup = (name: string) => Promise<TxtAnswer>;

/** In milliseconds, with every try. */
const timeout = 5000;

/** Makes the look-up of TXT records, which gives up within seconds. @param network for tests */
export function createTxtLookup({ nameServers }: Pick<Network, 'nameServers'> = {}): TxtLookup {
  return async (name) => {
    // One for each: giving up one look-up ends no other, and nothing is answered from memory.
    const resolver = new Resolver();
    if (nameServers) resolver.setServers(nameServers);
    const late = setTimeout(() => resolver.cancel(), timeout);
    try {
      const records = await resolver.resolveTxt(name);
      return { kind: 'answered', records: records.map((pieces) => pieces.join('')) };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      switch (code) {
        case NODATA:
        case NOTFOUND:
          return { kind: 'answered', records: [] };
        case CANCELLED:
          return { kind: 'failed', reason: 'the name service did not answer within five seconds' };
        default:
          return { kind: 'failed', reason: `the name service gave no answer (${code})` };
      }
    } finally {
      clearTimeout(late);
    }
  };
}
