import { covers } from '../lib/model_pattern.ts';
import { countCall } from './rate.ts';
import type { ClientStatus, Credential, ProofUse, ProviderAccess, UserStatus } from './records.ts';

/** What the proxy asks to be admitted. */
export interface AdmissionRequest {
  readonly callId: string;
  readonly familyId: string;
  /** The proof that came with a token that is bound to a key; null for a bearer token. */
  readonly proof: ProofUse | null;
  /** Key that signed the caller's token; a withdrawn one is refused. */
  readonly kid: string;
  readonly instanceId: string;
  readonly provider: string;
  readonly route: string;
  /** For the record. */
  readonly model: string | null;
  /** Every model that the call makes use of; null stands for one that it leaves to the provider. */
  readonly models: readonly (string | null)[];
  /**
   * How many tokens the answer may have by the call: `open` where it leaves that to others, `unbounded` where it has no
   * field for it, and null where its answer is not one whose length is limited.
   */
  readonly outputCap: number | 'open' | 'unbounded' | null;
  /** Every scope the call needs. */
  readonly scopes: readonly string[];
  /** What the caller's token allows of the provider, which may be less than its grant does; null: whatever the grant does. */
  readonly access: ProviderAccess | null;
  /** The largest amount the call can cost, in nano-USD. */
  readonly reservedNanoUsd: number;
}

/** Reasons that need no more words. */
export type PlainReason =
  | 'unknown_family'
  | 'key_withdrawn'
  | 'proof_replayed'
  | 'grant_revoked'
  | 'grant_expired'
  | 'user_suspended'
  | 'client_suspended'
  | 'insufficient_scope'
  | 'no_credential'
  | 'credential_invalid'
  | 'output_unbounded';

export type AdmissionRefusal = { readonly kind: 'refused' } & (
  | { readonly reason: PlainReason }
  | { readonly reason: 'model_not_allowed'; readonly model: string | null }
  /** The call asks for a longer answer than `limit` tokens. */
  | { readonly reason: 'output_limit'; readonly limit: number }
  /** One call more is let through after so many milliseconds. */
  | { readonly reason: 'rate_limited'; readonly wait: number }
);

export type AdmissionResult =
  | {
      readonly kind: 'admitted';
      readonly grantId: string;
      readonly userId: string;
      readonly clientId: string;
      readonly credential: Pick<Credential, 'id' | 'version' | 'sandbox'>;
      readonly startedAt: number;
      /** What token and grant allow of the provider, each for itself. */
      readonly limits: readonly ProviderAccess[];
      /** Tokens that the answer must be limited to, which the call leaves open; null: nothing is to be done. */
      readonly outputCap: number | null;
    }
  | AdmissionRefusal;

/** What a store reads about one request, inside the transaction that admits it. */
export interface AdmissionRow {
  readonly grantId: string;
  readonly userId: string;
  readonly clientId: string;
  /** Whether the key that signed the token is known and not withdrawn. */
  readonly keyStands: boolean;
  /** Whether the family or the grant was revoked. */
  readonly revoked: boolean;
  readonly expiresAt: number | null;
  readonly userStatus: UserStatus;
  readonly clientStatus: ClientStatus | 'deleted';
  readonly familyScope: string;
  readonly grantScope: string;
  readonly authorizationDetails: readonly ProviderAccess[];
  /** In microseconds, of the grant's rate for the provider asked for; means nothing where it has none. */
  readonly theoreticalArrivalAt: number | null;
  readonly proofIsUsed: boolean;
  /** What the grant can open for the provider asked for. */
  readonly credential: Pick<Credential, 'id' | 'version' | 'sandbox' | 'status'> | null;
}

/** Where a rate of a grant stands. */
export interface RateState {
  readonly grantId: string;
  readonly provider: string;
  readonly theoreticalArrivalAt: number;
}

export interface Decision {
  /** One per request. */
  readonly results: readonly AdmissionResult[];
  /** The rates that admitted calls count against, with these counted. */
  readonly rates: readonly RateState[];
}

/**
 * Decides a batch of calls in arrival order, each by what the admitted ones before it have left. A call that is refused
 * changes nothing.
 * @param rows one per request, null where the family is unknown
 * @param now the store's clock in milliseconds, read after its locks
 */
