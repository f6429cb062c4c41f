import { sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { type AuditEntry, auditEvent } from '../audit.ts';
import { auditEvents } from './schema.ts';

/** Writes one event into the transaction that is open. */
export type AuditWriter = (entry: AuditEntry) => void;

export function auditWriter(db: BetterSQLite3Database): AuditWriter {
  const insert = db
    .insert(auditEvents)
    .values({
      id: sql.placeholder('id'),
      at: sql.placeholder('at'),
      actor: sql.placeholder('actor'),
      action: sql.placeholder('action'),
      subject: sql.placeholder('subject'),
      userId: sql.placeholder('userId'),
      detail: sql.placeholder('detail'),
    })
    .prepare();
  return (entry) => {
    insert.run({ ...auditEvent(entry) });
  };
}
