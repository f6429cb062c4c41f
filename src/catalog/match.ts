import { isLent } from './models.ts';
import { isId, type NamedObject } from './objects.ts';
import { featureQuery, type Provider } from './provider.ts';
import type { Route } from './route.ts';

export interface Match {
  readonly route: Route;
  /** Where it goes under the provider's base URL: the route's own path, with checked values in its places, and query. */
  readonly path: string;
  /** The model that the path names. */
  readonly model: string | null;
  /** What the provider keeps that the path names. */
  readonly objects: readonly NamedObject[];
}

const pathGrammar = /^(\/[A-Za-z0-9_.:@-]+)+$/;
const modelPlace = 'model';
const dotSegment = /\/\.{1,2}(\/|$)/;
const place = /^\{(.+?)\}/;

/**
 * Finds the route for a path under a provider's mount.
 * @param path as it stands in the request target, without the query. It is never decoded: a path that would need it
 *   matches nothing.
 * @param query as it stands there, without the question mark; nothing of it goes on but what chooses a version
 */
export function match(provider: Provider, method: string, path: string, query = ''): Match | null {
  const { fixed, withPlaces } = indexOf(provider);
  const route = fixed.get(`${method} ${path}`);
  if (route) return { route, path: forwarded(provider, route, route.path, query), model: null, objects: [] };
  if (!pathGrammar.test(path) || dotSegment.test(path)) return null;
  const segments = path.split('/');
  const found = withPlaces.find(
    ({ route: { method: wanted }, parts }) => wanted === method && fits(parts, segments, provider),
  );
  if (!found) return null;
  const { route: matched, parts } = found;
  const values = parts.flatMap((part, index) => {
    const [, name] = place.exec(part) ?? [];
    return name === undefined ? [] : [{ name, value: valueIn(part, segments[index] ?? '') ?? '' }];
  });
  return {
    route: matched,
    path: forwarded(provider, matched, path, query),
    model: values.find(({ name }) => name === modelPlace)?.value ?? null,
    objects: values.flatMap(({ name, value: id }) => {
      const kind = matched.kept?.[name];
      return kind === undefined ? [] : [{ kind, id, param: null }];
    }),
  };
}

function forwarded(provider: Provider, route: Route, path: string, query: string): string {
  const { basePath = '', featureQuery: hasVersions } = provider;
  return basePath + path + (hasVersions ? `?${featureQuery(provider, query)}` : queryOf(route, query));
}

/** What goes upstream behind the path, `?` included. */
function queryOf({ query, parameters }: Route, sent: string): string {
  if (query !== undefined || parameters === undefined || sent === '') return query ?? '';
  const allowed = [...new URLSearchParams(sent)].filter(
    ([name, value]) => Object.hasOwn(parameters, name) && parameters[name]?.test(value),
  );
  return allowed.length === 0 ? '' : `?${new URLSearchParams(allowed)}`;
}

interface RouteIndex {
  readonly fixed: ReadonlyMap<string, Route>;
  readonly withPlaces: readonly { readonly route: Route; readonly parts: readonly string[] }[];
}

const indexes = new WeakMap<Provider, RouteIndex>();

function indexOf(provider: Provider): RouteIndex {
  const known = indexes.get(provider);
  if (known) return known;
  const hasPlace = (route: Route) => route.path.includes('{');
  const index = {
    fixed: new Map(
      provider.routes
        .filter((route) => !hasPlace(route))
        .map((route) => [`${route.method} ${route.path}`, route]),
    ),
    withPlaces: provider.routes.filter(hasPlace).map((route) => ({ route, parts: route.path.split('/') })),
  };
  indexes.set(provider, index);
  return index;
}

function fits(parts: readonly string[], segments: readonly string[], { models }: Provider): boolean {
  return (
    parts.length === segments.length &&
    parts.every((part, index) => {
      const segment = segments[index] ?? '';
      const [, name] = place.exec(part) ?? [];
      if (name === undefined) return part === segment;
      const value = valueIn(part, segment);
      return value !== null && (name === modelPlace ? isLent(models, value) : isId(value));
    })
  );
}

/** What stands in the place of a part such as `{model}:countTokens`; null when the segment is not one of this kind. */
function valueIn(part: string, segment: string): string | null {
  const behind = part.replace(place, '');
  return segment.endsWith(behind) ? segment.slice(0, segment.length - behind.length) : null;
}
