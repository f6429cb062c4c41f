import { resourcesOfScopes } from '../catalog/catalog.ts';
import { OAuthError } from './errors.ts';

/** What is left of a request that names resources. */
interface Narrowed {
  readonly scopes: readonly string[];
  /** Those that tokens for it are for. */
  readonly resources: readonly string[];
}

/**
 * Narrows scopes to the resources that a request names (RFC 8707 §2); to all that they reach when it names none.
 * @param scopes known ones
 * @returns null when a resource is not ours, or none of the scopes is for it
 */
export function narrowToResources(
  issuer: string,
  scopes: readonly string[],
  resources: readonly string[],
): Narrowed | null {
  const reached = resourcesOfScopes(issuer, scopes);
  if (resources.length === 0) return { scopes, resources: reached };
  const named = resources.map(withLowerCaseOrigin);
  if (named.some((resource) => !reached.includes(resource))) return null;
  const isNamed = (resource: string) => named.includes(resource);
  return {
    scopes: scopes.filter((scope) => resourcesOfScopes(issuer, [scope]).some(isNamed)),
    resources: reached.filter(isNamed),
  };
}

/** Tokens are asked for a resource that they cannot be for. */
export function unknownResource(): OAuthError {
  return new OAuthError('invalid_target', 'resource is none of ours, or the user has not allowed it.');
}

/** Scheme and host know no case (RFC 3986 §6.2.2.1); everything after them is compared as written. */
function withLowerCaseOrigin(resource: string): string {
  return resource.replace(/^[^:/]+:\/\/[^/?#]*/, (origin) => origin.toLowerCase());
}
