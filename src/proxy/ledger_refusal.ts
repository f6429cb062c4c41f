import type { Provider } from '../catalog/provider.ts';
import type { AdmissionRefusal } from '../store/admission.ts';
import { badToken } from '../tokens/authenticate_request.ts';
import { usedProof } from '../tokens/dpop.ts';
import { challenge, notAuthenticated } from './authenticate.ts';
import { Refusal } from './refusal.ts';

interface Site {
  readonly issuer: string;
}

/** Where a person sees and replaces keys, and sees which apps are connected. */
export const keysUrl = ({ issuer }: Site) => `${issuer}/keys`;
const appsUrl = ({ issuer }: Site) => `${issuer}/apps`;

/** The one map from what the ledger refuses to what the app is told. */
export function refusedByLedger(
  site: Site,
  provider: Provider,
  reason: AdmissionRefusal,
  scopes: readonly string[],
): Refusal {
  switch (reason) {
    case 'unknown_family':
    case 'key_withdrawn':
      return notAuthenticated(site, provider, badToken('The access token is not good any more.'));
    case 'proof_replayed':
      return notAuthenticated(site, provider, usedProof);
    case 'grant_revoked':
      return ended(site, provider, 'The user has withdrawn the approval.');
    case 'grant_expired':
      return ended(site, provider, "The user's approval has run out.");
    case 'user_suspended':
      return ended(site, provider, "The user's account is suspended.");
    case 'client_suspended':
      return ended(site, provider, 'The app is suspended.');
    case 'insufficient_scope':
      return insufficientScope(site, provider, scopes);
    case 'no_credential':
      return new Refusal('no_credential', `The user has no key for ${provider.title} here.`, {
        actionUrl: keysUrl(site),
      });
    case 'credential_invalid':
      return new Refusal(
        'provider_key_invalid',
        `${provider.title} does not accept the user's key any more. Its owner can replace it.`,
        { actionUrl: keysUrl(site) },
      );
  }
}

function ended(site: Site, provider: Provider, message: string): Refusal {
  return new Refusal('grant_revoked', `${message} Ask the user to approve the app again.`, {
    actionUrl: appsUrl(site),
    headers: challenge(site, provider, 'invalid_token'),
  });
}

/** RFC 6750 §3.1: names every scope the call needs. */
export function insufficientScope(site: Site, provider: Provider, scopes: readonly string[]): Refusal {
  return new Refusal(
    'insufficient_scope',
    `This needs the scope ${scopes.join(' ')}. Ask the user to approve it.`,
    { headers: challenge(site, provider, 'insufficient_scope', scopes) },
  );
}
