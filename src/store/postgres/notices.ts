import { and, eq, lte, sql } from 'drizzle-orm';
import type { DueNotice, NoticeStore } from '../contract/notices.ts';
import { memory } from '../memory.ts';
import { firstPause, mostAttempts } from '../notices.ts';
import type { Connection } from './open.ts';
import { presentOf } from './present.ts';
import { notices, users } from './schema.ts';

export function postgresNotices({ db, givenNow }: Connection): NoticeStore {
  return {
    async addNotice(userId, { kind, about, title, text }) {
      const now = presentOf(givenNow());
      const fresh = { userId, title, text, createdAt: now, attempts: 0, dueAt: now };
      const { rowCount } = await db
        .insert(notices)
        .values({ kind, about, ...fresh })
        .onConflictDoUpdate({
          target: [notices.kind, notices.about],
          set: fresh,
          setWhere: lte(notices.createdAt, sql`${now} - ${memory.notice}::bigint`),
        });
      return rowCount === 1;
    },

    async takeNotices(limit) {
      const now = presentOf(givenNow());
      const { rows } = await db.execute<DueNotice & Record<string, unknown>>(sql`
        with due as (
          select ${notices.kind}, ${notices.about}, ${users.email} from ${notices}
          join ${users} on ${users.id} = ${notices.userId}
          where ${notices.dueAt} <= ${now} and ${users.status} = 'active'
          order by ${notices.dueAt} limit ${limit}
          for no key update of ${notices} skip locked
        )
        update ${notices} set
          attempts = ${notices.attempts} + 1,
          due_at = case when ${notices.attempts} + 1 < ${mostAttempts}
            then ${now} + ${firstPause} * (${notices.attempts} + 1) * (${notices.attempts} + 1) end
        from due where ${notices.kind} = due.kind and ${notices.about} = due.about
        returning ${notices.kind}, ${notices.about}, ${notices.title}, ${notices.text}, due.email`);
      return rows;
    },

    async noticeSent({ kind, about }) {
      await db
        .update(notices)
        .set({ dueAt: null })
        .where(and(eq(notices.kind, kind), eq(notices.about, about)));
    },
  };
}
