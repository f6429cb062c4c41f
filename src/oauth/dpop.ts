import type { IncomingMessage } from 'node:http';
import type { Deps } from '../deps.ts';
import { isConfidential } from '../grants/registration.ts';
import type { Client, ProofUse } from '../store/records.ts';
import type { Proof, ProvenRequest } from '../tokens/dpop.ts';
import { OAuthError } from './errors.ts';

/** The headers of a request, each with every value that it was sent with. */
type RawHeaders = Pick<IncomingMessage, 'rawHeaders'>;

/** Every value that a header was sent with; node's own `headers` hides a second one. */
export function headerValues({ rawHeaders }: RawHeaders, name: string): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

/**
 * Reads the proof of possession that came with a request (RFC 9449 §4.3).
 * @param request.path of the endpoint
 * @returns null when there is none
 * @throws OAuthError `invalid_dpop_proof`, or `use_dpop_nonce` with the nonce to use
 */
export async function readProof(
  { config, dpop }: Pick<Deps, 'config' | 'dpop'>,
  headers: RawHeaders,
  request: Pick<ProvenRequest, 'method' | 'accessToken'> & { readonly path: string },
): Promise<Proof | null> {
  const sent = headerValues(headers, 'dpop');
  const [text] = sent;
  if (text === undefined) return null;
  if (sent.length > 1) throw badProof('Send one DPoP header.');
  const { method, path, accessToken } = request;
  const result = await dpop.check(text, { method, url: config.issuer + path, accessToken });
  switch (result.kind) {
    case 'good':
      return result.proof;
    case 'bad':
      throw badProof(result.reason);
    case 'nonce_needed':
      throw new OAuthError(
        'use_dpop_nonce',
        'Make the proof again, with the nonce of the DPoP-Nonce header.',
        {
          dpopNonce: dpop.nonce(),
        },
      );
  }
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
  return badProof('This proof has been used before; make one for each request.');
}

/** A proof as the store uses it up. */
export function useOf(proof: Proof | null): ProofUse | null {
  return proof && { hash: proof.hash, expiresAt: proof.expiresAt };
}

/** The key to bind refresh tokens to: a public client's; those of a confidential one are bound to what it proves itself by (RFC 9449 §5). */
export function bindingOf(client: Client, proof: Proof | null): string | null {
  return !isConfidential(client) && proof ? proof.thumbprint : null;
}
