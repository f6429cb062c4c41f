import { headerValues } from '../lib/raw_headers.ts';
import type { AccessTokens, VerifiedAccessToken } from './access_token.ts';
import { badProof, type DpopProofs, type Proof, type ProofRefusal, type ProvenRequest } from './dpop.ts';

interface AuthenticateDeps {
  readonly accessTokens: AccessTokens;
  readonly dpop: DpopProofs;
}

/** A request for a protected resource. */
export interface ResourceRequest extends Pick<ProvenRequest, 'method' | 'url'> {
  /** Names and values in turn, as node has them. */
  readonly rawHeaders: readonly string[];
}

/** A good token, and the proof that its sender holds the key that it is bound to, to be used up; null for a bearer token. */
export interface Authenticated extends VerifiedAccessToken {
  readonly kind: 'authenticated';
  readonly proof: Proof | null;
}

/** Why a request is not taken: an error for its challenge, null without a token, and what is to be done. */
export interface AuthenticationRefusal extends Omit<ProofRefusal, 'error'> {
  readonly error: 'invalid_token' | ProofRefusal['error'] | null;
}

/** RFC 6750 §2.1, RFC 9449 §7.1 */
const credentials = /^(Bearer|DPoP) +([A-Za-z0-9._~+/-]+=*) *$/i;

/**
 * Reads and verifies the access token of a request (RFC 6750 §2.1, RFC 9068 §4), and the proof that goes with one that is
 * bound to a key (RFC 9449 §7.1). The audience is left to check, and the proof to use up.
 * @param tokenHeaders in lower case, further headers that may hold nothing but a bearer token
 */
export async function authenticateRequest(
  { accessTokens, dpop }: AuthenticateDeps,
  { rawHeaders, method, url }: ResourceRequest,
  tokenHeaders: readonly string[] = [],
): Promise<Authenticated | AuthenticationRefusal> {
  const sent = [
    ...headerValues(rawHeaders, 'authorization'),
    ...tokenHeaders.flatMap((name) => headerValues(rawHeaders, name).map((token) => `Bearer ${token}`)),
  ];
  if (sent.length === 0) return refusal(null, 'Send an access token: Authorization: Bearer <token>');
  const [, scheme = '', token = ''] = (sent.length === 1 && credentials.exec(sent[0] ?? '')) || [];
  const verified = await accessTokens.verify(token);
  if (!verified) return badToken('The access token is wrong or has run out.');
  const { cnf } = verified.claims;
  const isProven = scheme.toLowerCase() === 'dpop';
  // RFC 9449 §7.2: a bound token is nothing to be borne, and a proof says nothing of another.
  if (isProven && !cnf) return badToken('The access token is not bound to a key: send it as Bearer.');
  if (cnf && !isProven) return badToken('The access token is bound to a key: send it as DPoP, with a proof.');
  if (!cnf) return { ...verified, kind: 'authenticated', proof: null };
  const result = await dpop.check(headerValues(rawHeaders, 'dpop'), { method, url, accessToken: token });
  if (result.kind === 'refused') return result;
  const { proof } = result;
  if (proof.thumbprint === cnf.jkt) return { ...verified, kind: 'authenticated', proof };
  return badProof('The proof is signed with another key than the token is bound to.');
}

/** @param reason says in what way the token is not good, or not good any more */
export function badToken(reason: string): AuthenticationRefusal {
  return refusal('invalid_token', `${reason} Use the refresh token to get another.`);
}

function refusal(error: 'invalid_token' | null, reason: string): AuthenticationRefusal {
  return { kind: 'refused', error, reason };
}
