import type { IncomingMessage } from 'node:http';
import type { Provider } from '../catalog/provider.ts';
import { splitScope } from '../catalog/scope.ts';
import type { ProofUse } from '../store/records.ts';
import type { AccessTokens } from '../tokens/access_token.ts';
import { type DpopProofs, proofAlgorithms } from '../tokens/dpop.ts';
import { Refusal } from './refusal.ts';
import { absoluteForm } from './target.ts';

/** Who calls: what the access token says, as far as the provider it is used for goes. */
export interface Caller {
  readonly grantId: string;
  readonly familyId: string;
  readonly kid: string;
  readonly scopes: readonly string[];
  /** That the caller holds the key that its token is bound to, to be used up; null for a bearer token. */
  readonly proof: ProofUse | null;
}

interface AuthenticateDeps {
  readonly config: { readonly issuer: string };
  readonly accessTokens: AccessTokens;
  readonly dpop: DpopProofs;
}

const credentials = /^(Bearer|DPoP) +([A-Za-z0-9._~+/-]+=*) *$/i;

/**
 * Reads and verifies the access token of a request to a provider's mount (RFC 6750 §2.1, RFC 9068 §4), and the proof that
 * goes with one that is bound to a key (RFC 9449 §7.1).
 * @throws Refusal `invalid_token`
 */
export async function authenticate(
  deps: AuthenticateDeps,
  provider: Provider,
  request: IncomingMessage,
): Promise<Caller> {
  const { config, accessTokens } = deps;
  const sent = valuesOf(request, 'authorization');
  if (sent.length === 0) throw withoutToken(config, provider);
  const [, scheme = '', token] = (sent.length === 1 && credentials.exec(sent[0] ?? '')) || [];
  const verified = token === undefined ? null : await accessTokens.verify(token);
  if (!verified || token === undefined) {
    throw badToken(config, provider, 'The access token is wrong or has run out.');
  }
  const { claims, kid } = verified;
  const resource = config.issuer + provider.mount;
  const audience = typeof claims.aud === 'string' ? [claims.aud] : claims.aud;
  if (!audience.includes(resource)) {
    throw badToken(config, provider, `The access token is not for ${resource}.`);
  }
  const isProven = scheme.toLowerCase() === 'dpop';
  if (isProven !== (claims.cnf !== undefined)) {
    throw badToken(
      config,
      provider,
      isProven
        ? 'The access token is not bound to a key: send it as Bearer.'
        : 'The access token is bound to a key: send it as DPoP, with a proof.',
    );
  }
  return {
    grantId: claims.grant_id,
    familyId: claims.family_id,
    kid,
    scopes: splitScope(claims.scope),
    proof: claims.cnf ? await readProof(deps, provider, request, { token, key: claims.cnf.jkt }) : null,
  };
}

/** @throws Refusal with the challenge of RFC 9449 §7.1, and the nonce that the proof needs (§9) */
async function readProof(
  { config, dpop }: AuthenticateDeps,
  provider: Provider,
  request: IncomingMessage,
  bound: { readonly token: string; readonly key: string },
): Promise<ProofUse> {
  const proofs = valuesOf(request, 'dpop');
  const [text] = proofs;
  if (text === undefined || proofs.length > 1) throw badProof(config, provider, 'Send one DPoP header.');
  const result = await dpop.check(text, {
    method: request.method ?? '',
    url: config.issuer + (request.url ?? '').replace(absoluteForm, ''),
    accessToken: bound.token,
  });
  switch (result.kind) {
    case 'good': {
      const { thumbprint, ...proof } = result.proof;
      if (thumbprint === bound.key) return proof;
      throw badProof(config, provider, 'The proof is signed with another key than the token is bound to.');
    }
    case 'bad':
      throw badProof(config, provider, result.reason);
    case 'nonce_needed':
      throw new Refusal('invalid_token', 'Make the proof again, with the nonce of the DPoP-Nonce header.', {
        headers: [...challenge(config, provider, 'use_dpop_nonce'), 'dpop-nonce', dpop.nonce()],
      });
  }
}

/** Every value that a header was sent with; node's own `headers` hides a second Authorization. */
function valuesOf({ rawHeaders }: IncomingMessage, name: string): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

type Issuer = AuthenticateDeps['config'];

/** RFC 6750 §3.1: a request without a token is told no error, only where to learn how to get one (RFC 9728 §5.1). */
function withoutToken(config: Issuer, provider: Provider): Refusal {
  return new Refusal('invalid_token', 'Send an access token of the broker: Authorization: Bearer …', {
    headers: challenge(config, provider),
  });
}

/** The refusal of a token that is wrong or not good any more (RFC 6750 §3.1). @param message says in what way */
export function badToken(config: Issuer, provider: Provider, message: string): Refusal {
  return new Refusal('invalid_token', `${message} Use the refresh token to get another.`, {
    headers: challenge(config, provider, 'invalid_token'),
  });
}

/** The refusal of a proof (RFC 9449 §7.1). @param message says what is wrong with it */
export function badProof(config: Issuer, provider: Provider, message: string): Refusal {
  return new Refusal('invalid_token', message, {
    headers: challenge(config, provider, 'invalid_dpop_proof'),
  });
}

type ChallengeError = 'invalid_token' | 'insufficient_scope' | 'invalid_dpop_proof' | 'use_dpop_nonce';

/** What is wrong with the proof, not with the token: an error of this scheme alone. */
const proofErrors: ReadonlySet<ChallengeError | undefined> = new Set([
  'invalid_dpop_proof',
  'use_dpop_nonce',
]);

/**
 * Two WWW-Authenticate headers, one for either way to send a token (RFC 6750 §3, RFC 9728 §5.1, RFC 9449 §7.1).
 * @returns their names and values
 */
export function challenge(
  { issuer }: Issuer,
  { mount }: Provider,
  error?: ChallengeError,
  scopes: readonly string[] = [],
): readonly string[] {
  const metadata = `resource_metadata="${issuer}/.well-known/oauth-protected-resource${mount}"`;
  const problem = [
    ...(error ? [`error="${error}"`] : []),
    ...(scopes.length > 0 ? [`scope="${scopes.join(' ')}"`] : []),
  ];
  const bearer = [...(proofErrors.has(error) ? [] : problem), metadata];
  const dpop = [...problem, `algs="${proofAlgorithms.join(' ')}"`, metadata];
  const name = 'www-authenticate';
  return [name, `Bearer ${bearer.join(', ')}`, name, `DPoP ${dpop.join(', ')}`];
}
