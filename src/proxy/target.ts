import { apis } from '../catalog/catalog.ts';
import type { Provider } from '../catalog/provider.ts';

/** A request target on a provider's ground. */
export interface Target {
  readonly provider: Provider;
  /** Under the mount, as it was written, without the query; null when it does not even begin with the mount. */
  readonly path: string | null;
  /** As it was written, without the question mark. */
  readonly query: string;
}

/** RFC 9112 §3.2.2 */
export const absoluteForm = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i;
const parts = /^([^?#]*)(?:\?([^#]*))?/;

/**
 * Finds whose ground a request target is on. Other spellings of a mount (encoded, doubled slashes, capitals) count as
 * its ground too, so that they are answered like any wrong path there: first of all, not without a token.
 * @param target as in the request line; the host of an absolute form (RFC 9112 §3.2.2) is ignored
 */
export function locate(target: string): Target | null {
  const [, path = '', query = ''] = parts.exec(target.replace(absoluteForm, '')) ?? [];
  const exact = apis.find(({ mount }) => path.startsWith(`${mount}/`));
  if (exact) return { provider: exact, path: path.slice(exact.mount.length), query };
  const near = apis.find(({ mount }) => isNear(path, mount));
  return near ? { provider: near, path: null, query } : null;
}

function isNear(path: string, mount: string): boolean {
  const [, ground = ''] = mount.split('/');
  const [first = ''] = plain(path).split('/').filter(Boolean);
  return first === ground;
}

function plain(path: string): string {
  const decoded = path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return decoded.replaceAll('\\', '/').replace(/;.*$/s, '').toLowerCase();
}
