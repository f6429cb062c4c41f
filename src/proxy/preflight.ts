import type { IncomingMessage, ServerResponse } from 'node:http';

const headerNames = /^[a-z0-9-]{1,64}(, ?[a-z0-9-]{1,64}){0,63}$/i;

/** Whether a browser asks if a page may send a request (CORS). It asks without a token. */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'OPTIONS' &&
    headers.origin !== undefined &&
    headers['access-control-request-method'] !== undefined
  );
}

/**
 * Lets pages of any origin send requests without cookies: it is the token that counts. The headers asked for are named
 * back, because a wildcard would not cover Authorization (Fetch, CORS-preflight).
 */
export function answerPreflight({ headers }: IncomingMessage, response: ServerResponse): void {
  const asked = headers['access-control-request-headers'] ?? '';
  response.writeHead(204, {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, POST, DELETE',
    ...(headerNames.test(asked) ? { 'access-control-allow-headers': asked } : {}),
    'access-control-max-age': '7200',
    vary: 'access-control-request-headers',
  });
  response.end();
}
