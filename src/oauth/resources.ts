import { providerOfScope, providers } from '../catalog/catalog.ts';
import { OAuthError } from './errors.ts';

/**
 * The scopes that are left when a request names resources (RFC 8707 §2); all of them when it names none.
 * @param scopes known ones
 * @returns null when a resource is not ours, or none of the scopes is for it
 */
export function narrowToResources(
  issuer: string,
  scopes: readonly string[],
  resources: readonly string[],
): readonly string[] | null {
  if (resources.length === 0) return scopes;
  const wanted = resources.map((resource) => {
    const named = withLowerCaseOrigin(resource);
    return providers.find(({ mount }) => issuer + mount === named);
  });
  const within = (provider: (typeof wanted)[number]) =>
    scopes.filter((scope) => providerOfScope(scope) === provider);
  if (wanted.some((provider) => provider === undefined || within(provider).length === 0)) return null;
  return scopes.filter((scope) => wanted.includes(providerOfScope(scope)));
}

/** Tokens are asked for a resource that they cannot be for. */
export function unknownResource(): OAuthError {
  return new OAuthError('invalid_target', 'resource is none of ours, or the user has not allowed it.');
}

/** Scheme and host know no case (RFC 3986 §6.2.2.1); everything after them is compared as written. */
function withLowerCaseOrigin(resource: string): string {
  return resource.replace(/^[^:/]+:\/\/[^/?#]*/, (origin) => origin.toLowerCase());
}
