import { Pool } from 'undici';
import type { Config } from '../config.ts';

/** The connections to the providers: one pool an origin. */
export interface Upstreams {
  /** @param baseUrl from the configuration, never from a caller */
  find(baseUrl: string): { readonly pool: Pool; readonly pathPrefix: string };
  close(): Promise<void>;
}

/** Connections are made when they are first needed, and kept. Timeouts are the configuration's, in seconds there. */
export function createUpstreams(config: Config): Upstreams {
  const pools = new Map<string, Pool>();
  const found = new Map<string, { readonly pool: Pool; readonly pathPrefix: string }>();

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
      const known = found.get(baseUrl);
      if (known) return known;
      const { origin, pathname } = new URL(baseUrl);
      const upstream = { pool: poolOf(origin), pathPrefix: pathname.replace(/\/$/, '') };
      found.set(baseUrl, upstream);
      return upstream;
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
    },
  };
}
