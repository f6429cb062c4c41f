import { randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { sha256 } from '../../src/lib/hash.ts';

/** What a proof is for, and what is to be wrong with it. */
export interface ProofOptions {
  readonly method?: string;
  readonly url: string;
  readonly nonce?: string | undefined;
  readonly accessToken?: string;
  readonly header?: Readonly<Record<string, unknown>>;
  /** Claims in place of the right ones; undefined leaves one out. */
  readonly claims?: JWTPayload;
}

/** A key of a client, and the proofs that it makes (RFC 9449 §4.2). */
export interface DpopKey {
  readonly thumbprint: string;
  prove(options: ProofOptions): Promise<string>;
}

export async function createDpopKey(algorithm = 'ES256'): Promise<DpopKey> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = await exportJWK(publicKey);
  return {
    thumbprint: await calculateJwkThumbprint(jwk),
    prove: ({ method = 'POST', url, nonce, accessToken, header, claims }) =>
      new SignJWT({
        jti: randomUUID(),
        htm: method,
        htu: url,
        iat: Math.floor(Date.now() / 1000),
        ...(nonce !== undefined && { nonce }),
        ...(accessToken !== undefined && { ath: sha256(accessToken) }),
        ...claims,
      })
        .setProtectedHeader({ alg: algorithm, typ: 'dpop+jwt', jwk, ...header })
        .sign(privateKey),
  };
}
