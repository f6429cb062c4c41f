import { allScopes, findScope } from './catalog.ts';

/** Accepted and without effect: refresh tokens are issued anyway. */
const ignoredScope = 'offline_access';

/** Splits a scope string (RFC 6749 §3.3) into its tokens, each once, in the catalog's order. */
export function splitScope(text: string): readonly string[] {
  const tokens = new Set(text.split(' ').filter((token) => token !== '' && token !== ignoredScope));
  const known = allScopes.filter((scope) => tokens.delete(scope));
  return [...known, ...tokens];
}

/** Writes scopes as a scope string (RFC 6749 §3.3). */
export function joinScope(scopes: readonly string[]): string {
  return scopes.join(' ');
}

/** The tokens of a scope string that no provider has. */
export function unknownScopes(text: string): readonly string[] {
  return splitScope(text).filter((scope) => !findScope(scope));
}

/** Whether every scope of `inner` is in `outer`. */
export function isWithin(inner: readonly string[], outer: readonly string[]): boolean {
  return inner.every((scope) => outer.includes(scope));
}
