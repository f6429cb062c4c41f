import { isLent } from './models.ts';
import type { Provider } from './provider.ts';
import type { SocketRoute } from './socket.ts';

export interface SocketMatch {
  readonly route: SocketRoute;
  /** The model that the query names. */
  readonly model: string | null;
  /** Where it goes under the provider's base URL, with its query. */
  readonly target: string;
}

/**
 * Finds the socket for a path under a provider's mount.
 * @param path as it stands in the request target, without the query; it is never decoded
 * @returns null when no such socket is lent; `unclear` when the query does not say which
 */
export function matchSocket(
  { sockets = [], models }: Provider,
  path: string,
  query: URLSearchParams,
): SocketMatch | 'unclear' | null {
  const rows = sockets.filter((socket) => socket.path === path);
  if (rows.length === 0 || rows.some(({ neverWith }) => neverWith.some((name) => query.has(name))))
    return null;
  const plain = rows.find((row) => row.query === null);
  if (plain) return { route: plain, model: null, target: path };
  const said = rows.flatMap((route) =>
    query.getAll(route.query?.name ?? '').map((value) => ({ route, value })),
  );
  const [only] = said;
  if (!only || said.length > 1) return 'unclear';
  const { route, value } = only;
  const { name = '', value: wanted } = route.query ?? {};
  const namesModel = wanted === '{model}';
  if (namesModel ? !isLent(models, value) : value !== wanted) return 'unclear';
  return { route, model: namesModel ? value : null, target: `${path}?${name}=${encodeURIComponent(value)}` };
}
