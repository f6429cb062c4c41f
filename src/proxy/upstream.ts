import { LRUCache } from 'lru-cache';
import { Pool } from 'undici';
import type { Config } from '../config.ts';

/** The connections to the providers: one pool an origin, of which some can be an account's own. */
export interface Upstreams {
  /** @param baseUrl from the configuration and the deposit of the key, never from a caller */
  find(baseUrl: string): { readonly pool: Pool; readonly pathPrefix: string };
  close(): Promise<void>;
}

const mostPools = 1_000;

/** Connections are made when they are first needed, and kept. Timeouts are the configuration's, in seconds there. */
export function createUpstreams(config: Config): Upstreams {
  // What is pushed out is closed as soon as nothing is under way on it.
  const pools = new LRUCache<string, Pool>({ max: mostPools, dispose: (pool) => void pool.close() });

  const poolOf = (origin: string): Pool => {
    const known = pools.get(origin);
    if (known) return known;
    const pool = new Pool(origin, {
      allowH2: false,
      connect: { timeout: config.upstreamConnectTimeout * 1000 },
      headersTimeout: config.upstreamHeadersTimeout * 1000,
      bodyTimeout: config.streamIdleTimeout * 1000,
    });
    pools.set(origin, pool);
    return pool;
  };

  return {
    find(baseUrl) {
      const { origin, pathname } = new URL(baseUrl);
      return { pool: poolOf(origin), pathPrefix: pathname.replace(/\/$/, '') };
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
    },
  };
}
