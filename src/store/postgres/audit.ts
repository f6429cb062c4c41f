import { sql } from 'drizzle-orm';
import { type AuditEntry, auditEvent } from '../audit.ts';
import { endingIn } from '../ending_signal.ts';
import { notifyOf } from './ending_signal.ts';
import { endingsOf, type Session } from './open.ts';
import { auditEvents } from './schema.ts';

/** Writes events into the transaction that is open, in their order, and tells the instances of what ends with it. */
export async function audit(tx: Session, ...entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const events = entries.map(auditEvent);
  const every = <Key extends keyof (typeof events)[number]>(key: Key) =>
    sql.param(events.map((event) => event[key]));
  const details = sql.param(events.map(({ detail }) => JSON.stringify(detail)));
  await tx.execute(sql`
    insert into ${auditEvents} (id, at, actor, action, subject, user_id, detail)
    select id, at, actor, action, subject, user_id, detail::json
    from unnest(
      ${every('id')}::text[], ${every('at')}::bigint[], ${every('actor')}::text[], ${every('action')}::text[],
      ${every('subject')}::text[], ${every('userId')}::text[], ${details}::text[]
    ) as event (id, at, actor, action, subject, user_id, detail)`);
  const endings = entries.flatMap((entry) => endingIn(entry) ?? []);
  endingsOf(tx).push(...endings);
  await notifyOf(tx, endings);
}
