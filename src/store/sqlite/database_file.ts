import { rmSync } from 'node:fs';
import { and, gt, isNull } from 'drizzle-orm';
import { union } from 'drizzle-orm/sqlite-core';
import { systemClock } from '../../lib/clock.ts';
import { draftOf, publish } from '../../lib/new_file.ts';
import type { EmptyTables, Tables } from '../tables.ts';
import { type Connection, openConnection } from './open.ts';
import { instances, signingKeys, wraps } from './schema.ts';
import { sqliteTables } from './tables.ts';

/** A database in one transaction. */
export interface DatabaseFile<AnyTables extends Tables = Tables> {
  readonly tables: AnyTables;
  /** Ids of the master keys without which something in it cannot be opened. */
  masterKeyIds(): readonly string[];
  /** Whether a server holds a lease on it. */
  isServed(): boolean;
}

/**
 * Reads a database within one transaction, after bringing its schema up to date.
 * @param others what other processes may do meanwhile
 * @throws StoreError when the file was written by a newer version
 */
export async function readDatabaseFile<Result>(
  file: string,
  others: 'write' | 'read',
  read: (database: DatabaseFile) => Promise<Result>,
): Promise<Result> {
  const connection = openConnection(file, systemClock);
  try {
    connection.client.exec(others === 'write' ? 'begin' : 'begin immediate');
    return await read(databaseFile(connection));
  } finally {
    // Nothing was written; this ends the transaction.
    connection.client.close();
  }
}

export function databaseFile(connection: Connection): DatabaseFile<EmptyTables> {
  const { db } = connection;
  return {
    tables: sqliteTables(connection),
    masterKeyIds() {
      const ofWraps = db.selectDistinct({ id: wraps.masterKeyId }).from(wraps);
      // A key that was withdrawn signs no more.
      const ofSigningKeys = db
        .selectDistinct({ id: signingKeys.masterKeyId })
        .from(signingKeys)
        .where(isNull(signingKeys.withdrawnAt));
      return union(ofWraps, ofSigningKeys)
        .all()
        .map(({ id }) => id);
    },
    isServed() {
      const isLiving = and(gt(instances.leaseUntil, systemClock()), isNull(instances.declaredDeadAt));
      return db.select().from(instances).where(isLiving).get() !== undefined;
    },
  };
}

/**
 * Makes a database file, mode 0600, and fills it. It is there whole or not at all, and needs no other file beside it.
 * @throws the system's own error, with code EEXIST when there is a file already
 */
export async function fillDatabaseFile<Result>(
  file: string,
  fill: (database: DatabaseFile<EmptyTables>) => Promise<Result>,
): Promise<Result> {
  return withDraft(file, async (draft) => {
    const connection = openConnection(draft, systemClock);
    const { client } = connection;
    try {
      client.pragma('journal_mode = DELETE');
      // Nobody else sees the draft, and publishing it waits for the disk.
      client.pragma('synchronous = OFF');
      client.exec('begin');
      const result = await fill(databaseFile(connection));
      client.exec('commit');
      client.close();
      publish(draft, file);
      return result;
    } finally {
      client.close();
    }
  });
}

/** Gives `work` the name of a database in the making, which is gone afterwards. */
export async function withDraft<Result>(
  file: string,
  work: (draft: string) => Promise<Result>,
): Promise<Result> {
  const draft = draftOf(file);
  try {
    return await work(draft);
  } finally {
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(`${draft}${suffix}`, { force: true });
  }
}
