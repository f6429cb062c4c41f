import { randomBytes } from 'node:crypto';
import { and, eq, exists, gt, gte, inArray, isNotNull, isNull, not, or, sql } from 'drizzle-orm';
import { newId } from '../../lib/ids.ts';
import { allowedDetail } from '../audit.ts';
import type { GrantStore, GrantTerms } from '../contract/grants.ts';
import type { Grant, ProviderAccess } from '../records.ts';
import { unverifiedUserLimit } from '../trust.ts';
import { audit } from './audit.ts';
import { isUser, userCount } from './client_users.ts';
import { endFamily, endGrants } from './endings.ts';
import { startFamily } from './families.ts';
import { listGrantViews } from './grant_views.ts';
import { lockUser } from './lock_user.ts';
import type { Connection, Session } from './open.ts';
import { presentOf } from './present.ts';
import { authorizationRequests, clients, credentials, grants, rates, subjects, wraps } from './schema.ts';
import { endedFamilies, standings } from './standing.ts';
import { deleteWraps } from './wraps.ts';

/** The grant between a user and a client that was not revoked; there is at most one: the index `grants_live` sees to it. */
const unrevoked = ({ userId, clientId, test }: Pick<Grant, 'userId' | 'clientId' | 'test'>) =>
  and(
    eq(grants.userId, userId),
    eq(grants.clientId, clientId),
    eq(grants.test, test),
    isNull(grants.revokedAt),
  );

/** A request that this browser may decide now. */
const openRequest = (requestId: string, browserHash: string, now: number) =>
  and(
    eq(authorizationRequests.id, requestId),
    eq(authorizationRequests.browserHash, browserHash),
    isNull(authorizationRequests.decision),
    gt(authorizationRequests.expiresAt, now),
  );

const isStanding = (now: number) =>
  and(isNull(grants.revokedAt), or(isNull(grants.expiresAt), gt(grants.expiresAt, now)));

async function findGrant(session: Session, id: string): Promise<Grant | null> {
  const [grant] = await session.select().from(grants).where(eq(grants.id, id));
  return grant ?? null;
}

/**
 * The id under which these terms have to go, if it is not the one that they name, once the user is locked. From then on
 * nobody ends the grant found.
 */
async function otherId(tx: Session, terms: GrantTerms, now: number): Promise<string | null> {
  const [held] = await tx.select({ id: grants.id }).from(grants).where(unrevoked(terms)).for('no key update');
  if (held) return held.id === terms.id ? null : held.id;
  return (await findGrant(tx, terms.id)) ? newId('grt', now) : null;
}

/**
 * Whether nobody vouches for the client and it has as many users as it may have then, without this one. From then on
 * nobody else is approved for a client that is not verified.
 */
async function isFull(tx: Session, { userId, clientId, test }: GrantTerms, now: number): Promise<boolean> {
  if (test) return false;
  const unverified = and(eq(clients.id, clientId), not(clients.verified));
  const locked = await tx.select({ id: clients.id }).from(clients).where(unverified).for('no key update');
  if (locked.length === 0) return false;
  const full = and(unverified, not(isUser(userId, now)), gte(userCount(now), unverifiedUserLimit));
  return (await tx.select({ id: clients.id }).from(clients).where(full)).length > 0;
}

/** What counts so far stays: limits that are set anew give no fresh start. */
async function putRates(tx: Session, grantId: string, details: readonly ProviderAccess[]): Promise<void> {
  for (const { provider, rate } of details) {
    if (rate) await tx.insert(rates).values({ grantId, provider }).onConflictDoNothing();
  }
}

/** Makes the grant or puts these terms in the place of its old ones. */
async function putGrant(tx: Session, { wraps: wrapped, ...terms }: GrantTerms, now: number): Promise<Grant> {
  const { scope, authorizationDetails, paidByApp, expiresAt } = terms;
  const [grant] = await tx
    .insert(grants)
    .values({ ...terms, createdAt: now, updatedAt: now })
    .onConflictDoUpdate({
      target: grants.id,
      set: { scope, authorizationDetails, paidByApp, expiresAt, updatedAt: now },
    })
    .returning();
  if (!grant) throw new Error('a grant that was not written');
  await deleteWraps(tx, eq(wraps.holder, grant.id));
  // A credential that was deleted meanwhile, or is not this user's, leaves no wrap.
  const named = wrapped.map(({ credentialId }) => credentialId);
  const owned = await tx
    .select({ id: credentials.id })
    .from(credentials)
    .where(and(inArray(credentials.id, named), eq(credentials.userId, grant.userId)));
  const kept = wrapped.filter(({ credentialId }) => owned.some(({ id }) => id === credentialId));
  if (kept.length > 0) await tx.insert(wraps).values(kept);
  await putRates(tx, grant.id, authorizationDetails);
  return grant;
}

