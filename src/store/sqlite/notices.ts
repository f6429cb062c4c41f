import { and, asc, eq, lte } from 'drizzle-orm';
import type { NoticeStore } from '../contract/notices.ts';
import { memory } from '../memory.ts';
import { firstPause, mostAttempts } from '../notices.ts';
import type { Connection } from './open.ts';
import { notices, users } from './schema.ts';

export function sqliteNotices({ db, clock, write }: Connection): NoticeStore {
  return {
    async addNotice(userId, { kind, about, title, text }) {
      const now = clock();
      const fresh = { userId, title, text, createdAt: now, attempts: 0, dueAt: now };
      const { changes } = db
        .insert(notices)
        .values({ kind, about, ...fresh })
        .onConflictDoUpdate({
          target: [notices.kind, notices.about],
          set: fresh,
          setWhere: lte(notices.createdAt, now - memory.notice),
        })
        .run();
      return changes === 1;
    },

    async takeNotices(limit) {
      return write((now) => {
        const due = db
          .select({ notice: notices, email: users.email })
          .from(notices)
          .innerJoin(users, eq(users.id, notices.userId))
          .where(and(lte(notices.dueAt, now), eq(users.status, 'active')))
          .orderBy(asc(notices.dueAt))
          .limit(limit)
          .all();
        for (const { notice } of due) {
          const attempts = notice.attempts + 1;
          const dueAt = attempts < mostAttempts ? now + firstPause * attempts ** 2 : null;
          db.update(notices)
            .set({ attempts, dueAt })
            .where(and(eq(notices.kind, notice.kind), eq(notices.about, notice.about)))
            .run();
        }
        return due.map(({ notice: { kind, about, title, text }, email }) => ({
          kind,
          about,
          title,
          text,
          email,
        }));
      });
    },

    async noticeSent({ kind, about }) {
      db.update(notices)
        .set({ dueAt: null })
        .where(and(eq(notices.kind, kind), eq(notices.about, about)))
        .run();
    },
  };
}
