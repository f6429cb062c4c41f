import type { Answer } from './answer.ts';
import type { Call } from './call.ts';

export type Route = {
  readonly method: 'GET' | 'POST';
  /** Below the path of its API. `{model}` stands for a model's name, the only parameter there is. */
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
);

/**
 * Finds the route for a path below the path of its API.
 * @returns the route and the value of its path parameter ('' when it has none)
 */
export function matchRoute(
  routes: readonly Route[],
  method: string,
  path: string,
): { readonly route: Route; readonly parameter: string } | undefined {
  for (const route of routes.filter((candidate) => candidate.method === method)) {
    const [before = '', after] = route.path.split('{model}');
    if (after === undefined && path === route.path) return { route, parameter: '' };
    const fits = after !== undefined && path.startsWith(before) && path.endsWith(after);
    const segment = fits ? path.slice(before.length, path.length - after.length) : '';
    const parameter = segment.includes('/') ? '' : decoded(segment);
    if (parameter !== '') return { route, parameter };
  }
  return undefined;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '';
  }
}
