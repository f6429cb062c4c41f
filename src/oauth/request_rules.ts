import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';

/** Lets these methods through and answers others 405. HEAD has to be named: what a GET does is not done for a HEAD. */
export function only(...methods: readonly string[]): MiddlewareHandler {
  return async (c, next) => {
    if (methods.includes(c.req.method)) return next();
    return c.text(`Use ${methods.join(' or ')}.\n`, 405, { Allow: methods.join(', ') });
  };
}

/** Turns away what a browser fetches before anybody asked for it: a code made then would be spent on nobody. */
export const notAhead: MiddlewareHandler = async (c, next) => {
  const purpose = c.req.header('sec-purpose') ?? c.req.header('purpose') ?? '';
  return /\bpre(fetch|render)\b/i.test(purpose) ? c.text('Not to be fetched ahead.\n', 409) : next();
};

/**
 * Lets apps in a browser read the answers of the endpoints that clients call themselves, whatever their origin: nothing
 * there rests on cookies (OAuth 2.1 §3.2). Not for the endpoints that a person's browser visits (§3.1).
 */
export const openToOrigins: MiddlewareHandler = cors({
  origin: '*',
  allowMethods: ['GET', 'POST', 'PUT', 'DELETE'],
  allowHeaders: ['Authorization', 'Content-Type', 'DPoP'],
  exposeHeaders: ['WWW-Authenticate', 'DPoP-Nonce', 'Retry-After'],
  maxAge: 600,
});
