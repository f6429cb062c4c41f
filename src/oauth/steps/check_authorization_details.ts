import type { Access } from '../../grants/standing.ts';
import { readDetails } from '../authorization_details.ts';
import { OAuthError } from '../errors.ts';
import { requestedScopes } from './check_resource.ts';
import type { Asked, Step } from './step.ts';

/** What a request asks for, or what is wrong with it. */
export function requestedAccess(asked: Asked): Access | OAuthError {
  const scopes = requestedScopes(asked);
  if (scopes instanceof OAuthError) return scopes;
  const authorizationDetails = readDetails(asked.parameters, scopes);
  return authorizationDetails instanceof OAuthError ? authorizationDetails : { scopes, authorizationDetails };
}

/** Limits are of the type known here, and for providers that are asked for (RFC 9396 §5). */
export const checkAuthorizationDetails: Step = (asked) => {
  const access = requestedAccess(asked);
  return access instanceof OAuthError ? access : null;
};
