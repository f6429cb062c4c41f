import { sql } from 'drizzle-orm';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { newId } from '../../lib/ids.ts';
import { type AuditAction, actorName } from '../audit.ts';
import type { Actor, AuditEvent } from '../records.ts';
import { auditEvents } from './schema.ts';

/** Writes one event into the transaction that is open. `detail` must hold no secret. */
export type AuditWriter = (
  event: Pick<AuditEvent, 'at' | 'subject' | 'userId'> & {
    readonly actor: Actor;
    readonly action: AuditAction;
    readonly detail?: AuditEvent['detail'];
  },
) => void;

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
  return ({ actor, detail = {}, ...event }) => {
    insert.run({ ...event, id: newId('aud', event.at), actor: actorName(actor), detail });
  };
}
