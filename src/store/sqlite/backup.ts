import { chmodSync, copyFileSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { isNull, sql } from 'drizzle-orm';
import { systemClock } from '../../lib/clock.ts';
import { StoreError } from '../store_error.ts';
import { type DatabaseFile, databaseFile, withDraft } from './database_file.ts';
import { endings } from './endings.ts';
import { type Connection, openConnection } from './open.ts';
import {
  authorizationCodes,
  authorizationRequests,
  calls,
  deviceAuthorizations,
  families,
  instances,
  invitations,
  pushedRequests,
  sessions,
  signingKeys,
} from './schema.ts';

/** What was still good when a backup was made, and is not after restoring it. */
export interface Ended {
  readonly families: number;
  readonly sessions: number;
  readonly invitations: number;
}

/** A backup that has been brought up to date, with nothing in it that somebody could still present. */
export interface Backup extends DatabaseFile {
  readonly ended: Ended;
}

/**
 * Reads a backup of this or an older version, which stays as it is. What bearers could present has ended in what is read:
 * it may have been spent or revoked since.
 * @param scratch path beside which a copy lies meanwhile; its folder must be nobody else's to read
 * @throws StoreError when it is damaged, no backup, or of a newer version
 */
export async function readBackup<Result>(
  file: string,
  scratch: string,
  read: (backup: Backup) => Promise<Result>,
): Promise<Result> {
  if (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size) {
    throw new StoreError(
      `${file} is in use, part of it is in ${file}-wal. Restore what \`backup\` has made.`,
    );
  }
  return withDraft(scratch, async (draft) => {
    copyFileSync(file, draft);
    chmodSync(draft, 0o600);
    try {
      requireVersion(draft);
      const connection = openConnection(draft, systemClock);
      try {
        requireSoundness(connection);
        const ended = endBearerSecrets(connection);
        return await read({ ...databaseFile(connection), ended });
      } finally {
        connection.client.close();
      }
    } catch (error) {
      if (!isDamage(error)) throw error;
      throw new StoreError(`${file} is damaged, or no backup of Coatcheck: ${error.message}.`);
    }
  });
}

/** What is found in a file that is no backup or has suffered. */
class Damage extends Error {}

function isDamage(error: unknown): error is Error {
  return (
    error instanceof Damage ||
    // Text that should be JSON.
    error instanceof SyntaxError ||
    (error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB|ERROR)/.test(error.code))
  );
}

/** The migrations would make an empty store of any database that has none of them. */
function requireVersion(file: string): void {
  const client = new Database(file);
  try {
    if (client.pragma('user_version', { simple: true }) === 0) throw new Damage('it has no version');
    // They would run while we end what has to end.
    const program = client.prepare(`SELECT 1 FROM sqlite_schema WHERE type IN ('trigger', 'view')`).get();
    if (program) throw new Damage('it has triggers or views, which no backup has');
  } finally {
    client.close();
  }
}

function requireSoundness({ client }: Connection): void {
  const integrity = client.pragma('integrity_check', { simple: true });
  if (integrity !== 'ok') throw new Damage('its integrity check fails');
  const orphan = client.prepare('PRAGMA foreign_key_check').get();
  if (orphan) throw new Damage('rows refer to rows that are missing');
}

function endBearerSecrets(connection: Connection): Ended {
  const { db, write, audit } = connection;
  const end = endings(connection);
  const actor = { kind: 'command_line' } as const;
  return write((at) => {
    for (const table of [pushedRequests, authorizationRequests, deviceAuthorizations, authorizationCodes]) {
      db.delete(table).run();
    }
    const open = db.select({ id: families.id }).from(families).where(isNull(families.revokedAt)).all();
    for (const { id } of open) end.family(id, { at, actor, reason: 'restored' });
    // A key may have been withdrawn since because somebody else had it. The next start makes a new one.
    const withdrawn = db
      .update(signingKeys)
      .set({ withdrawnAt: at })
      .where(isNull(signingKeys.withdrawnAt))
      .returning({ kid: signingKeys.kid })
      .all();
    for (const { kid } of withdrawn) {
      audit({ at, actor, action: 'signing_key.withdrawn', subject: kid, userId: null });
    }
    // Nobody works on what is restored: the first server settles the calls that were under way as lost.
    db.delete(instances).run();
    db.run(
      sql`insert into ${instances} (id, lease_until)
        select distinct instance_id, 0 from ${calls} where state = 'pending'`,
    );
    const ended = {
      families: open.length,
      sessions: db.delete(sessions).run().changes,
      invitations: db.delete(invitations).where(isNull(invitations.usedAt)).run().changes,
    };
    audit({ at, actor, action: 'store.restored', subject: 'store', userId: null, detail: { ...ended } });
    return ended;
  });
}
