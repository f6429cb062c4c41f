import { newId } from '../../src/lib/ids.ts';
import type { AdmissionRequest } from '../../src/store/admission.ts';
import type { NewCredential } from '../../src/store/contract/credentials.ts';
import type { GrantTerms, NewFamily } from '../../src/store/contract/grants.ts';
import type { Settlement } from '../../src/store/contract/ledger.ts';
import type { NewSigningKey } from '../../src/store/contract/signing_keys.ts';
import type {
  Actor,
  Client,
  Credential,
  Family,
  Grant,
  ProviderAccess,
  User,
  Wrap,
} from '../../src/store/records.ts';
import type { CallCost } from '../../src/store/reservation.ts';
import type { Store } from '../../src/store/store.ts';

/** What a contract runs on: one database, opened twice by this process and openable by others. */
export interface Arena {
  /** Two stores on the same database. */
  readonly stores: readonly [Store, Store];
  /** The clock of both; `now` may be moved. */
  readonly clock: { now: number };
  /** What `opener` needs to open the same database in another process, on that process's own clock. */
  readonly location: string;
  /** Path of a module that exports `open(location): Promise<Store>`. */
  readonly opener: string;
  /** Closes both stores and removes the database. */
  close(): Promise<void>;
}

export type OpenArena = () => Promise<Arena>;

export const second = 1000;
export const minute = 60 * second;
export const day = 24 * 60 * minute;

/** A limit of every kind. */
export const limitedAccess: ProviderAccess = {
  type: 'provider_access',
  provider: 'openai',
  models: ['gpt-*'],
  budgets: [{ limit_usd: '5.00', period: 'month' }],
  rate: { requests_per_minute: 60 },
  max_output_tokens: 1000,
};

export const operator: Actor = { kind: 'command_line' };

let names = 0;

/** A value that no other call returned, for hashes and addresses. */
export function unique(name: string): string {
  names += 1;
  return `${name}-${process.pid}-${names}`;
}

export function asUser({ id }: User): Actor {
  return { kind: 'user', id };
}

export async function createUser(store: Store, change: { readonly email?: string } = {}): Promise<User> {
  const created = await store.accounts.createUser(
    { id: newId('usr'), email: `${unique('somebody')}@example.com`, passwordHash: 'hash', ...change },
    { actor: operator },
  );
  if (created.kind !== 'created') throw new Error(created.kind);
  return created.user;
}

export async function createClient(
  store: Store,
  owner: User,
  change: Partial<Pick<Client, 'name' | 'type' | 'secretHash' | 'jwks'>> = {},
): Promise<Client> {
  const client = {
    id: newId('cli'),
    ownerId: owner.id,
    name: 'An app',
    type: 'web',
    secretHash: 'secret-hash',
    jwks: null,
    redirectUris: ['https://app.example.com/callback'],
    scope: 'chat embeddings',
    ...change,
  } as const;
  return store.clients.createClient(client, asUser(owner));
}

export function wrapFor(credentialId: string, holder: string): Wrap {
  return { credentialId, holder, masterKeyId: 'master-1', wrapped: Buffer.from(unique(`wrap-${holder}`)) };
}

export async function depositKey(
  store: Store,
  owner: User,
  change: Partial<Omit<NewCredential, 'id' | 'userId' | 'ciphertext'>> = {},
): Promise<Credential> {
  const id = newId('key');
  const credential = {
    id,
    userId: owner.id,
    provider: 'openai',
    name: 'A key',
    fingerprint: unique('fingerprint'),
    last4: 'abcd',
    organization: null,
    project: null,
    resource: null,
    sandbox: false,
    status: 'verified',
    checkedAt: null,
    expiresAt: null,
    sessionHash: null,
    ...change,
  } as const;
  const ciphertext = Buffer.from(unique('ciphertext'));
  await store.credentials.insertCredential(
    { ...credential, ciphertext },
    wrapFor(id, 'owner'),
    asUser(owner),
  );
  return found(await store.credentials.findCredential(id));
}

/** A user with a key and an app that wants to use it. */
export interface Party {
  readonly user: User;
  readonly client: Client;
  readonly credential: Credential;
}

export async function createParty(store: Store): Promise<Party> {
  const user = await createUser(store);
  const client = await createClient(store, await createUser(store));
  return { user, client, credential: await depositKey(store, user) };
}

export function termsFor({ user, client, credential }: Party, change: Partial<GrantTerms> = {}): GrantTerms {
  const id = change.id ?? newId('grt');
  return {
    id,
    userId: user.id,
    clientId: client.id,
    test: false,
    scope: 'chat embeddings',
    authorizationDetails: [],
    paidByApp: [],
    expiresAt: null,
    wraps: [wrapFor(credential.id, id)],
    ...change,
  };
}

