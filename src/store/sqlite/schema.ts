import { sql } from 'drizzle-orm';
import { blob, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import type { BudgetUnit, Hold } from '../budget.ts';
import type { Moderation } from '../moderation.ts';
import type {
  AuditEvent,
  CallOutcome,
  CallState,
  ClientStatus,
  ClientType,
  Credential,
  CredentialStatus,
  FamilyEnd,
  GrantEnd,
  JwkSet,
  NoticeKind,
  Payer,
  Period,
  ProviderAccess,
  SecretMethod,
  Usage,
  UserStatus,
} from '../records.ts';

const buffer = (name: string) => blob(name, { mode: 'buffer' });
const flag = (name: string) => integer(name, { mode: 'boolean' });

export const users = sqliteTable('users', {
  id: text().primaryKey(),
  email: text().notNull().unique(),
  passwordHash: text('password_hash').notNull(),
  operator: flag('operator').notNull(),
  status: text().$type<UserStatus>().notNull(),
  createdAt: integer('created_at').notNull(),
});

export const sessions = sqliteTable(
  'sessions',
  {
    hash: text().primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [index('sessions_user').on(table.userId), index('sessions_expiry').on(table.expiresAt)],
);

export const invitations = sqliteTable('invitations', {
  hash: text().primaryKey(),
  kind: text().$type<'setup' | 'invite'>().notNull(),
  email: text(),
  createdBy: text('created_by').references(() => users.id),
  createdAt: integer('created_at').notNull(),
  expiresAt: integer('expires_at').notNull(),
  usedAt: integer('used_at'),
});

export const settings = sqliteTable('settings', {
  name: text().primaryKey(),
  value: text().notNull(),
});

/** Failures and attempts per surface and subject, for limits that survive a restart. */
export const attempts = sqliteTable(
  'attempts',
  {
    key: text().primaryKey(),
    count: integer().notNull(),
    resetsAt: integer('resets_at').notNull(),
  },
  (table) => [index('attempts_reset').on(table.resetsAt)],
);

export const credentials = sqliteTable(
  'credentials',
  {
    id: text().primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    provider: text().notNull(),
    name: text().notNull(),
    version: integer().notNull(),
    fingerprint: text().notNull(),
    last4: text().notNull(),
    organization: text(),
    project: text(),
    resource: text(),
    sandbox: flag('sandbox').notNull(),
    status: text().$type<CredentialStatus>().notNull(),
    checkedAt: integer('checked_at'),
    exhaustedAt: integer('exhausted_at'),
    abilities: text({ mode: 'json' }).$type<Credential['abilities']>().notNull().default({}),
    expiresAt: integer('expires_at'),
    /** Refers to a session, which may be gone: then so is the key. */
    sessionHash: text('session_hash'),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    ciphertext: buffer('ciphertext').notNull(),
  },
  (table) => [
    index('credentials_user').on(table.userId),
    index('credentials_expiry').on(table.expiresAt).where(sql`${table.expiresAt} is not null`),
  ],
);

export const wraps = sqliteTable(
  'wraps',
  {
    credentialId: text('credential_id')
      .notNull()
      .references(() => credentials.id),
    holder: text().notNull(),
    masterKeyId: text('master_key_id').notNull(),
    wrapped: buffer('wrapped').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.credentialId, table.holder] }),
    index('wraps_holder').on(table.holder),
    index('wraps_master_key').on(table.masterKeyId),
  ],
);

