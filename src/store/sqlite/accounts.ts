import { and, asc, count, desc, eq, gt, isNull, sql } from 'drizzle-orm';
import type { AccountStore } from '../contract/accounts.ts';
import { isGateOpen } from '../gate.ts';
import type { Actor, User } from '../records.ts';
import { endings } from './endings.ts';
import type { Connection } from './open.ts';
import { textParameter } from './parameters.ts';
import { attempts, grants, invitations, sessions, settings, users } from './schema.ts';

export function sqliteAccounts(connection: Connection): AccountStore {
  const { db, clock, write, audit } = connection;
  const end = endings(connection);
  const { placeholder } = sql;

  const byId = db
    .select()
    .from(users)
    .where(eq(users.id, placeholder('id')))
    .prepare();
  const byEmail = db
    .select()
    .from(users)
    .where(eq(users.email, placeholder('email')))
    .prepare();
  const liveSession = db
    .select({ session: sessions, user: users })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(
      and(
        eq(sessions.hash, textParameter('hash')),
        gt(sessions.expiresAt, placeholder('now')),
        eq(users.status, 'active'),
      ),
    )
    .prepare();
  const usableInvitation = db
    .select()
    .from(invitations)
    .where(
      and(
        eq(invitations.hash, placeholder('hash')),
        isNull(invitations.usedAt),
        gt(invitations.expiresAt, placeholder('now')),
      ),
    )
    .prepare();
  const windowOver = sql`${attempts.resetsAt} <= ${placeholder('now')}`;
  const attempt = db
    .insert(attempts)
    .values({ key: placeholder('key'), count: 1, resetsAt: placeholder('resetsAt') })
    .onConflictDoUpdate({
      target: attempts.key,
      set: {
        count: sql`case when ${windowOver} then 1 else ${attempts.count} + 1 end`,
        resetsAt: sql`case when ${windowOver} then excluded.resets_at else ${attempts.resetsAt} end`,
      },
    })
    .returning()
    .prepare();

  const userCount = () => db.select({ users: count() }).from(users).get()?.users ?? 0;

  const insertUser = (user: User, actor: Actor) => {
    db.insert(users).values(user).run();
    audit({
      at: user.createdAt,
      actor,
      action: 'user.created',
      subject: user.id,
      userId: user.id,
      detail: { operator: user.operator },
    });
    return { kind: 'created', user } as const;
  };

  return {
    async createUser({ operator = false, ...account }, via) {
      return write((createdAt) => {
        const user: User = { ...account, operator, status: 'active', createdAt };
        if ('actor' in via) {
          if (byEmail.get({ email: user.email })) return { kind: 'email_taken' };
          return insertUser(user, via.actor);
        }
        const invitation = usableInvitation.get({ hash: via.invitationHash, now: createdAt });
        if (!invitation || (invitation.email !== null && invitation.email !== user.email)) {
          return { kind: 'invitation_invalid' };
        }
        if (invitation.kind === 'setup' && userCount() > 0) return { kind: 'invitation_invalid' };
        if (byEmail.get({ email: user.email })) return { kind: 'email_taken' };
        const used = db
          .update(invitations)
          .set({ usedAt: createdAt })
          .where(and(eq(invitations.hash, via.invitationHash), isNull(invitations.usedAt)))
          .run();
        if (used.changes === 0) return { kind: 'invitation_invalid' };
        return insertUser({ ...user, operator: invitation.kind === 'setup' }, { kind: 'user', id: user.id });
      });
    },

    async findUserByEmail(email) {
      return byEmail.get({ email }) ?? null;
    },

    async findUser(id) {
      return byId.get({ id }) ?? null;
    },

    async countUsers() {
      return userCount();
    },

    async listUsers() {
      return db.select().from(users).orderBy(asc(users.createdAt), asc(users.id)).all();
    },

    async setUserStatus(id, status, actor) {
      return write((at) => {
        const { changes } = db.update(users).set({ status }).where(eq(users.id, id)).run();
        if (changes === 0) return false;
        audit({ at, actor, action: 'user.status_changed', subject: id, userId: id, detail: { status } });
        return true;
      });
    },

    async changePassword(userId, passwordHash, actor) {
      write((at) => {
        db.update(users).set({ passwordHash }).where(eq(users.id, userId)).run();
        db.delete(sessions).where(eq(sessions.userId, userId)).run();
        audit({ at, actor, action: 'user.password_changed', subject: userId, userId });
        for (const { id } of db
          .select({ id: grants.id })
          .from(grants)
          .where(and(eq(grants.userId, userId), isNull(grants.revokedAt)))
          .all()) {
          end.grant(id, { at, actor, reason: 'password_changed' });
        }
      });
    },

    async startSession(session, replaces) {
      write((createdAt) => {
        if (replaces !== null) db.delete(sessions).where(eq(sessions.hash, replaces)).run();
        db.insert(sessions)
          .values({ ...session, createdAt })
          .run();
        const { userId } = session;
        audit({
          at: createdAt,
          actor: { kind: 'user', id: userId },
          action: 'session.started',
          subject: userId,
          userId,
        });
      });
    },

    async findSession(hash) {
      return liveSession.get({ hash, now: clock() }) ?? null;
    },

    async endSession(hash) {
      write((at) => {
        const ended = db.delete(sessions).where(eq(sessions.hash, hash)).returning().get();
        if (!ended) return;
        const { userId } = ended;
        audit({
          at,
          actor: { kind: 'user', id: userId },
          action: 'session.ended',
          subject: userId,
          userId,
        });
      });
    },

    async endAllSessions(userId, actor) {
      write((at) => {
        const { changes } = db.delete(sessions).where(eq(sessions.userId, userId)).run();
        audit({
          at,
          actor,
          action: 'session.ended_all',
          subject: userId,
          userId,
          detail: { sessions: changes },
        });
      });
    },

    async createInvitation(invitation, actor) {
      write((createdAt) => {
        db.insert(invitations)
          .values({ ...invitation, createdAt })
          .run();
        audit({
          at: createdAt,
          actor,
          action: 'invitation.created',
          subject: invitation.hash,
          userId: invitation.createdBy,
          detail: { kind: invitation.kind, email: invitation.email },
        });
      });
    },

    async findInvitation(hash) {
      return usableInvitation.get({ hash, now: clock() }) ?? null;
    },

    async listInvitations() {
      return db.select().from(invitations).orderBy(desc(invitations.createdAt), asc(invitations.hash)).all();
    },

    async deleteInvitation(hash, actor) {
      return write((at) => {
        const deleted = db.delete(invitations).where(eq(invitations.hash, hash)).returning().get();
        if (!deleted) return false;
        const { createdBy } = deleted;
        audit({ at, actor, action: 'invitation.deleted', subject: hash, userId: createdBy });
        return true;
      });
    },

    async isOpen(gate) {
      const setting = db.select().from(settings).where(eq(settings.name, gate)).get();
      return isGateOpen(gate, setting?.value);
    },

    async setOpen(gate, open, actor) {
      write((at) => {
        const value = open ? 'open' : 'closed';
        db.insert(settings)
          .values({ name: gate, value })
          .onConflictDoUpdate({ target: settings.name, set: { value } })
          .run();
        const action = `settings.${gate}_changed` as const;
        audit({ at, actor, action, subject: gate, userId: null, detail: { open } });
      });
    },

    async countAttempt(key, limit, windowSeconds) {
      const now = clock();
      const { count: made, resetsAt } = attempt.get({ key, now, resetsAt: now + windowSeconds * 1000 });
      if (made <= limit) return { allowed: true, retryAfter: 0 };
      return { allowed: false, retryAfter: Math.ceil((resetsAt - now) / 1000) };
    },

    async clearAttempts(key) {
      db.delete(attempts).where(eq(attempts.key, key)).run();
    },
  };
}
