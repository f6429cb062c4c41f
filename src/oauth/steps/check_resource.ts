import { OAuthError } from '../errors.ts';
import { narrowToResources } from '../resources.ts';
import { askedScopes } from './check_scope.ts';
import type { Asked, Step } from './step.ts';

/** The scopes asked for, narrowed to the resources that are named, or what is wrong with these. */
export function requestedScopes(asked: Asked): readonly string[] | OAuthError {
  return (
    narrowToResources(asked.issuer, askedScopes(asked), asked.parameters.all('resource'))?.scopes ??
    new OAuthError('invalid_target', 'resource is none of ours, or no scope that is asked for belongs to it.')
  );
}

/** A resource named is a provider's mount here that one of the scopes is for (RFC 8707 §2). */
export const checkResource: Step = (asked) => {
  const scopes = requestedScopes(asked);
  return scopes instanceof OAuthError ? scopes : null;
};
