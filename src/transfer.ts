import { createHash } from 'node:crypto';
import { accessSync, constants, createReadStream, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Config, databaseFile } from './config.ts';
import { fillPostgres, readPostgres } from './store/postgres/tables.ts';
import { type Ended, readBackup } from './store/sqlite/backup.ts';
import { fillDatabaseFile, readDatabaseFile } from './store/sqlite/database_file.ts';
import { StoreError } from './store/store_error.ts';
import { copyTables, type EmptyTables, type RowCounts, type Tables } from './store/tables.ts';
import { type Keyring, KeyringError, openKeyring } from './vault/keyring.ts';

/** A whole store in one SQLite file, without the master keys. */
export interface BackupSummary {
  readonly bytes: number;
  /** Of the file. */
  readonly sha256: string;
  readonly tables: RowCounts;
  /** The master keys without which the provider keys in it are lost. */
  readonly masterKeyIds: readonly string[];
}

export interface RestoreSummary {
  readonly tables: RowCounts;
  readonly ended: Ended;
}

/**
 * Writes the configured store, as it is at one moment, into one new file, while servers go on.
 * @throws StoreError when there is no store, something at the path already, or no folder to write it in
 */
export async function backUp({ databaseUrl, dataDir }: Config, path: string): Promise<BackupSummary> {
  requireRoomFor(path);
  const file = databaseFile(dataDir);
  if (!databaseUrl) requireDatabase(file);
  const read = <Result>(work: (from: Tables) => Promise<Result>) =>
    databaseUrl
      ? readPostgres(databaseUrl, work)
      : readDatabaseFile(file, 'write', ({ tables }) => work(tables));
  const written = await fillDatabaseFile(path, async ({ tables, masterKeyIds }) => ({
    tables: await copyTables(read, tables),
    masterKeyIds: masterKeyIds(),
  }));
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return { bytes: statSync(path).size, sha256: hash.digest('hex'), ...written };
}

/**
 * Puts a backup into the configured store, which must be empty, and ends what bearers could still present.
 * @throws StoreError when the store is not empty or the backup will not do, KeyringError when a master key is missing
 */
export async function restore(config: Config, path: string): Promise<RestoreSummary> {
  const { databaseUrl, dataDir, masterKey } = config;
  if (!existsSync(path)) throw new StoreError(`There is no file ${path}.`);
  const keyring = openKeyring(masterKey);
  const file = databaseFile(dataDir);
  if (!databaseUrl) requireNone(file);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  return readBackup(path, file, async (backup) => {
    requireMasterKeys(keyring, backup.masterKeyIds());
    const fill = (to: EmptyTables) => copyTables((work) => work(backup.tables), to);
    const tables = databaseUrl
      ? await fillPostgres(databaseUrl, fill)
      : await fillDatabaseFile(file, (database) => fill(database.tables));
    return { tables, ended: backup.ended };
  });
}

/**
 * Copies everything from SQLite in the data folder to PostgreSQL. Nobody writes to either meanwhile.
 * @throws StoreError when there is nothing to copy or nowhere to, a server runs on the source, or the target is in use;
 * KeyringError when a master key is missing
 */
export async function copyToPostgres({ databaseUrl, dataDir, masterKey }: Config): Promise<RowCounts> {
  if (!databaseUrl) {
    throw new StoreError('COATCHECK_DATABASE_URL is not set: it has to name the database to copy to.');
  }
  const keyring = openKeyring(masterKey);
  const file = databaseFile(dataDir);
  requireDatabase(file);
  return readDatabaseFile(file, 'read', async (source) => {
    if (source.isServed()) {
      throw new StoreError(
        `A server is running on ${file}. Stop it first; after a crash, wait for half a minute.`,
      );
    }
    requireMasterKeys(keyring, source.masterKeyIds());
    return fillPostgres(databaseUrl, (to) => copyTables((work) => work(source.tables), to));
  });
}

function requireRoomFor(path: string): void {
  if (existsSync(path)) throw new StoreError(`${path} exists already and is left as it is.`);
  try {
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw new StoreError(`${path} cannot be written. Name a folder that is there and yours.`, {
      cause: error,
    });
  }
}

function requireDatabase(file: string): void {
  if (!existsSync(file)) throw new StoreError(`There is no store at ${file}. Check COATCHECK_DATA_DIR.`);
}

function requireNone(file: string): void {
  const left = [file, `${file}-wal`].find((name) => existsSync(name));
  if (left) {
    throw new StoreError(
      `${left} is there. Move the old store away first: ${file}, with its -wal and -shm if it has them.`,
    );
  }
}

function requireMasterKeys(keyring: Keyring, ids: readonly string[]): void {
  const missing = ids.filter((id) => !keyring.find(id));
  if (missing.length > 0) {
    throw new KeyringError(
      `The keyring lacks the master key ${missing.join(', ')}, without which deposited keys cannot be opened. Add it first.`,
    );
  }
}
