import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { inject } from 'vitest';
import { Client } from '../../src/store/postgres/client.ts';
import { createDatabase } from './postgres.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The store that brokers of this run use unless a test says otherwise. */
    readonly store: 'sqlite' | 'postgres';
  }
}

/** Where the brokers of a test keep everything: a data folder and a database, and what they need to find them. */
export interface Home {
  readonly store: 'sqlite' | 'postgres';
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs a statement past the broker. The database must be there. */
  query<Row>(statement: string): Promise<readonly Row[]>;
  /** Everything that the database holds: the bytes of its files, or each row as text with its bytes in hex. */
  contents(): Promise<string>;
  remove(): Promise<void>;
}

/** A fresh one with the store that this run is for. */
export async function createHome(): Promise<Home> {
  return inject('store') === 'postgres' ? createPostgresHome() : createSqliteHome();
}

function makeDataDir(): string {
  return mkdtempSync(join(tmpdir(), 'coatcheck-test-'));
}

/** One with SQLite, whatever this run is for. */
export function createSqliteHome(): Home {
  const dataDir = makeDataDir();
  return {
    store: 'sqlite',
    dataDir,
    env: {},
    async query<Row>(statement: string) {
      const database = new Database(join(dataDir, 'coatcheck.db'), { fileMustExist: true });
      try {
        const prepared = database.prepare<[], Row>(statement);
        if (prepared.reader) return prepared.all();
        prepared.run();
        return [];
      } finally {
        database.close();
      }
    },
    async contents() {
      const names = readdirSync(dataDir).filter((name) => name.startsWith('coatcheck.db'));
      return names.map((name) => readFileSync(join(dataDir, name), 'latin1')).join('\n');
    },
    async remove() {
      rmSync(dataDir, { recursive: true });
    },
  };
}

/** One with PostgreSQL, whatever this run is for. */
export async function createPostgresHome(...from: Parameters<typeof createDatabase>): Promise<Home> {
  return postgresHome(await createDatabase(...from));
}

/** One in a database that is there. */
export function postgresHome({ url, drop }: Awaited<ReturnType<typeof createDatabase>>): Home {
  const dataDir = makeDataDir();
  // Processes that share a database share a master key too; none is made on the spot.
  writeFileSync(join(dataDir, 'master.key'), randomBytes(32).toString('base64'), { mode: 0o600 });
  const query = async <Row>(statement: string) => {
    const client = new Client(url);
    await client.connect();
    try {
      return (await client.query(statement)).rows as readonly Row[];
    } finally {
      await client.end();
    }
  };
  return {
    store: 'postgres',
    dataDir,
    env: { COATCHECK_DATABASE_URL: url },
    query,
    async contents() {
      const tables = await query<{ name: string }>(
        `select tablename as name from pg_tables where schemaname = 'public'`,
      );
      const rows = tables.map(({ name }) =>
        query<{ row: string }>(`select each::text as row from ${name} as each`),
      );
      return (await Promise.all(rows))
        .flat()
        .map(({ row }) => row)
        .join('\n');
    },
    async remove() {
      await drop();
      rmSync(dataDir, { recursive: true });
    },
  };
}
