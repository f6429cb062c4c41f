import type { AuthorizationRequest } from '../store/records.ts';
import { type GrantChoice, type MissingCredential, type TermsDeps, writeTerms } from './terms.ts';

export type ConsentResult =
  | { readonly kind: 'approved' }
  /** Expired, already decided, or begun in another browser. */
  | { readonly kind: 'not_open' }
  /** The app is not verified, and as many other people use it as may use one that is not. */
  | { readonly kind: 'too_many_users' }
  | MissingCredential;

/** Records that the user allows what a stored request asks for, as far as the choice goes. */
export function approve(
  deps: TermsDeps,
  request: AuthorizationRequest,
  browserHash: string,
  choice: Omit<GrantChoice, 'clientId' | 'test'>,
): Promise<ConsentResult> {
  return writeTerms(deps, { ...choice, clientId: request.clientId, test: false }, (terms) =>
    deps.store.grants.approve(request.id, browserHash, terms),
  );
}
