import { and, asc, desc, eq, gt, isNull, or, sql } from 'drizzle-orm';
import type { AccountStore } from '../contract/accounts.ts';
import { isGateOpen } from '../gate.ts';
import type { Actor, User } from '../records.ts';
import { audit } from './audit.ts';
import { endGrants } from './endings.ts';
import { oncePer } from './once_per.ts';
import type { Connection, Session } from './open.ts';
import { presentOf } from './present.ts';
import { attempts, grants, invitations, sessions, settings, users } from './schema.ts';

const hash = sql.placeholder('hash');
const present = presentOf(sql.placeholder('now'));
const windowOver = sql`${attempts.resetsAt} <= ${present}`;

const statements = oncePer((session: Session) => ({
  liveSession: session
    .select({ session: sessions, user: users })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.hash, hash), gt(sessions.expiresAt, present), eq(users.status, 'active')))
    .prepare('live_session'),
  attempt: session
    .insert(attempts)
    .values({
      key: sql.placeholder('key'),
      count: 1,
      resetsAt: sql`${present} + ${sql.placeholder('window')}::bigint`,
    })
    .onConflictDoUpdate({
      target: attempts.key,
      set: {
        count: sql`case when ${windowOver} then 1 else ${attempts.count} + 1 end`,
        resetsAt: sql`case when ${windowOver} then excluded.resets_at else ${attempts.resetsAt} end`,
      },
    })
    .returning({ made: attempts.count, remaining: sql`${attempts.resetsAt} - ${present}`.mapWith(Number) })
    .prepare('attempt'),
}));

