import { findScope, providerOfScope, providersOfScopes } from '../../catalog/catalog.ts';
import type { ScopeRow } from '../../catalog/provider.ts';
import { splitScope } from '../../catalog/scope.ts';
import { Badge } from './badge.tsx';

/**
 * What a scope string allows with each provider, as a sentence part: "generate text, make and edit images".
 * @param named says with which provider even if there is but one
 */
export function scopeInWords(scope: string, named = false): readonly string[] {
  const scopes = splitScope(scope);
  const providers = providersOfScopes(scopes);
  const may = (some: readonly string[]) => some.map((one) => findScope(one)?.may ?? one).join(', ');
  if (providers.length < 2 && !named) return [may(scopes)];
  return providers.map((provider) => {
    const own = scopes.filter((one) => providerOfScope(one) === provider);
    return `${may(own)} with ${provider.title}`;
  });
}

/** Scopes to tick, in plain words. */
export function ScopeTicks(props: {
  /** Where complaints lead to; one a page. */
  readonly id?: string;
  readonly legend: string;
  readonly rows: readonly ScopeRow[];
  readonly ticked: readonly string[];
  /** Marked as not allowed so far. */
  readonly fresh?: readonly string[];
  /** Shows the names on the wire too, for developers. */
  readonly named?: boolean;
  readonly complaint?: string | null | undefined;
}) {
  const { id = 'scope', legend, rows, ticked, fresh = [], named, complaint } = props;
  return (
    <fieldset class="ticks" id={id}>
      <legend>{legend}</legend>
      {complaint && <p class="complaint">{complaint}</p>}
      {rows.map(({ scope, may }) => (
        <label>
          <input type="checkbox" name="scope" value={scope} checked={ticked.includes(scope)} />
          <span>
            {may} {fresh.includes(scope) && <Badge tone="warning">New</Badge>}
            {named && (
              <small>
                <code>{scope}</code>
              </small>
            )}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
