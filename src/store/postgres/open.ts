import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import type { Clock } from '../../lib/clock.ts';
import type { Secret } from '../../lib/secret.ts';
import type { Ending, EndingListener } from '../store.ts';
import { StoreError } from '../store_error.ts';
import { Client } from './client.ts';
import { isRefusal, withoutValues } from './errors.ts';
import { migrate } from './migrate.ts';
import { oncePer } from './once_per.ts';
import { databaseClock } from './present.ts';

/** A connection that is in a transaction, or the pool for statements that are one by themselves. */
export type Session = NodePgDatabase;

/**
 * One database and what every part of the store does with it.
 *
 * Transactions lock rows in one order, so that they never wait for each other in a circle: invitation, user, client,
 * credential, grants by id, device, authorization request, wraps by credential and holder, code, family, refresh token, calls
 * by id, counters by id, rates by grant and provider, objects by kind and id. What makes grants or takes credentials from
 * them locks the user; ending a grant locks just the grant.
 */
export interface Connection {
  readonly pool: pg.Pool;
  readonly db: Session;
  /** What a statement's `now` takes: the time of the test clock, or null for the database's. */
  readonly givenNow: () => number | null;
  /** Whether this process made what the server process of this id did just now. */
  readonly isOwn: (serverProcess: number) => boolean;
  /** Runs `work` on a connection; one on which more than a statement failed is not used again. */
  withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T>;
  /** Runs a transaction, and rolls back if `work` throws. */
  write<T>(work: (tx: Session, now: number) => Promise<T>): Promise<T>;
  /** The same on a connection that one has already. */
  writeOn<T>(client: pg.PoolClient, work: (tx: Session, now: number) => Promise<T>): Promise<T>;
}

export interface ConnectionOptions {
  /** Holds a password. */
  readonly url: Secret;
  /** For tests. Without it the database's clock goes, which all processes share. */
  readonly clock?: Clock;
  readonly migrationsFolder?: string;
  /** Hears of idle connections that broke. */
  readonly onConnectionLost?: (error: unknown) => void;
  /** Hears of what a transaction has ended, once it is committed. */
  readonly onEnded?: EndingListener;
}

/** What the transaction that is open on a connection ends. */
export const endingsOf = oncePer((_session: Session): Ending[] => []);

const limits = {
  max: 10,
  // All in milliseconds.
  idleTimeoutMillis: 60_000,
  idle_in_transaction_session_timeout: 10_000,
  lock_timeout: 1000,
  // The server gives a statement up; where it cannot even say so, we do.
  statement_timeout: 5000,
  query_timeout: 6000,
};

/**
 * Connects to a database and brings its schema up to date.
 * @throws StoreError when it cannot be reached or used, or was written by a newer version
 */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { url, clock, migrationsFolder, onConnectionLost = () => {}, onEnded = () => {} } = options;
  await bringUpToDate(url, migrationsFolder);
  const pool = new pg.Pool({ ...addressOf(url), ...limits, Client });
  pool.on('error', (error) => onConnectionLost(withoutValues(error)));
  // The pool hears idle connections only; one that breaks between two statements of a transaction would end the process.
  pool.on('connect', (client) => client.on('error', () => {}));
  const serverProcesses = new Set<number | null>();
  pool.on('connect', (client) => serverProcesses.add(serverProcessOf(client)));
  pool.on('remove', (client) => serverProcesses.delete(serverProcessOf(client)));

  const withClient: Connection['withClient'] = async (work) => {
    const client = await pool.connect();
    try {
      const result = await work(client);
      client.release();
      return result;
    } catch (error) {
      client.release(!isRefusal(error));
      throw error;
    }
  };
  const sessionOn = oncePer((client: pg.PoolClient): Session => drizzle(client));
  const writeOn: Connection['writeOn'] = async (client, work) => {
    const session = sessionOn(client);
    const ended = endingsOf(session);
    ended.length = 0;
    const result = await transaction(client, (now) => work(session, clock?.() ?? now));
    for (const ending of ended) onEnded(ending);
    return result;
  };
  return {
    pool,
    db: drizzle(pool),
    givenNow: () => clock?.() ?? null,
    isOwn: (serverProcess) => serverProcesses.has(serverProcess),
    withClient,
    write: (work) => withClient((client) => writeOn(client, work)),
    writeOn,
  };
}

/**
 * A connection of one's own to a database whose schema is up to date, without limits on time.
 * @throws StoreError when it cannot be reached or used, or was written by a newer version
 */
export async function connectAlone(url: Secret): Promise<pg.Client> {
  await bringUpToDate(url, undefined);
  const client = new Client(addressOf(url));
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** The id of the server's process behind a connection, which the driver's types leave out. */
function serverProcessOf(client: object): number | null {
  return 'processID' in client && typeof client.processID === 'number' ? client.processID : null;
}

function addressOf(url: Secret): pg.ClientConfig {
  const connectionTimeoutMillis = 5000;
  return {
    connectionString: url.unwrap(),
    application_name: 'coatcheck',
    keepAlive: true,
    connectionTimeoutMillis,
  };
}

async function bringUpToDate(url: Secret, migrationsFolder: string | undefined): Promise<void> {
  const client = new Client(addressOf(url));
  client.on('error', () => {});
  try {
    await client.connect();
    await migrate(client, migrationsFolder);
  } catch (error) {
    throw error instanceof StoreError ? error : new StoreError(unusable(url, error));
  } finally {
    await client.end();
  }
}

/** Runs a transaction on a connection, and rolls back if `work` throws. */
export async function transaction<T>(client: pg.ClientBase, work: (now: number) => Promise<T>): Promise<T> {
  try {
    const result = await work(await begin(client));
    await commit(client);
    return result;
  } catch (error) {
    if (isRefusal(error)) await client.query('rollback');
    throw error;
  }
}

/** Begins a transaction and reads the clock, in one round trip. */
async function begin(client: pg.ClientBase): Promise<number> {
  const results: unknown = await client.query(`begin; select ${databaseClock} as now`);
  const [, clock] = results as readonly [unknown, pg.QueryResult<{ readonly now: number }>];
  return clock.rows[0]?.now ?? 0;
}

async function commit(client: pg.ClientBase): Promise<void> {
  const { command } = await client.query('commit');
  // This is how the server answers when a statement failed and nobody minded.
  if (command !== 'COMMIT') throw new Error('The transaction was rolled back');
}

/** Why the database cannot be opened, without the password that its URL may hold. */
function unusable(url: Secret, error: unknown): string {
  const cause = withoutValues(error instanceof AggregateError ? error.errors[0] : error);
  const reason = cause instanceof Error ? cause.message : String(cause);
  return `The database ${nameOf(url)} cannot be used: ${reason}. Check COATCHECK_DATABASE_URL.`;
}

/** Host and database of a URL, to be shown. */
export function nameOf(url: Secret): string {
  const { host, pathname } = new URL(url.unwrap());
  return `${host}${pathname}`;
}