export function postgresAccounts({ db, givenNow, write }: Connection): AccountStore {
  const usable = (invitationHash: string, now: number | null) =>
    and(
      eq(invitations.hash, invitationHash),
      isNull(invitations.usedAt),
      gt(invitations.expiresAt, presentOf(now)),
    );

  const insertUser = async (tx: Session, user: User, actor: Actor) => {
    const inserted = await tx.insert(users).values(user).onConflictDoNothing({ target: users.email });
    if (inserted.rowCount === 0) return { kind: 'email_taken' } as const;
    const { id, operator, createdAt: at } = user;
    await audit(tx, { at, actor, action: 'user.created', subject: id, userId: id, detail: { operator } });
    return { kind: 'created', user } as const;
  };

  return {
    async createUser({ operator = false, ...account }, via) {
      return write(async (tx, createdAt) => {
        const user: User = { ...account, operator, status: 'active', createdAt };
        if ('actor' in via) return insertUser(tx, user, via.actor);
        const [invitation] = await tx
          .select()
          .from(invitations)
          .where(
            and(
              usable(via.invitationHash, createdAt),
              or(isNull(invitations.email), eq(invitations.email, user.email)),
            ),
          )
          .for('update');
        if (!invitation) return { kind: 'invitation_invalid' };
        if (invitation.kind === 'setup') {
          // There is no first account to lock yet.
          await tx.execute(sql`lock table ${users} in share row exclusive mode`);
          if ((await tx.$count(users)) > 0) return { kind: 'invitation_invalid' };
        }
        const invited = { ...user, operator: invitation.kind === 'setup' };
        const result = await insertUser(tx, invited, { kind: 'user', id: user.id });
        if (result.kind === 'email_taken') return result;
        await tx
          .update(invitations)
          .set({ usedAt: createdAt })
          .where(eq(invitations.hash, via.invitationHash));
        return result;
      });
    },

    async findUserByEmail(email) {
      const [user] = await db.select().from(users).where(eq(users.email, email));
      return user ?? null;
    },

    async findUser(id) {
      const [user] = await db.select().from(users).where(eq(users.id, id));
      return user ?? null;
    },

    async countUsers() {
      return db.$count(users);
    },

    async listUsers() {
      return db.select().from(users).orderBy(asc(users.createdAt), asc(users.id));
    },

    async setUserStatus(id, status, actor) {
      return write(async (tx, at) => {
        const { rowCount } = await tx.update(users).set({ status }).where(eq(users.id, id));
        if (rowCount === 0) return false;
        const detail = { status };
        await audit(tx, { at, actor, action: 'user.status_changed', subject: id, userId: id, detail });
        return true;
      });
    },

    async changePassword(userId, passwordHash, actor) {
      await write(async (tx, at) => {
        // Locks the user, so that no grant is made meanwhile.
        await tx.update(users).set({ passwordHash }).where(eq(users.id, userId));
        await tx.delete(sessions).where(eq(sessions.userId, userId));
        await audit(tx, { at, actor, action: 'user.password_changed', subject: userId, userId });
        const granted = await tx
          .select({ id: grants.id })
          .from(grants)
          .where(and(eq(grants.userId, userId), isNull(grants.revokedAt)));
        const ids = granted.map(({ id }) => id);
        await endGrants(tx, ids, { at, actor, reason: 'password_changed' });
      });
    },

    async startSession(session, replaces) {
      await write(async (tx, at) => {
        if (replaces !== null) await tx.delete(sessions).where(eq(sessions.hash, replaces));
        await tx.insert(sessions).values({ ...session, createdAt: at });
        const { userId } = session;
        const actor = { kind: 'user', id: userId } as const;
        await audit(tx, { at, actor, action: 'session.started', subject: userId, userId });
      });
    },

    async findSession(sessionHash) {
      const [live] = await statements(db).liveSession.execute({ hash: sessionHash, now: givenNow() });
      return live ?? null;
    },

    async endSession(sessionHash) {
      await write(async (tx, at) => {
        const [ended] = await tx.delete(sessions).where(eq(sessions.hash, sessionHash)).returning();
        if (!ended) return;
        const { userId } = ended;
        const actor = { kind: 'user', id: userId } as const;
        await audit(tx, { at, actor, action: 'session.ended', subject: userId, userId });
      });
    },

    async endAllSessions(userId, actor) {
      await write(async (tx, at) => {
        const { rowCount } = await tx.delete(sessions).where(eq(sessions.userId, userId));
        const detail = { sessions: rowCount };
        await audit(tx, { at, actor, action: 'session.ended_all', subject: userId, userId, detail });
      });
    },

    async createInvitation(invitation, actor) {
      await write(async (tx, at) => {
        await tx.insert(invitations).values({ ...invitation, createdAt: at });
        const { hash: subject, createdBy: userId, kind, email } = invitation;
        await audit(tx, {
          at,
          actor,
          action: 'invitation.created',
          subject,
          userId,
          detail: { kind, email },
        });
      });
    },

    async findInvitation(invitationHash) {
      const [invitation] = await db.select().from(invitations).where(usable(invitationHash, givenNow()));
      return invitation ?? null;
    },

    async listInvitations() {
      return db.select().from(invitations).orderBy(desc(invitations.createdAt), asc(invitations.hash));
    },

    async deleteInvitation(subject, actor) {
      return write(async (tx, at) => {
        const [deleted] = await tx.delete(invitations).where(eq(invitations.hash, subject)).returning();
        if (!deleted) return false;
        await audit(tx, { at, actor, action: 'invitation.deleted', subject, userId: deleted.createdBy });
        return true;
      });
    },

    async isOpen(gate) {
      const [setting] = await db.select().from(settings).where(eq(settings.name, gate));
      return isGateOpen(gate, setting?.value);
    },

    async setOpen(gate, open, actor) {
      await write(async (tx, at) => {
        const value = open ? 'open' : 'closed';
        await tx
          .insert(settings)
          .values({ name: gate, value })
          .onConflictDoUpdate({ target: settings.name, set: { value } });
        const action = `settings.${gate}_changed` as const;
        await audit(tx, { at, actor, action, subject: gate, userId: null, detail: { open } });
      });
    },

    async countAttempt(key, limit, windowSeconds) {
      const [attempt] = await statements(db).attempt.execute({
        key,
        now: givenNow(),
        window: windowSeconds * 1000,
      });
      if (!attempt) throw new Error('an attempt that was not counted');
      if (attempt.made <= limit) return { allowed: true, retryAfter: 0 };
      return { allowed: false, retryAfter: Math.ceil(attempt.remaining / 1000) };
    },

    async clearAttempts(key) {
      await db.delete(attempts).where(eq(attempts.key, key));
    },
  };
}
