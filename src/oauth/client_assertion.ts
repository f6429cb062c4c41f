import { createLocalJWKSet, decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import { assertionAlgorithms } from '../grants/jwks.ts';
import { sha256 } from '../lib/hash.ts';
import type { Client, ProofUse } from '../store/records.ts';

/** RFC 7523 §2.2 */
export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Longer than any assertion with a sensible key. */
const longestAssertion = 8_192;
const longestId = 512;
/** Seconds ahead that an assertion may be good for. */
const longestLife = 600;
/** Seconds by which the client's clock may be off. */
const clockTolerance = 60;

export type AssertionResult =
  | { readonly kind: 'good'; readonly use: ProofUse }
  /** It is not signed by the client. */
  | { readonly kind: 'unproven' }
  /** It is, but not good. `reason` is for the client's developer. */
  | { readonly kind: 'bad'; readonly reason: string };

/** Whose assertion it says it is, before anything of it is verified. @returns undefined when it does not say */
export function subjectOf(assertion: string): string | undefined {
  try {
    const { sub } = assertion.length > longestAssertion ? {} : decodeJwt(assertion);
    // JSON can say anything here, also what a database would choke on.
    return typeof sub === 'string' && /^[\x21-\x7e]+$/.test(sub) ? sub : undefined;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

/**
 * Checks everything about an assertion of a client (RFC 7523 §3, and draft-ietf-oauth-rfc7523bis §4: the audience is the
 * issuer alone) but whether it was used before.
 * @param now milliseconds
 */
export async function checkAssertion(
  assertion: string,
  client: Pick<Client, 'id' | 'jwks'>,
  issuer: string,
  now: number,
): Promise<AssertionResult> {
  if (client.jwks === null || assertion.length > longestAssertion) return { kind: 'unproven' };
  try {
    const keys = createLocalJWKSet({ keys: [...client.jwks.keys] });
    const { payload } = await jwtVerify(assertion, keys, {
      algorithms: [...assertionAlgorithms],
      clockTolerance,
      currentDate: new Date(now),
    });
    return judge(payload, client.id, issuer, now / 1000);
  } catch (error) {
    if (error instanceof errors.JWTExpired) return bad('it has expired.');
    if (error instanceof errors.JWTClaimValidationFailed)
      return bad(`${error.claim} is malformed or not yet due.`);
    // Whatever else is wrong with it is the sender's.
    if (error instanceof errors.JOSEError || error instanceof TypeError) return { kind: 'unproven' };
    throw error;
  }
}

/** @param now seconds */
function judge(payload: JWTPayload, clientId: string, issuer: string, now: number): AssertionResult {
  const { iss, sub, aud, exp, iat, jti } = payload;
  if (iss !== clientId || sub !== clientId) return bad('iss and sub have to be the client id.');
  if (aud !== issuer) return bad(`aud has to be ${issuer}, as a single string.`);
  if (exp === undefined) return bad('exp is missing.');
  if (exp > now + longestLife + clockTolerance) return bad(`exp is more than ${longestLife} seconds ahead.`);
  if (iat !== undefined && iat > now + clockTolerance) return bad('iat is in the future.');
  if (typeof jti !== 'string' || jti === '' || jti.length > longestId)
    return bad('jti is missing or too long.');
  return {
    kind: 'good',
    use: {
      hash: sha256(`client_assertion ${clientId} ${jti}`),
      expiresAt: Math.ceil(exp + clockTolerance) * 1000,
    },
  };
}

function bad(reason: string): AssertionResult {
  return { kind: 'bad', reason };
}
