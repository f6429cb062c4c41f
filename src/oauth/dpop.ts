import type { Deps } from '../deps.ts';
import { isConfidential } from '../grants/registration.ts';
import { headerValues } from '../lib/raw_headers.ts';
import type { Client } from '../store/records.ts';
import { type Proof, usedProof } from '../tokens/dpop.ts';
import { OAuthError } from './errors.ts';

/**
 * Reads the proof of possession that came with a form (RFC 9449 §5).
 * @param path of the endpoint
 * @returns null when there is none
 * @throws OAuthError `invalid_dpop_proof`, or `use_dpop_nonce` with the nonce to use
 */
export async function readProof(
  { config, dpop }: Pick<Deps, 'config' | 'dpop'>,
  rawHeaders: readonly string[],
  path: string,
): Promise<Proof | null> {
  const sent = headerValues(rawHeaders, 'dpop');
  if (sent.length === 0) return null;
  const result = await dpop.check(sent, { method: 'POST', url: config.issuer + path, accessToken: null });
  if (result.kind === 'good') return result.proof;
  throw new OAuthError(result.error, result.reason, { dpopNonce: result.nonce });
}

/** An app may have asked that all its tokens be bound (RFC 9449 §5.2). @throws OAuthError when there is no proof then */
export function requireProof(client: Client, proof: Proof | null): void {
  if (client.requiresDpop && !proof)
    throw badProof('This app takes tokens bound to a key only: send a DPoP proof.');
}

export function badProof(description: string): OAuthError {
  return new OAuthError('invalid_dpop_proof', description);
}

export function replayedProof(): OAuthError {
  return badProof(usedProof.reason);
}

/** The key to bind refresh tokens to: a public client's; those of a confidential one are bound to what it proves itself by (RFC 9449 §5). */
export function bindingOf(client: Client, proof: Proof | null): string | null {
  return !isConfidential(client) && proof ? proof.thumbprint : null;
}
