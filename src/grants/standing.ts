import { splitScope } from '../catalog/scope.ts';
import type { Standing } from '../store/standing.ts';

/** What tokens of this family may do now: what was authorized, as far as the user still allows it. */
export function effectiveScopes({ family, grant }: Standing): readonly string[] {
  const allowed = splitScope(grant.scope);
  return splitScope(family.scope).filter((scope) => allowed.includes(scope));
}
