import { join } from 'node:path';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { createPostgresHome, type Home } from './home.ts';
import { freePort, type ServerProcess, startServer } from './process.ts';
import { type RoundRobin, startRoundRobin } from './round_robin.ts';

const size = 3;

interface Instance {
  /** Past the front proxy. */
  readonly url: string;
  readonly dataDir: string;
}

/**
 * Brokers as processes with data folders of their own. They share a PostgreSQL, a master key, an upstream, and an issuer:
 * the address of a front proxy that gives each request to the next of them.
 */
export interface Fleet {
  /** The issuer. */
  readonly url: string;
  readonly instances: readonly Instance[];
  readonly passed: RoundRobin['passed'];
  /** Upstream of sandbox keys, unless told otherwise. */
  readonly sandbox: Sandbox;
  /** For one more beside them, or for commands. */
  readonly home: Home;
  close(): Promise<void>;
}

export interface FleetOptions {
  /** Leaves the database without tables. */
  readonly empty?: boolean;
  /** Upstream of sandbox keys, in place of a fresh sandbox. */
  readonly upstreamUrl?: string;
}

/** Starts them all at once. */
export async function startFleet({ empty = false, upstreamUrl }: FleetOptions = {}): Promise<Fleet> {
  const own = await createPostgresHome(empty ? 'template0' : undefined);
  const sandbox = await startSandbox();
  const front = await startRoundRobin();
  const env = {
    ...own.env,
    COATCHECK_MASTER_KEY_FILE: join(own.dataDir, 'master.key'),
    COATCHECK_ISSUER: front.url,
    COATCHECK_SANDBOX: upstreamUrl ?? sandbox.url,
  };
  const start = async (number: number): Promise<Instance & { readonly server: ServerProcess }> => {
    const dataDir = join(own.dataDir, `instance-${number}`);
    const port = await freePort();
    const server = await startServer({ dataDir, env }, { PORT: String(port) });
    return { url: `http://127.0.0.1:${port}`, dataDir, server };
  };
  const instances = await Promise.all(Array.from({ length: size }, (_, number) => start(number)));
  front.targets = instances.map(({ url }) => url);
  return {
    url: front.url,
    instances,
    passed: front.passed,
    sandbox,
    home: { ...own, env },
    async close() {
      await front.close();
      await Promise.all(instances.map(({ server }) => server.stop()));
      await sandbox.close();
      await own.remove();
    },
  };
}
