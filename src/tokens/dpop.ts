import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import {
  calculateJwkThumbprint,
  decodeProtectedHeader,
  EmbeddedJWK,
  errors,
  type JWK,
  type JWTVerifyResult,
  jwtVerify,
} from 'jose';
import { type Clock, toSeconds } from '../lib/clock.ts';
import { sha256 } from '../lib/hash.ts';
import type { ProofUse } from '../store/records.ts';
import type { Keyring, MasterKey } from '../vault/keyring.ts';

/** What proofs may be signed with. */
export const proofAlgorithms = ['ES256', 'Ed25519', 'EdDSA', 'PS256', 'RS256'] as const;

/** A request that a proof has to be for. */
export interface ProvenRequest {
  readonly method: string;
  /** Without query and fragment, as the world sees it. */
  readonly url: string;
  /** The access token that goes with it; null where none does. */
  readonly accessToken: string | null;
}

/** A proof that was good, and has yet to be used up. */
export interface Proof extends ProofUse {
  /** Thumbprint of the key that it was signed with (RFC 7638). */
  readonly thumbprint: string;
}

/** Why a proof is not taken, and what is to be done, for the app's developer. */
export interface ProofRefusal {
  readonly kind: 'refused';
  readonly error: 'invalid_dpop_proof' | 'use_dpop_nonce';
  readonly reason: string;
  /** What the proof has to be made again with, where that is all that is wrong with it (RFC 9449 §8). */
  readonly nonce?: string;
}

/** Checks proofs of possession (RFC 9449), and gives out the nonces that they need. */
export interface DpopProofs {
  /** The nonce to use from now on, the same in every process with the same master key. */
  nonce(): string;
  /**
   * Checks everything about a proof but whether it was used before (RFC 9449 §4.3).
   * @param sent every value that the DPoP header was sent with
   */
  check(
    sent: readonly string[],
    request: ProvenRequest,
  ): Promise<{ readonly kind: 'good'; readonly proof: Proof } | ProofRefusal>;
}

/** Milliseconds that a nonce is given out for; it is good for as long again. */
const nonceLife = 120_000;

/** Milliseconds that a request may take to come in whole: a call uses its proof up behind its body. */
export const longestRequest = 300_000;

/** Longer than any proof with a sensible key. */
const longestProof = 8_192;

/** Milliseconds by which the time in a proof may be off. The nonce bounds how old it can be, this how wrong its clock. */
const clockTolerance = 300_000;

export function createDpopProofs(keyring: Keyring, clock: Clock): DpopProofs {
  const macKeys = new Map<string, Buffer>();
  const macKeyOf = ({ id, bytes }: MasterKey): Buffer => {
    const known = macKeys.get(id) ?? Buffer.from(hkdfSync('sha256', bytes, '', 'coatcheck dpop nonce', 32));
    macKeys.set(id, known);
    return known;
  };
  /** Names the master key that it is made with: while that is rotated, processes differ in which is the newest. */
  const nonceOf = (key: MasterKey, period: number): string =>
    key.id + createHmac('sha256', macKeyOf(key)).update(String(period)).digest('base64url').slice(0, 24);
  const currentPeriod = () => Math.floor(clock() / nonceLife);
  const isFresh = (nonce: unknown): boolean => {
    const key = typeof nonce === 'string' ? keyring.find(nonce.slice(0, 8)) : undefined;
    // The one after, too: another process may be ahead by a moment.
    const periods = [0, -1, 1].map((offset) => currentPeriod() + offset);
    return key !== undefined && periods.some((period) => isSame(String(nonce), nonceOf(key, period)));
  };

  const currentNonce = () => nonceOf(keyring.current(), currentPeriod());

  return {
    nonce: currentNonce,

    async check(sent, request) {
      const [text] = sent;
      if (text === undefined || sent.length > 1) return badProof('Send one DPoP header.');
      const verified = await verify(text, clock);
      if (!verified) return badProof('It is no signed proof as RFC 9449 has it.');
      const { payload, protectedHeader } = verified;
      const { jti, htm, htu, iat, ath, nonce } = payload;
      if (typeof jti !== 'string' || jti === '' || jti.length > 512)
        return badProof('jti is missing or too long.');
      if (htm !== request.method) return badProof('htm is not the method of this request.');
      const address = withoutQuery(request.url);
      if (typeof htu !== 'string' || address === null || withoutQuery(htu) !== address) {
        return badProof('htu is not the address of this request.');
      }
      if (typeof iat !== 'number' || Math.abs(iat * 1000 - clock()) > clockTolerance) {
        return badProof('iat is too far from now.');
      }
      if (request.accessToken !== null && ath !== sha256(request.accessToken)) {
        return badProof('ath is not the hash of the access token.');
      }
      if (!isFresh(nonce)) {
        const reason = 'Make the proof again, with the nonce of the DPoP-Nonce header.';
        return { kind: 'refused', error: 'use_dpop_nonce', reason, nonce: currentNonce() };
      }
      const thumbprint = await calculateJwkThumbprint(protectedHeader.jwk as JWK);
      return {
        kind: 'good',
        proof: {
          thumbprint,
          hash: sha256(`${thumbprint} ${address} ${jti}`),
          // By then the nonce is good no more, nor does a request still come in that began while it was.
          expiresAt: clock() + 3 * nonceLife + longestRequest,
        },
      };
    },
  };
}

/** @param reason says what is wrong with the proof */
export function badProof(reason: string): ProofRefusal {
  return { kind: 'refused', error: 'invalid_dpop_proof', reason };
}

/** What is said of a proof that turns out to be on record. */
export const usedProof = badProof('This proof has been used before; make one for each request.');

async function verify(text: string, clock: Clock): Promise<JWTVerifyResult | null> {
  if (text.length > longestProof) return null;
  try {
    requireBearableKey(decodeProtectedHeader(text).jwk);
    return await jwtVerify(text, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: [...proofAlgorithms],
      currentDate: new Date(toSeconds(clock()) * 1000),
    });
  } catch (error) {
    // Whatever is wrong with it, or with the key in it, is the sender's.
    if (error instanceof errors.JOSEError || error instanceof TypeError || error instanceof DOMException)
      return null;
    throw error;
  }
}

/** With other numbers RSA makes whoever verifies work for its sender: 4096 bits, and the exponent that everybody uses. */
function requireBearableKey(jwk: JWK | undefined): void {
  if (jwk?.kty === 'RSA' && (jwk.e !== 'AQAB' || (jwk.n?.length ?? 0) > 683)) {
    throw new errors.JWKInvalid('an RSA key out of the ordinary');
  }
}

/** For comparing (RFC 9449 §4.3): scheme and host in lower case, the default port left out. @returns null for no URL */
function withoutQuery(url: string): string | null {
  if (!URL.canParse(url)) return null;
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
