import { accessSync, closeSync, constants, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import type { Clock } from '../../lib/clock.ts';
import { createEndingSignal, type EndingSignal, endingIn } from '../ending_signal.ts';
import type { Ending } from '../store.ts';
import { StoreError } from '../store_error.ts';
import { type AuditWriter, auditWriter } from './audit.ts';

const generatedMigrations = fileURLToPath(new URL('../../../drizzle/sqlite', import.meta.url));

/** One open database and what every part of the store does with it. */
export interface Connection {
  readonly client: Database.Database;
  readonly db: BetterSQLite3Database;
  readonly clock: Clock;
  readonly audit: AuditWriter;
  /** Tells of what transactions of this connection ended, once they are committed. */
  readonly endings: EndingSignal;
  /**
   * Runs a transaction that holds the write lock from its start, and rolls back if `work` throws.
   * @param work synchronous: what an async callback wrote after its first `await` would be outside the transaction
   */
  write<T>(work: (now: number) => T): T;
}

/**
 * Opens a database file, makes it if need be, and brings its schema up to date.
 * @throws StoreError when the file was written by a newer version; SQLite's own error when the lock is not to be had for
 * several seconds
 */
export function openConnection(
  file: string,
  clock: Clock,
  migrationsFolder: string = generatedMigrations,
): Connection {
  createPrivately(file);
  const client = retryWhileBusy(() => prepareDatabase(file, migrationsFolder));
  const db = drizzle(client);
  const transaction = client.transaction((work: (now: number) => unknown) => work(clock()));
  const writeEvent = auditWriter(db);
  const endings = createEndingSignal();
  let ended: Ending[] = [];
  return {
    client,
    db,
    clock,
    audit(entry) {
      writeEvent(entry);
      const ending = endingIn(entry);
      if (ending) ended.push(ending);
    },
    endings,
    write<T>(work: (now: number) => T) {
      ended = [];
      const result = transaction.immediate(work) as T;
      for (const ending of ended) endings.emit(ending);
      return result;
    },
  };
}

/** SQLite gives -wal and -shm the mode of the database, so that this one decides for all three. */
function createPrivately(file: string): void {
  try {
    // Never opens a file that is there: closing it would drop the POSIX locks that this process has through SQLite.
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    // SQLite would open what it may not write for reading only, and we would find out at the first request.
    accessSync(file, constants.W_OK);
  }
}

function prepareDatabase(file: string, migrationsFolder: string): Database.Database {
  const client = new Database(file, { timeout: 1000 });
  try {
    client.pragma('trusted_schema = OFF');
    client.pragma('journal_mode = WAL');
    // FULL: under NORMAL a power cut can take back the last commits, and with them a spent code or an admitted call.
    // One transaction per batch of calls makes that cost a few microseconds a call.
    client.pragma('synchronous = FULL');
    client.pragma('fullfsync = ON');
    // A deleted key leaves no bytes behind in free pages.
    client.pragma('secure_delete = ON');
    // Rebuilding a table drops it for a moment; foreign keys would then take the rows that refer to it along.
    client.pragma('foreign_keys = OFF');
    migrate(client, migrationsFolder);
    client.pragma('foreign_keys = ON');
    return client;
  } catch (error) {
    client.close();
    throw error;
  }
}

/** Applies what is missing of the migrations; `user_version` counts the ones that are in. */
function migrate(client: Database.Database, migrationsFolder: string): void {
  const migrations = readMigrationFiles({ migrationsFolder });
  const applied = () => Number(client.pragma('user_version', { simple: true }));
  if (applied() > migrations.length) {
    throw new StoreError('The database was written by a newer version of Coatcheck; start that version.');
  }
  if (applied() === migrations.length) return;
  const apply = client.transaction(() => {
    for (const migration of migrations.slice(applied())) {
      for (const statement of migration.sql) client.exec(statement);
    }
    client.pragma(`user_version = ${migrations.length}`);
  });
  apply.immediate();
}

/**
 * Two processes that turn a fresh file to WAL at once: one fails without waiting, the busy timeout does not cover it.
 */
function retryWhileBusy<T>(open: () => T): T {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  for (let attempt = 1; ; attempt++) {
    try {
      return open();
    } catch (error) {
      const busy = error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
      if (!busy || attempt === 50) throw error;
      Atomics.wait(sleeper, 0, 0, 20 + 2 * attempt);
    }
  }
}
