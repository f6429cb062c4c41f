import { OAuthError } from '../errors.ts';
import { narrowToResources } from '../resources.ts';
import { askedScopes } from './check_scope.ts';
import type { Step } from './step.ts';

/** A resource named is a provider's mount here that one of the scopes is for (RFC 8707 §2). */
export const checkResource: Step = (asked) =>
  narrowToResources(asked.issuer, askedScopes(asked), asked.parameters.all('resource'))
    ? null
    : new OAuthError(
        'invalid_target',
        'resource is none of ours, or no scope that is asked for belongs to it.',
      );
