import type { Answer } from './answer.ts';
import type { Call, UploadedFile } from './call.ts';
import type { Fields } from './fields.ts';
import type { BodyKind } from './request_body.ts';
import type { Shelf } from './shelf.ts';

/** What became of a request that came in another one. */
export interface RunRequest {
  readonly status: number;
  readonly body: unknown;
  /** What it would be billed by itself, in nano-USD. */
  readonly billed: number;
}

/** A request that has to do with what its key has had made. */
export interface KeptRequest {
  /** What stands in the places of the path. */
  readonly ids: readonly string[];
  readonly query: URLSearchParams;
  readonly fields: Fields;
  readonly files: readonly UploadedFile[];
  readonly shelf: Shelf;
  /** Does what another request asks for, as if it had come by itself. @param path with that of the API */
  readonly run: (path: string, fields: Fields) => RunRequest;
  /** Unix seconds. */
  readonly created: number;
}

export type Route = {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the path of its API. `{model}` stands for a model's name, any other place for an id. */
  readonly path: string;
  readonly paid: boolean;
} & (
  | { readonly body: 'none'; readonly answer: (parameter: string) => Answer }
  | {
      readonly body: 'json' | 'multipart';
      readonly answer: (call: Call) => Answer;
      /** Its answers are streams, whatever the body says. */
      readonly streams?: true;
      /** What answers when the request names no model. Without it the request is refused. */
      readonly defaultModel?: string;
    }
  | { readonly body: 'none' | BodyKind; readonly keep: (request: KeptRequest) => Answer }
);

/**
 * Finds the route for a path below the path of its API.
 * @returns the route and the values of its path parameters
 */
export function matchRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): { readonly route: Route; readonly parameters: readonly string[] } | undefined {
  for (const route of routes.filter((candidate) => candidate.method === method)) {
    const found = patternOf(route).exec(path);
    const parameters = found?.slice(1).map(decoded);
    if (parameters && !parameters.includes('')) return { route, parameters };
  }
  return undefined;
}

const patterns = new WeakMap<Route, RegExp>();

function patternOf(route: Route): RegExp {
  const known = patterns.get(route);
  if (known) return known;
  const parts = route.path.split(/\{\w+\}/).map((part) => part.replaceAll('.', '\\.'));
  const pattern = new RegExp(`^${parts.join('([^/]+)')}$`);
  patterns.set(route, pattern);
  return pattern;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '';
  }
}