export function decide(
  requests: readonly AdmissionRequest[],
  rows: readonly (AdmissionRow | null)[],
  now: number,
): Decision {
  const proofs = new Set<string>();
  const rates = new Map<string, RateState>();
  const results = requests.map((request, index) => {
    const row = rows[index] ?? null;
    const result = row ? decideOne(request, row, now) : refused('unknown_family');
    if (result.kind === 'refused' || !row) return result;
    const { proof } = request;
    if (proof && (row.proofIsUsed || proofs.has(proof.hash))) return proofReplayed;
    const wait = count(rates, request, row, now);
    if (wait !== null) return { kind: 'refused', reason: 'rate_limited', wait } as const;
    if (proof) proofs.add(proof.hash);
    return result;
  });
  return { results, rates: [...rates.values()] };
}

/** For a call that nothing else speaks against. */
export const proofReplayed = { kind: 'refused', reason: 'proof_replayed' } as const;

function decideOne(request: AdmissionRequest, row: AdmissionRow, now: number): AdmissionResult {
  if (!row.keyStands) return refused('key_withdrawn');
  if (row.revoked) return refused('grant_revoked');
  if (row.expiresAt !== null && row.expiresAt <= now) return refused('grant_expired');
  if (row.userStatus !== 'active') return refused('user_suspended');
  if (row.clientStatus !== 'active') return refused('client_suspended');
  if (!hasScopes(row, request.scopes)) return refused('insufficient_scope');
  if (!row.credential) return refused('no_credential');
  if (row.credential.status === 'invalid') return refused('credential_invalid');
  const limits = [request.access, accessOf(row, request)].filter((access) => access !== null);
  const within = judge(limits, request);
  if (within.kind === 'refused') return within;
  const { grantId, userId, clientId } = row;
  const { id, version, sandbox } = row.credential;
  return {
    kind: 'admitted',
    grantId,
    userId,
    clientId,
    credential: { id, version, sandbox },
    startedAt: now,
    limits,
    outputCap: within.outputCap,
  };
}

/** Judges a call by limits of every kind that is not counted. */
function judge(
  limits: readonly ProviderAccess[],
  { models, outputCap }: AdmissionRequest,
): { readonly kind: 'within'; readonly outputCap: number | null } | AdmissionRefusal {
  const model = models.find((each) => !limits.every((access) => allowsModel(access, each)));
  if (model !== undefined) return { kind: 'refused', reason: 'model_not_allowed', model };
  const caps = limits.flatMap(({ max_output_tokens: cap }) => (cap === undefined ? [] : [cap]));
  if (caps.length === 0 || outputCap === null) return { kind: 'within', outputCap: null };
  const limit = Math.min(...caps);
  if (outputCap === 'open') return { kind: 'within', outputCap: limit };
  if (outputCap === 'unbounded') return refused('output_unbounded');
  if (outputCap > limit) return { kind: 'refused', reason: 'output_limit', limit };
  return { kind: 'within', outputCap: null };
}

/** Counts a call against its grant's rate. @returns milliseconds to wait if that is used up */
function count(
  rates: Map<string, RateState>,
  request: AdmissionRequest,
  row: AdmissionRow,
  now: number,
): number | null {
  const rate = accessOf(row, request)?.rate;
  if (!rate) return null;
  const { grantId } = row;
  const { provider } = request;
  const key = `${grantId} ${provider}`;
  const standing = rates.get(key)?.theoreticalArrivalAt ?? row.theoreticalArrivalAt ?? 0;
  const counted = countCall(rate.requests_per_minute, standing, now);
  if (counted.kind === 'wait') return counted.milliseconds;
  rates.set(key, { grantId, provider, theoreticalArrivalAt: counted.theoreticalArrivalAt });
  return null;
}

/** What the grant allows of the provider asked for; null when it does not limit it. */
function accessOf(
  { authorizationDetails }: AdmissionRow,
  { provider }: AdmissionRequest,
): ProviderAccess | null {
  return authorizationDetails.find((access) => access.provider === provider) ?? null;
}

/** @param model null for one that the provider would choose, which only a pattern for all models stands for */
export function allowsModel({ models }: ProviderAccess, model: string | null): boolean {
  return models === undefined || models.some((pattern) => covers(pattern, model ?? ''));
}

function refused(reason: PlainReason): AdmissionRefusal {
  return { kind: 'refused', reason };
}

/** The effective scope is what both the family and its grant hold: a grant can shrink after its tokens were issued. */
function hasScopes({ familyScope, grantScope }: AdmissionRow, scopes: readonly string[]): boolean {
  const family = familyScope.split(' ');
  const grant = grantScope.split(' ');
  return scopes.every((scope) => family.includes(scope) && grant.includes(scope));
}