export const clients = sqliteTable(
  'clients',
  {
    id: text().primaryKey(),
    ownerId: text('owner_id').references(() => users.id),
    name: text().notNull(),
    type: text().$type<ClientType>().notNull(),
    secretHash: text('secret_hash'),
    jwks: text({ mode: 'json' }).$type<JwkSet>(),
    secretMethod: text('secret_method').$type<SecretMethod>(),
    registrationTokenHash: text('registration_token_hash'),
    freshUntil: integer('fresh_until'),
    redirectUris: text('redirect_uris', { mode: 'json' }).$type<readonly string[]>().notNull(),
    scope: text().notNull(),
    requiresDpop: flag('requires_dpop').notNull().default(false),
    requiresPushedRequests: flag('requires_pushed_requests').notNull().default(false),
    paysWhenUsedUp: flag('pays_when_used_up').notNull().default(false),
    moderation: text().$type<Moderation>().notNull().default('off'),
    requiredModeration: text('required_moderation').$type<Moderation>().notNull().default('off'),
    verified: flag('verified').notNull(),
    verificationToken: text('verification_token'),
    verificationAskedAt: integer('verification_asked_at'),
    domainProvenAt: integer('domain_proven_at'),
    status: text().$type<ClientStatus>().notNull(),
    createdAt: integer('created_at').notNull(),
    /** Since its suspension was last lifted. */
    flagsCountedFrom: integer('flags_counted_from').notNull().default(0),
    /** Kept as a row, so that the record of its calls keeps a name. */
    deletedAt: integer('deleted_at'),
  },
  (table) => [index('clients_owner').on(table.ownerId)],
);

/** The pseudonym under which one client knows one user. */
export const subjects = sqliteTable(
  'subjects',
  {
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    clientId: text('client_id')
      .notNull()
      .references(() => clients.id),
    subject: text().notNull().unique(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.clientId] })],
);

export const grants = sqliteTable(
  'grants',
  {
    id: text().primaryKey(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    clientId: text('client_id')
      .notNull()
      .references(() => clients.id),
    test: flag('test').notNull(),
    scope: text().notNull(),
    authorizationDetails: text('authorization_details', { mode: 'json' })
      .$type<readonly ProviderAccess[]>()
      .notNull()
      .default([]),
    paidByApp: text('paid_by_app', { mode: 'json' }).$type<readonly string[]>().notNull().default([]),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    expiresAt: integer('expires_at'),
    revokedAt: integer('revoked_at'),
    revokedReason: text('revoked_reason').$type<GrantEnd>(),
  },
  (table) => [
    uniqueIndex('grants_live').on(table.userId, table.clientId, table.test).where(sql`revoked_at is null`),
    index('grants_client').on(table.clientId),
  ],
);

/** How close the calls of a grant are to its limits on their rate; a row for each provider that has such a limit. */
export const rates = sqliteTable(
  'rates',
  {
    grantId: text('grant_id')
      .notNull()
      .references(() => grants.id),
    provider: text().notNull(),
    /** When the next call would come if all came evenly (GCRA), in microseconds. */
    theoreticalArrivalAt: integer('theoretical_arrival_at').notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.grantId, table.provider] })],
);

/** Limits on what the calls of a user, a client or a credential may come to; those of a grant stand in its details. */
export const budgets = sqliteTable(
  'budgets',
  {
    holder: text().notNull(),
    unit: text().$type<BudgetUnit>().notNull(),
    period: text().$type<Period>().notNull(),
    limit: integer('limit_amount').notNull(),
    strict: flag('strict').notNull(),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.holder, table.unit, table.period] })],
);

/** How much of a budget has been used in one span of time; made when the first call needs it. */
export const counters = sqliteTable(
  'counters',
  {
    id: text().primaryKey(),
    endsAt: integer('ends_at'),
    spent: integer('spent').notNull(),
    reserved: integer('reserved').notNull(),
    /** The highest percentage that its user was told to have been reached. */
    noticed: integer().notNull().default(0),
  },
  (table) => [index('counters_end').on(table.endsAt)],
);

export const families = sqliteTable(
  'families',
  {
    id: text().primaryKey(),
    grantId: text('grant_id')
      .notNull()
      .references(() => grants.id),
    clientId: text('client_id').notNull(),
    scope: text().notNull(),
    dpopThumbprint: text('dpop_thumbprint'),
    seq: integer().notNull(),
    createdAt: integer('created_at').notNull(),
    revokedAt: integer('revoked_at'),
    revokedReason: text('revoked_reason').$type<FamilyEnd>(),
  },
  (table) => [index('families_grant').on(table.grantId)],
);

