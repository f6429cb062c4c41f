import { OAuthError } from '../errors.ts';
import type { Parameters } from '../parameters.ts';
import { narrowToResources, unknownResource } from '../resources.ts';

/**
 * What the access token of a token request may do: all that is allowed, or less where the request names resources
 * (RFC 8707 §2.2).
 * @param allowed scopes that were authorized and that the user still allows
 * @returns what is wrong when the request asks for more, or nothing is left
 */
export function narrowAccess(
  issuer: string,
  allowed: readonly string[],
  parameters: Parameters,
): readonly string[] | OAuthError {
  if (allowed.length === 0) {
    return new OAuthError(
      'invalid_grant',
      'The user allows nothing of what was authorized any more; send them to consent again.',
    );
  }
  return narrowToResources(issuer, allowed, parameters.all('resource')) ?? unknownResource();
}