export function newFamily(now: number, change: Partial<NewFamily> = {}): NewFamily {
  return {
    id: newId('fam'),
    scope: 'chat embeddings',
    dpopThumbprint: null,
    refreshTokenHash: unique('refresh'),
    refreshTokenExpiresAt: now + day,
    ...change,
  };
}

export interface Granted extends Party {
  readonly grant: Grant;
  readonly family: Family;
  readonly refreshTokenHash: string;
}

export async function createGrant(
  { stores: [store], clock }: Arena,
  change: {
    readonly party?: Party;
    readonly terms?: Partial<GrantTerms>;
    readonly family?: Partial<NewFamily>;
  } = {},
): Promise<Granted> {
  const party = change.party ?? (await createParty(store));
  const family = newFamily(clock.now, change.family);
  const created = await store.grants.createGrant(termsFor(party, change.terms), family, operator);
  if (created.kind !== 'created') throw new Error(created.kind);
  const { refreshTokenHash } = family;
  return { ...party, grant: created.grant, family: created.family, refreshTokenHash };
}

/** A request at the authorization endpoint that nobody has decided yet. */
export async function openRequest({ stores: [store], clock }: Arena, { client }: Party) {
  const request = {
    id: newId('arq'),
    clientId: client.id,
    redirectUri: 'https://app.example.com/callback',
    state: 'state',
    scope: 'chat embeddings',
    authorizationDetails: [limitedAccess],
    codeChallenge: 'challenge',
    dpopThumbprint: null,
    browserHash: unique('browser'),
    expiresAt: clock.now + 10 * minute,
  };
  await store.authorizations.saveRequest(request, null);
  return request;
}

/** A code that the user approved and the client may redeem. */
export async function issueCode(arena: Arena, change: { readonly scope?: string } = {}) {
  const [store] = arena.stores;
  const party = await createParty(store);
  const request = await openRequest(arena, party);
  const terms = termsFor(party, change);
  const approval = await store.grants.approve(request.id, request.browserHash, terms);
  if (approval.kind !== 'approved') throw new Error(approval.kind);
  const code = { hash: unique('code'), expiresAt: arena.clock.now + minute };
  const issued = await store.authorizations.issueCode(request.id, request.browserHash, party.user.id, code);
  if (!issued) throw new Error('no code');
  const attempt = {
    codeHash: code.hash,
    clientId: party.client.id,
    redirectUri: request.redirectUri,
    codeChallenge: request.codeChallenge,
    dpopThumbprint: null,
    proof: null,
  };
  return { ...party, request, terms, attempt };
}

export function newSigningKey(): NewSigningKey {
  return {
    kid: unique('kid'),
    algorithm: 'EdDSA',
    publicJwk: { kty: 'OKP', crv: 'Ed25519', x: 'x' },
    sealedPrivateJwk: Buffer.from(unique('jwk')),
    masterKeyId: 'master-1',
  };
}

/** A key that has signed the tokens of the calls below. */
export async function createSigningKey({ stores: [store] }: Arena): Promise<string> {
  const key = newSigningKey();
  await store.signingKeys.addSigningKey(key, 'retire', operator);
  return key.kid;
}

export function callOf(
  { family }: Pick<Granted, 'family'>,
  kid: string,
  change: Partial<AdmissionRequest> = {},
): AdmissionRequest {
  return {
    callId: newId('call'),
    familyId: family.id,
    kid,
    proof: null,
    instanceId: 'ins_1',
    provider: 'openai',
    route: 'POST /chat/completions',
    model: 'gpt-5',
    models: ['gpt-5'],
    outputCap: 'open',
    scopes: ['chat'],
    access: null,
    cost: costOf(1_000_000),
    ...change,
  };
}

/** A call that costs at most so much, whatever the length of its answer. */
export function costOf(base: number): CallCost {
  return { base, perOutputToken: 0, longestOutput: 1000 };
}

export function settlementOf(callId: string, change: Partial<Settlement> = {}): Settlement {
  return {
    callId,
    status: 200,
    outcome: 'answered',
    usage: { input_tokens: 7, output_tokens: 11 },
    costNanoUsd: 1234,
    countedNanoUsd: 1234,
    isEstimated: false,
    upstreamRequestId: 'req_1',
    ...change,
  };
}

/** The value, which must be there. */
export function found<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('not found');
  return value;
}

/** The actions on record about a subject, oldest first. */
export async function actionsOn(store: Store, subject: string): Promise<readonly string[]> {
  const events = await store.records.listAuditEvents({}, 1000);
  return events
    .filter((event) => event.subject === subject)
    .map((event) => event.action)
    .reverse();
}