export const pushedRequests = sqliteTable(
  'pushed_requests',
  {
    hash: text().primaryKey(),
    clientId: text('client_id').notNull(),
    parameters: text().notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    requestId: text('request_id'),
  },
  (table) => [index('pushed_requests_expiry').on(table.expiresAt)],
);

export const authorizationRequests = sqliteTable(
  'authorization_requests',
  {
    id: text().primaryKey(),
    clientId: text('client_id').notNull(),
    redirectUri: text('redirect_uri'),
    state: text(),
    scope: text().notNull(),
    authorizationDetails: text('authorization_details', { mode: 'json' })
      .$type<readonly ProviderAccess[]>()
      .notNull()
      .default([]),
    codeChallenge: text('code_challenge'),
    dpopThumbprint: text('dpop_thumbprint'),
    userCode: text('user_code'),
    browserHash: text('browser_hash').notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    decision: text().$type<'approved' | 'denied'>(),
    decidedAt: integer('decided_at'),
    userId: text('user_id'),
    grantId: text('grant_id'),
    grantedScope: text('granted_scope'),
    codeIssuedAt: integer('code_issued_at'),
  },
  (table) => [index('authorization_requests_expiry').on(table.expiresAt)],
);

export const deviceAuthorizations = sqliteTable(
  'device_authorizations',
  {
    deviceCodeHash: text('device_code_hash').primaryKey(),
    userCodeHash: text('user_code_hash').notNull().unique(),
    clientId: text('client_id').notNull(),
    scope: text().notNull(),
    authorizationDetails: text('authorization_details', { mode: 'json' })
      .$type<readonly ProviderAccess[]>()
      .notNull()
      .default([]),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    interval: integer().notNull(),
    polledAt: integer('polled_at'),
    requestId: text('request_id'),
    redeemedAt: integer('redeemed_at'),
  },
  (table) => [index('device_authorizations_expiry').on(table.expiresAt)],
);

export const authorizationCodes = sqliteTable(
  'authorization_codes',
  {
    hash: text().primaryKey(),
    clientId: text('client_id').notNull(),
    grantId: text('grant_id').notNull(),
    redirectUri: text('redirect_uri').notNull(),
    codeChallenge: text('code_challenge').notNull(),
    dpopThumbprint: text('dpop_thumbprint'),
    scope: text().notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    failedAttempts: integer('failed_attempts').notNull(),
    usedAt: integer('used_at'),
    familyId: text('family_id'),
  },
  (table) => [index('authorization_codes_expiry').on(table.expiresAt)],
);

export const refreshTokens = sqliteTable(
  'refresh_tokens',
  {
    hash: text().primaryKey(),
    familyId: text('family_id')
      .notNull()
      .references(() => families.id),
    seq: integer().notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    usedAt: integer('used_at'),
    salt: buffer('salt'),
    successorHash: text('successor_hash'),
  },
  (table) => [
    uniqueIndex('refresh_tokens_family').on(table.familyId, table.seq),
    index('refresh_tokens_expiry').on(table.expiresAt),
    index('refresh_tokens_salt').on(table.usedAt).where(sql`salt is not null`),
  ],
);

