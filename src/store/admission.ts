import type { ClientStatus, Credential, ProofUse, UserStatus } from './records.ts';

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
  readonly model: string | null;
  /** Every scope the call needs. */
  readonly scopes: readonly string[];
  /** The largest amount the call can cost, in nano-USD. */
  readonly reservedNanoUsd: number;
}

export type AdmissionRefusal =
  | 'unknown_family'
  | 'key_withdrawn'
  | 'proof_replayed'
  | 'grant_revoked'
  | 'grant_expired'
  | 'user_suspended'
  | 'client_suspended'
  | 'insufficient_scope'
  | 'no_credential'
  | 'credential_invalid';

export type AdmissionResult =
  | {
      readonly kind: 'admitted';
      readonly grantId: string;
      readonly userId: string;
      readonly clientId: string;
      readonly credential: Pick<Credential, 'id' | 'version' | 'sandbox'>;
      readonly startedAt: number;
    }
  | { readonly kind: 'refused'; readonly reason: AdmissionRefusal };

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
  /** What the grant can open for the provider asked for. */
  readonly credential: Pick<Credential, 'id' | 'version' | 'sandbox' | 'status'> | null;
}

/**
 * Decides a batch of calls in arrival order. Whether a proof was used before this batch is for the store to see as it writes.
 * @param rows one per request, null where the family is unknown
 * @param now the store's clock in milliseconds, read after its locks
 * @returns one result per request
 */
export function decide(
  requests: readonly AdmissionRequest[],
  rows: readonly (AdmissionRow | null)[],
  now: number,
): readonly AdmissionResult[] {
  const proofs = new Set<string>();
  return requests.map((request, index) => {
    const result = decideOne(request, rows[index] ?? null, now);
    if (result.kind === 'refused' || request.proof === null) return result;
    if (proofs.has(request.proof.hash)) return proofReplayed;
    proofs.add(request.proof.hash);
    return result;
  });
}

/** For a call that nothing else speaks against. */
export const proofReplayed = { kind: 'refused', reason: 'proof_replayed' } as const;

function decideOne(request: AdmissionRequest, row: AdmissionRow | null, now: number): AdmissionResult {
  if (!row) return refused('unknown_family');
  if (!row.keyStands) return refused('key_withdrawn');
  if (row.revoked) return refused('grant_revoked');
  if (row.expiresAt !== null && row.expiresAt <= now) return refused('grant_expired');
  if (row.userStatus !== 'active') return refused('user_suspended');
  if (row.clientStatus !== 'active') return refused('client_suspended');
  if (!covers(row, request.scopes)) return refused('insufficient_scope');
  if (!row.credential) return refused('no_credential');
  if (row.credential.status === 'invalid') return refused('credential_invalid');
  const { grantId, userId, clientId } = row;
  const { id, version, sandbox } = row.credential;
  return {
    kind: 'admitted',
    grantId,
    userId,
    clientId,
    credential: { id, version, sandbox },
    startedAt: now,
  };
}

function refused(reason: AdmissionRefusal): AdmissionResult {
  return { kind: 'refused', reason };
}

/** The effective scope is what both the family and its grant hold: a grant can shrink after its tokens were issued. */
function covers({ familyScope, grantScope }: AdmissionRow, scopes: readonly string[]): boolean {
  const family = familyScope.split(' ');
  const grant = grantScope.split(' ');
  return scopes.every((scope) => family.includes(scope) && grant.includes(scope));
}
