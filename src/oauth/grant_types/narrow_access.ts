import { detailsWithin, narrowDetails } from '../../grants/provider_access.ts';
import type { Access } from '../../grants/standing.ts';
import { invalidDetails, readDetails } from '../authorization_details.ts';
import { OAuthError } from '../errors.ts';
import type { Parameters } from '../parameters.ts';
import { narrowToResources, unknownResource } from '../resources.ts';

/**
 * What the access token of a token request may do: all that is allowed, or less where the request names resources
 * (RFC 8707 §2.2) or limits (RFC 9396 §6).
 * @param allowed what was authorized and the user still allows
 * @returns what is wrong when the request asks for more, or nothing is left
 */
export function narrowAccess(issuer: string, allowed: Access, parameters: Parameters): Access | OAuthError {
  if (allowed.scopes.length === 0) {
    return new OAuthError(
      'invalid_grant',
      'The user allows nothing of what was authorized any more; send them to consent again.',
    );
  }
  const target = narrowToResources(issuer, allowed.scopes, parameters.all('resource'));
  if (!target) return unknownResource();
  const { scopes, resources } = target;
  const asked = readDetails(parameters, scopes);
  if (asked instanceof OAuthError) return asked;
  const narrowed = narrowDetails(detailsWithin(allowed.authorizationDetails, scopes), asked);
  return narrowed.kind === 'refused'
    ? invalidDetails(narrowed)
    : { scopes, authorizationDetails: narrowed.details, resources };
}
