import { proofAlgorithms } from './dpop.ts';

/** What is wrong with a request for a protected resource (RFC 6750 §3.1, RFC 9449 §7.1). */
export type ChallengeError = 'invalid_token' | 'insufficient_scope' | 'invalid_dpop_proof' | 'use_dpop_nonce';

/**
 * The WWW-Authenticate headers of a protected resource, one for each way to send a token that would help (RFC 6750 §3,
 * RFC 9449 §7.1).
 * @param error null where no token was sent: such a request is told none (RFC 6750 §3.1)
 * @param more.scopes that are needed
 * @param more.metadataUrl tells how to get a token (RFC 9728 §5.1)
 */
export function challenges(
  error: ChallengeError | null,
  { scopes = [], metadataUrl }: { readonly scopes?: readonly string[]; readonly metadataUrl?: string } = {},
): readonly string[] {
  const problem = { error, scope: scopes.join(' ') };
  const where = { resource_metadata: metadataUrl };
  const dpop = challenge('DPoP', { ...problem, algs: proofAlgorithms.join(' '), ...where });
  // What comes with a proof is bound: as a bearer token it would be of no use.
  const isOfProof = error === 'invalid_dpop_proof' || error === 'use_dpop_nonce';
  return isOfProof ? [dpop] : [challenge('Bearer', { ...problem, ...where }), dpop];
}

function challenge(scheme: string, parameters: Readonly<Record<string, string | null | undefined>>): string {
  const told = Object.entries(parameters).filter(([, value]) => value);
  return `${scheme} ${told.map(([name, value]) => `${name}="${value}"`).join(', ')}`.trimEnd();
}
