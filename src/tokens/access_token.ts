import { hash } from 'node:crypto';
import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import { type Clock, toSeconds } from '../lib/clock.ts';
import { newId } from '../lib/ids.ts';
import type { ProviderAccess } from '../store/records.ts';
import { type SigningKeys, signingAlgorithm } from './signing_keys.ts';

/** What an access token says (RFC 9068 §2.2). Times in seconds since the epoch. */
export interface AccessTokenClaims {
  readonly iss: string;
  readonly sub: string;
  /** One resource, or several: issuer and mount of each provider the token is for. */
  readonly aud: string | readonly string[];
  readonly client_id: string;
  readonly scope: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
  readonly grant_id: string;
  readonly family_id: string;
  /** What it allows of each provider (RFC 9396 §9.1); absent where its grant limits nothing. */
  readonly authorization_details?: readonly ProviderAccess[];
  /** The key that it is bound to (RFC 9449 §6.1); absent from a bearer token. */
  readonly cnf?: { readonly jkt: string };
}

/** A verified token, with the key that signed it: the ledger refuses a withdrawn one. */
export interface VerifiedAccessToken {
  readonly claims: AccessTokenClaims;
  readonly kid: string;
}

/** Mints and verifies access tokens: JWTs as RFC 9068 has them. */
export interface AccessTokens {
  /**
   * @param notAfter milliseconds since the epoch the token must not outlive (the grant's end), null for none
   * @returns the token and its life in seconds
   */
  mint(
    claims: Pick<
      AccessTokenClaims,
      'sub' | 'aud' | 'client_id' | 'scope' | 'grant_id' | 'family_id' | 'authorization_details' | 'cnf'
    >,
    notAfter: number | null,
  ): Promise<{ readonly token: string; readonly expiresIn: number }>;
  /**
   * Checks signature, type, issuer and life. Audience and grant are the caller's to check; the grant's state is never
   * taken from here.
   * @returns null for anything that is not a good token of ours
   */
  verify(token: string): Promise<VerifiedAccessToken | null>;
}

const tokenType = 'at+jwt';
const verifiedKept = 10_000;
/** Longer than any token of ours; keeps hostile input from being hashed and parsed at length. */
const longestToken = 8_192;
/** RFC 7515 §7.1. Decoders of base64 forgive spaces and padding; a token is the same one to the last character. */
const compactJws = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * Access tokens of this issuer.
 * @param options.ttl life of a token in seconds
 */
export function createAccessTokens(
  keys: SigningKeys,
  options: { readonly issuer: string; readonly ttl: number; readonly clock: Clock },
): AccessTokens {
  const { issuer, ttl, clock } = options;
  const verified = new LRUCache<string, VerifiedAccessToken>({ max: verifiedKept });

  return {
    async mint(claims, notAfter) {
      const now = clock();
      const iat = toSeconds(now);
      const exp = Math.min(iat + ttl, notAfter === null ? Number.POSITIVE_INFINITY : toSeconds(notAfter));
      const { kid, privateKey } = await keys.active();
      const token = await new SignJWT({ ...claims, aud: audienceClaim(claims.aud) })
        .setProtectedHeader({ alg: signingAlgorithm, typ: tokenType, kid })
        .setIssuer(issuer)
        .setJti(newId('jti', now))
        .setIssuedAt(iat)
        .setExpirationTime(exp)
        .sign(privateKey);
      return { token, expiresIn: exp - iat };
    },

    async verify(token) {
      if (token.length > longestToken) return null;
      // The whole token is the cache key: a prefix of it, or its claims, would let one token stand for another.
      const cacheKey = hash('sha256', token, 'base64');
      const known = verified.get(cacheKey);
      if (known) {
        // What was verified once may have been signed by a key that has been withdrawn since.
        if (known.claims.exp > toSeconds(clock()) && (await keys.find(known.kid))) return known;
        verified.delete(cacheKey);
        return null;
      }
      if (!compactJws.test(token)) return null;
      const result = await verifySignature(token, keys, issuer, clock);
      if (result) verified.set(cacheKey, result);
      return result;
    },
  };
}

async function verifySignature(
  token: string,
  keys: SigningKeys,
  issuer: string,
  clock: Clock,
): Promise<VerifiedAccessToken | null> {
  try {
    const { kid } = decodeProtectedHeader(token);
    const key = kid === undefined ? undefined : await keys.find(kid);
    if (kid === undefined || !key) return null;
    const { payload } = await jwtVerify(token, key, {
      algorithms: [signingAlgorithm],
      typ: tokenType,
      issuer,
      currentDate: new Date(clock()),
      requiredClaims: ['sub', 'aud', 'client_id', 'scope', 'jti', 'iat', 'exp', 'grant_id', 'family_id'],
    });
    return { claims: payload as unknown as AccessTokenClaims, kid };
  } catch (error) {
    // Whatever is wrong with the token itself makes it no token of ours; a failing store is not the token's fault.
    if (error instanceof errors.JOSEError || error instanceof TypeError) return null;
    throw error;
  }
}

function audienceClaim(audience: string | readonly string[]): string | string[] {
  return typeof audience === 'string' ? audience : [...audience];
}