/** Proofs of possession, and assertions of clients, that have been used (RFC 9449 §11.1, RFC 7523 §3). */
export const dpopProofs = sqliteTable(
  'dpop_proofs',
  {
    hash: text().primaryKey(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [index('dpop_proofs_expiry').on(table.expiresAt)],
);

export const signingKeys = sqliteTable('signing_keys', {
  kid: text().primaryKey(),
  algorithm: text().notNull(),
  publicJwk: text('public_jwk', { mode: 'json' }).$type<Readonly<Record<string, unknown>>>().notNull(),
  sealedPrivateJwk: buffer('sealed_private_jwk').notNull(),
  masterKeyId: text('master_key_id').notNull(),
  createdAt: integer('created_at').notNull(),
  retiredAt: integer('retired_at'),
  withdrawnAt: integer('withdrawn_at'),
});

/** The processes that admit calls. */
export const instances = sqliteTable('instances', {
  id: text().primaryKey(),
  leaseUntil: integer('lease_until').notNull(),
  /** Kept as a row for a while, so that one that was only slow learns of it. */
  declaredDeadAt: integer('declared_dead_at'),
});

export const calls = sqliteTable(
  'calls',
  {
    id: text().primaryKey(),
    userId: text('user_id').notNull(),
    clientId: text('client_id').notNull(),
    grantId: text('grant_id').notNull(),
    familyId: text('family_id').notNull(),
    credentialId: text('credential_id').notNull(),
    payer: text().$type<Payer>().notNull().default('user'),
    instanceId: text('instance_id').notNull(),
    provider: text().notNull(),
    route: text().notNull(),
    model: text(),
    state: text().$type<CallState>().notNull(),
    reservedNanoUsd: integer('reserved_nano_usd').notNull(),
    status: integer(),
    outcome: text().$type<CallOutcome>(),
    usage: text({ mode: 'json' }).$type<Usage>(),
    costNanoUsd: integer('cost_nano_usd'),
    countedNanoUsd: integer('counted_nano_usd'),
    /** What it holds of counters until it is settled; null for nothing. */
    holds: text({ mode: 'json' }).$type<readonly Hold[]>(),
    upstreamRequestId: text('upstream_request_id'),
    flags: text(),
    startedAt: integer('started_at').notNull(),
    endedAt: integer('ended_at'),
  },
  (table) => [
    // None by user: each index with another leaf per call costs admission more than everything else it does. A user's
    // calls are found through their grants.
    index('calls_grant').on(table.grantId, table.id),
    index('calls_client').on(table.clientId, table.id),
    index('calls_pending').on(table.instanceId).where(sql`state = 'pending'`),
    index('calls_flagged').on(table.clientId, table.startedAt).where(sql`flags <> 'unchecked'`),
  ],
);

/** What providers keep, each for the grant that had it made. */
export const providerObjects = sqliteTable(
  'provider_objects',
  {
    provider: text().notNull(),
    kind: text().notNull(),
    id: text().notNull(),
    grantId: text('grant_id')
      .notNull()
      .references(() => grants.id),
    credentialId: text('credential_id').notNull(),
    callId: text('call_id').notNull(),
    detail: text({ mode: 'json' }).$type<object>(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.provider, table.kind, table.id] })],
);

export const auditEvents = sqliteTable(
  'audit_events',
  {
    /** Orders events of the same millisecond. */
    seq: integer().primaryKey(),
    id: text().notNull().unique(),
    at: integer().notNull(),
    actor: text().notNull(),
    action: text().notNull(),
    subject: text().notNull(),
    userId: text('user_id'),
    detail: text({ mode: 'json' }).$type<AuditEvent['detail']>().notNull(),
  },
  (table) => [index('audit_events_user').on(table.userId, table.seq)],
);

/** What is sent to users by mail, kept for a while so that it is sent once, whichever process does. */
export const notices = sqliteTable(
  'notices',
  {
    kind: text().$type<NoticeKind>().notNull(),
    about: text().notNull(),
    userId: text('user_id')
      .notNull()
      .references(() => users.id),
    title: text().notNull(),
    text: text().notNull(),
    createdAt: integer('created_at').notNull(),
    attempts: integer().notNull(),
    /** Null when it has been sent, or given up. */
    dueAt: integer('due_at'),
  },
  (table) => [primaryKey({ columns: [table.kind, table.about] }), index('notices_due').on(table.dueAt)],
);