export function postgresGrants({ pool, db, givenNow, write }: Connection): GrantStore {
  return {
    async approve(requestId, browserHash, terms) {
      return write(async (tx, at) => {
        const { userId, clientId, scope } = terms;
        await lockUser(tx, userId);
        if (await isFull(tx, terms, at)) return { kind: 'too_many_users' };
        const other = await otherId(tx, terms, at);
        if (other) return { kind: 'other_grant', grantId: other };
        const decided = await tx
          .update(authorizationRequests)
          .set({ decision: 'approved', decidedAt: at, userId, grantId: terms.id, grantedScope: scope })
          .where(and(openRequest(requestId, browserHash, at), eq(authorizationRequests.clientId, clientId)));
        if (decided.rowCount === 0) return { kind: 'not_open' };
        await putGrant(tx, terms, at);
        await audit(tx, {
          at,
          actor: { kind: 'user', id: userId },
          action: 'grant.approved',
          subject: terms.id,
          userId,
          detail: allowedDetail(terms),
        });
        return { kind: 'approved' };
      });
    },

    async approveWithin(requestId, browserHash, { id: grantId, userId, updatedAt }) {
      return write(async (tx, at) => {
        const standing = tx
          .select({ id: grants.id })
          .from(grants)
          .innerJoin(clients, eq(clients.id, grants.clientId))
          .where(
            and(
              eq(grants.id, grantId),
              eq(grants.userId, userId),
              eq(grants.clientId, authorizationRequests.clientId),
              eq(grants.updatedAt, updatedAt),
              isStanding(at),
              clients.verified,
            ),
          );
        const { scope, clientId: client, redirectUri } = authorizationRequests;
        const [decided] = await tx
          .update(authorizationRequests)
          .set({ decision: 'approved', decidedAt: at, userId, grantId, grantedScope: sql`${scope}` })
          .where(and(openRequest(requestId, browserHash, at), isNotNull(redirectUri), exists(standing)))
          .returning({ client, scope });
        if (!decided) return false;
        const actor = { kind: 'client', id: decided.client } as const;
        await audit(tx, {
          at,
          actor,
          action: 'grant.approved_silently',
          subject: grantId,
          userId,
          detail: decided,
        });
        return true;
      });
    },

    async deny(requestId, browserHash, userId) {
      return write(async (tx, at) => {
        const [denied] = await tx
          .update(authorizationRequests)
          .set({ decision: 'denied', decidedAt: at, userId })
          .where(openRequest(requestId, browserHash, at))
          .returning({ client: authorizationRequests.clientId });
        if (!denied) return false;
        const actor = { kind: 'user', id: userId } as const;
        await audit(tx, { at, actor, action: 'grant.denied', subject: requestId, userId, detail: denied });
        return true;
      });
    },

    async createGrant(terms, family, actor) {
      return write(async (tx, at) => {
        await lockUser(tx, terms.userId);
        const other = await otherId(tx, terms, at);
        if (other) return { kind: 'other_grant', grantId: other };
        const { id: grantId, userId, clientId } = terms;
        const grant = await putGrant(tx, terms, at);
        await audit(tx, {
          at,
          actor,
          action: 'grant.created',
          subject: grantId,
          userId,
          detail: allowedDetail(terms),
        });
        const started = await startFamily(tx, family, { grantId, clientId, userId }, { at, actor });
        return { kind: 'created', grant, family: started };
      });
    },

    async changeLimits(id, userId, authorizationDetails, actor) {
      return write(async (tx, at) => {
        const { rowCount } = await tx
          .update(grants)
          .set({ authorizationDetails, updatedAt: at })
          .where(and(eq(grants.id, id), eq(grants.userId, userId), isStanding(at)));
        if (rowCount === 0) return false;
        await putRates(tx, id, authorizationDetails);
        const detail = { limits: JSON.stringify(authorizationDetails) };
        await audit(tx, { at, actor, action: 'grant.limits_changed', subject: id, userId, detail });
        return true;
      });
    },

    async findGrant(id) {
      return findGrant(db, id);
    },

    async findLiveGrant(userId, clientId, test) {
      const [found] = await db
        .select({ grant: grants, now: presentOf(givenNow()) })
        .from(grants)
        .where(unrevoked({ userId, clientId, test }));
      return found && (found.grant.expiresAt === null || found.grant.expiresAt > found.now)
        ? found.grant
        : null;
    },

    async listGrants(filter) {
      return listGrantViews(db, filter);
    },

    async revokeGrant(id, reason, actor) {
      return write(async (tx, at) => {
        const ended = await endGrants(tx, [id], { at, actor, reason });
        const grant = await findGrant(tx, id);
        return typeof grant?.revokedAt === 'number'
          ? { revokedAt: grant.revokedAt, already: ended.length === 0 }
          : null;
      });
    },

    async revokeFamily(id, reason, actor) {
      await write((tx, at) => endFamily(tx, id, { at, actor, reason }));
    },

    async subjectFor(userId, clientId) {
      const known = async () => {
        const [row] = await db
          .select({ subject: subjects.subject })
          .from(subjects)
          .where(and(eq(subjects.userId, userId), eq(subjects.clientId, clientId)));
        return row?.subject;
      };
      const before = await known();
      if (before) return before;
      const subject = randomBytes(16).toString('base64url');
      await db.insert(subjects).values({ userId, clientId, subject }).onConflictDoNothing();
      return (await known()) ?? subject;
    },

    async findStanding(familyId) {
      const [standing] = await standings(db).ofFamily.execute({ id: familyId, now: givenNow() });
      return standing ?? null;
    },

    async findEnded(familyIds) {
      const { rows } = await pool.query<{ id: string }>(endedFamilies, [familyIds, givenNow()]);
      return rows.map(({ id }) => id);
    },
  };
}
