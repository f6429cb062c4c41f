import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Provider } from '../../src/catalog/provider.ts';

/** One thing that an API can be asked for. */
export interface SurfaceRow {
  /** `WS`: a GET that becomes a WebSocket. */
  readonly method: string;
  /** With `{place}`s, and a query where that makes another call of it. */
  readonly path: string;
  /**
   * `lent`: to apps with the scope. `later`: nothing that could not be lent, but nothing does it yet. `never`: it is not the
   * app's to ask for. `plain`: like the row without the query.
   */
  readonly verdict: 'lent' | 'later' | 'never' | 'plain';
  readonly scope: string;
  readonly why: string;
}

type Mounted = Pick<Provider, 'mount'>;

/** The first part of an API's mount. */
export function groundOf({ mount }: Mounted): string {
  return mount.split('/')[1] ?? '';
}

/** Everything that an API can be asked for, as somebody has judged it. */
export function readSurface(api: Mounted): readonly SurfaceRow[] {
  const file = `${groundOf(api).replaceAll('-', '_')}_surface.tsv`;
  const [, ...lines] = readFileSync(join(import.meta.dirname, file), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => {
    const [method = '', path = '', verdict = '', scope = '', why = ''] = line.split('\t');
    return { method, path, verdict: verdict as SurfaceRow['verdict'], scope, why };
  });
}

/** The path of a row as it is under the API's mount, which may hold the beginning of it. */
export function pathOf(api: Mounted, { path }: Pick<SurfaceRow, 'path'>): string {
  return `/${groundOf(api)}${path}`.slice(api.mount.length);
}

/** A call in the source of an SDK: the method of its client, and the path as text or template. */
const callPattern =
  /_client\.(getAPIList|get|post|put|patch|delete)\(\s*(?:path\s*)?([`'"])((?:(?!\2).)*)\2([^;]*)/g;
const anyCall = /_client\.(?:getAPIList|get|post|put|patch|delete)\(/g;

/** What an SDK can ask for, read off its own code: `METHOD /path/{}`. */
export function callsOfSdk(sdk: string): { readonly calls: ReadonlySet<string>; readonly unread: number } {
  const root = dirname(fileURLToPath(import.meta.resolve(sdk)));
  const calls = new Set<string>();
  let unread = 0;
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    const isFunction = /^funcs\/\w+\.js$/.test(name);
    if (!isFunction && !name.endsWith('.mjs')) continue;
    const source = readFileSync(join(root, name), 'utf8');
    if (isFunction && source.includes('pathToFunc(')) {
      const [, method] = /method: "([A-Z]+)"/.exec(source) ?? [];
      const [, path] = /pathToFunc\("([^"#]+)/.exec(source) ?? [];
      if (method && path) calls.add(`${method} ${withoutNames(path)}`);
      else unread += 1;
    }
    unread += source.match(anyCall)?.length ?? 0;
    for (const [, verb = '', , template = '', rest = ''] of source.matchAll(callPattern)) {
      unread -= 1;
      const method = verb === 'getAPIList' ? (/method: '(\w+)'/.exec(rest)?.[1] ?? 'get') : verb;
      calls.add(`${method.toUpperCase()} ${withoutNames(template.replace(/\$\{[^}]*\}/g, '{}'))}`);
    }
  }
  return { calls, unread };
}

/** A path of a WebSocket in the source of an SDK, and the name in its query that makes another call of it. */
const socketPath = /endpoint = (?:path ?)?(['`])(.*)\1|['`/](realtime)['`]/;
const socketName = /searchParams\.set\('(\w+)'/g;

/** Which WebSockets an SDK can open, read off its own code: `WS /path/{}`, with `?name` where there are several. */
export function socketsOfSdk(sdk: string): {
  readonly sockets: ReadonlySet<string>;
  readonly unread: number;
} {
  const root = dirname(fileURLToPath(import.meta.resolve(sdk)));
  const sockets = new Set<string>();
  let unread = 0;
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (!/ws\.mjs$|internal-base\.mjs$|websocket-binding\.mjs$/.test(name)) continue;
    const source = readFileSync(join(root, name), 'utf8');
    if (source.includes('new WS.WebSocket(')) unread += 1;
    const [, , endpoint, shared] = socketPath.exec(source) ?? [];
    const path = endpoint ?? (shared && `/${shared}`);
    if (path === undefined || name.endsWith('ws.mjs')) continue;
    unread -= 1;
    const names = [...source.matchAll(socketName)].map(([, one]) => `?${one}`);
    for (const query of names.length === 0 ? [''] : names) {
      sockets.add(`WS ${withoutNames(path.replace(/\$\{[^}]*\}/g, '{}'))}${query}`);
    }
  }
  return { sockets, unread };
}

/** What Google's SDK can do with a model, and which collections it knows, read off its own code. */
export function namesOfGoogleSdk(sdk: string): {
  readonly verbs: readonly string[];
  readonly collections: readonly string[];
} {
  const source = readFileSync(fileURLToPath(import.meta.resolve(sdk)), 'utf8');
  const found = (pattern: RegExp) => [...new Set([...source.matchAll(pattern)].map(([, name = '']) => name))];
  return {
    verbs: found(/formatMap\('\{model\}:(\w+)/g),
    collections: found(/formatMap\('([a-z]\w+)/g),
  };
}

/** A path with empty places and no query. */
export function withoutNames(path: string): string {
  return path.replace(/\{[^}]*\}/g, '{}').replace(/\?.*$/, '');
}
