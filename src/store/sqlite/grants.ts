import { randomBytes } from 'node:crypto';
import { and, eq, exists, gt, gte, isNotNull, isNull, not, or, sql } from 'drizzle-orm';
import { newId } from '../../lib/ids.ts';
import { allowedDetail } from '../audit.ts';
import type { GrantStore, GrantTerms } from '../contract/grants.ts';
import type { Grant, ProviderAccess } from '../records.ts';
import { unverifiedUserLimit } from '../trust.ts';
import { isUser, userCount } from './client_users.ts';
import { endings } from './endings.ts';
import { familyStarter } from './families.ts';
import { listGrantViews } from './grant_views.ts';
import type { Connection } from './open.ts';
import { authorizationRequests, clients, credentials, grants, rates, subjects, wraps } from './schema.ts';
import { standingReader } from './standing.ts';

export function sqliteGrants(connection: Connection): GrantStore {
  const { db, clock, write, audit } = connection;
  const { placeholder } = sql;
  const end = endings(connection);
  const startFamily = familyStarter(connection);
  const standing = standingReader(connection);

  const byId = db
    .select()
    .from(grants)
    .where(eq(grants.id, placeholder('id')))
    .prepare();
  /** There is at most one: the index `grants_live` sees to it. */
  const unrevoked = db
    .select()
    .from(grants)
    .where(
      and(
        eq(grants.userId, placeholder('userId')),
        eq(grants.clientId, placeholder('clientId')),
        eq(grants.test, placeholder('test')),
        isNull(grants.revokedAt),
      ),
    )
    .prepare();
  const subject = db
    .select({ subject: subjects.subject })
    .from(subjects)
    .where(and(eq(subjects.userId, placeholder('userId')), eq(subjects.clientId, placeholder('clientId'))))
    .prepare();
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

  const findUnrevoked = (userId: string, clientId: string, test: boolean): Grant | undefined =>
    unrevoked.get({ userId, clientId, test: Number(test) });

  /** The id under which these terms have to go, if it is not the one that they name. */
  const otherId = ({ id, userId, clientId, test }: GrantTerms, now: number): string | null => {
    const held = findUnrevoked(userId, clientId, test);
    if (held) return held.id === id ? null : held.id;
    return byId.get({ id }) ? newId('grt', now) : null;
  };

  /** Whether nobody vouches for the client and it has as many users as it may have then, without this one. */
  const isFull = ({ userId, clientId, test }: GrantTerms, now: number): boolean => {
    if (test) return false;
    const full = and(
      eq(clients.id, clientId),
      not(clients.verified),
      not(isUser(userId, now)),
      gte(userCount(now), unverifiedUserLimit),
    );
    return db.select({ id: clients.id }).from(clients).where(full).get() !== undefined;
  };

  /** What counts so far stays: limits that are set anew give no fresh start. */
  const putRates = (grantId: string, details: readonly ProviderAccess[]): void => {
    for (const { provider, rate } of details) {
      if (rate) db.insert(rates).values({ grantId, provider }).onConflictDoNothing().run();
    }
  };

  /** Makes the grant or puts these terms in the place of its old ones. */
  const putGrant = ({ wraps: wrapped, ...terms }: GrantTerms, now: number): Grant => {
    const { scope, authorizationDetails, paidByApp, expiresAt } = terms;
    const grant = db
      .insert(grants)
      .values({ ...terms, createdAt: now, updatedAt: now })
      .onConflictDoUpdate({
        target: grants.id,
        set: { scope, authorizationDetails, paidByApp, expiresAt, updatedAt: now },
      })
      .returning()
      .get();
    db.delete(wraps).where(eq(wraps.holder, grant.id)).run();
    for (const wrap of wrapped) {
      // A credential that was deleted meanwhile, or is not this user's, leaves no wrap.
      const owned = and(eq(credentials.id, wrap.credentialId), eq(credentials.userId, grant.userId));
      if (db.select({ id: credentials.id }).from(credentials).where(owned).get()) {
        db.insert(wraps).values(wrap).run();
      }
    }
    putRates(grant.id, authorizationDetails);
    return grant;
  };

  return {
    async approve(requestId, browserHash, terms) {
      return write((at) => {
        const { userId, clientId, scope } = terms;
        const other = otherId(terms, at);
        if (other) return { kind: 'other_grant', grantId: other };
        if (isFull(terms, at)) return { kind: 'too_many_users' };
        const decided = db
          .update(authorizationRequests)
          .set({ decision: 'approved', decidedAt: at, userId, grantId: terms.id, grantedScope: scope })
          .where(and(openRequest(requestId, browserHash, at), eq(authorizationRequests.clientId, clientId)))
          .run();
        if (decided.changes === 0) return { kind: 'not_open' };
        putGrant(terms, at);
        audit({
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
      return write((at) => {
        const standing = db
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
        const decided = db
          .update(authorizationRequests)
          .set({ decision: 'approved', decidedAt: at, userId, grantId, grantedScope: sql`${scope}` })
          .where(and(openRequest(requestId, browserHash, at), isNotNull(redirectUri), exists(standing)))
          .returning({ client, scope })
          .get();
        if (!decided) return false;
        const actor = { kind: 'client', id: decided.client } as const;
        audit({ at, actor, action: 'grant.approved_silently', subject: grantId, userId, detail: decided });
        return true;
      });
    },

    async deny(requestId, browserHash, userId) {
      return write((at) => {
        const denied = db
          .update(authorizationRequests)
          .set({ decision: 'denied', decidedAt: at, userId })
          .where(openRequest(requestId, browserHash, at))
          .returning({ client: authorizationRequests.clientId })
          .get();
        if (!denied) return false;
        const actor = { kind: 'user', id: userId } as const;
        audit({ at, actor, action: 'grant.denied', subject: requestId, userId, detail: denied });
        return true;
      });
    },

    async createGrant(terms, family, actor) {
      return write((at) => {
        const other = otherId(terms, at);
        if (other) return { kind: 'other_grant', grantId: other };
        const { id: grantId, userId, clientId } = terms;
        const grant = putGrant(terms, at);
        audit({
          at,
          actor,
          action: 'grant.created',
          subject: grantId,
          userId,
          detail: allowedDetail(terms),
        });
        const started = startFamily(family, { grantId, clientId, userId }, { at, actor });
        return { kind: 'created', grant, family: started };
      });
    },

    async changeLimits(id, userId, authorizationDetails, actor) {
      return write((at) => {
        const { changes } = db
          .update(grants)
          .set({ authorizationDetails, updatedAt: at })
          .where(and(eq(grants.id, id), eq(grants.userId, userId), isStanding(at)))
          .run();
        if (changes === 0) return false;
        putRates(id, authorizationDetails);
        const detail = { limits: JSON.stringify(authorizationDetails) };
        audit({ at, actor, action: 'grant.limits_changed', subject: id, userId, detail });
        return true;
      });
    },

    async findGrant(id) {
      return byId.get({ id }) ?? null;
    },

    async findLiveGrant(userId, clientId, test) {
      const grant = findUnrevoked(userId, clientId, test);
      return grant && (grant.expiresAt === null || grant.expiresAt > clock()) ? grant : null;
    },

    async listGrants(filter) {
      return listGrantViews(db, filter);
    },

    async revokeGrant(id, reason, actor) {
      return write((at) => {
        const already = !end.grant(id, { at, actor, reason });
        const revokedAt = byId.get({ id })?.revokedAt;
        return typeof revokedAt === 'number' ? { revokedAt, already } : null;
      });
    },

    async revokeFamily(id, reason, actor) {
      write((at) => end.family(id, { at, actor, reason }));
    },

    async subjectFor(userId, clientId) {
      const known = subject.get({ userId, clientId });
      if (known) return known.subject;
      const pseudonym = randomBytes(16).toString('base64url');
      db.insert(subjects).values({ userId, clientId, subject: pseudonym }).onConflictDoNothing().run();
      return subject.get({ userId, clientId })?.subject ?? pseudonym;
    },

    async findStanding(familyId) {
      return standing.ofFamily(familyId, clock());
    },

    async findEnded(familyIds) {
      return standing.ended(familyIds, clock());
    },
  };
}
