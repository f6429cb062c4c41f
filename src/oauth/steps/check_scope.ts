import { isWithin, joinScope, splitScope, unknownScopes } from '../../catalog/scope.ts';
import { OAuthError } from '../errors.ts';
import type { Asked, Step } from './step.ts';

/** The scopes asked for; those that the app has registered when it names none (RFC 6749 §3.3). */
export function askedScopes({ client, parameters }: Pick<Asked, 'client' | 'parameters'>): readonly string[] {
  const named = splitScope(parameters.one('scope') ?? '');
  return named.length > 0 ? named : splitScope(client.scope);
}

/** An app asks for known scopes, and for none that it has not registered. */
export const checkScope: Step = (asked) => {
  const scopes = askedScopes(asked);
  if (scopes.length === 0)
    return new OAuthError('invalid_scope', 'scope is missing; the app has registered none.');
  if (unknownScopes(joinScope(scopes)).length > 0) {
    return new OAuthError('invalid_scope', 'A scope is not known; see scopes_supported in the metadata.');
  }
  return isWithin(scopes, splitScope(asked.client.scope))
    ? null
    : new OAuthError('invalid_scope', 'A scope is not among those that the app has registered.');
};
