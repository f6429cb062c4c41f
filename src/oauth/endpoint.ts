import type { HttpBindings } from '@hono/node-server';
import type { Context, Handler } from 'hono';
import type { Deps } from '../deps.ts';
import { asOAuthError, errorResponse } from './errors.ts';
import { logRefusal } from './log.ts';

interface Environment {
  readonly Bindings: HttpBindings;
  /** Who asks, for the log, as soon as that is known. */
  readonly Variables: { clientId?: string };
}

export type EndpointContext = Context<Environment>;
export type Endpoint = Handler<Environment>;

/** What goes out; without a body when there is nothing left to tell of. */
interface Answer {
  readonly status: 200 | 201 | 204;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Nothing that these endpoints say may be kept by a cache (RFC 6749 §5.1). */
const uncached = { 'Cache-Control': 'no-store', Pragma: 'no-cache', 'X-Content-Type-Options': 'nosniff' };

/** An endpoint that sends out an answer as JSON, or the error that was thrown in its place. @param name for the log */
export function endpoint(
  deps: Deps,
  name: string,
  answer: (c: EndpointContext) => Promise<Answer>,
): Endpoint {
  return async (c) => {
    try {
      const { status, body, headers } = await answer(c);
      const sent = { ...uncached, ...headers };
      return status === 204 ? c.body(null, status, sent) : c.json(body, status, sent);
    } catch (thrown) {
      const error = asOAuthError(thrown);
      logRefusal(deps.log, name, error, c.get('clientId'));
      const { status, headers, body } = errorResponse(error);
      return c.json(body, status, { ...uncached, ...headers });
    }
  };
}
