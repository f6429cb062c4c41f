import { splitScope } from '../catalog/scope.ts';
import type { Family, Grant } from '../store/records.ts';

/** What tokens of this family may do now: what was authorized, as far as the user still allows it. */
export function effectiveScopes({
  family,
  grant,
}: {
  readonly family: Pick<Family, 'scope'>;
  readonly grant: Pick<Grant, 'scope'>;
}): readonly string[] {
  const allowed = splitScope(grant.scope);
  return splitScope(family.scope).filter((scope) => allowed.includes(scope));
}
