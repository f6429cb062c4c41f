import type { RequestListener } from 'node:http';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { Deps } from './deps.ts';
import { createReadiness } from './health.ts';
import { authorize } from './oauth/authorize.ts';
import { clientEndpoint } from './oauth/client_endpoint.ts';
import { startDevice } from './oauth/device.ts';
import { grant } from './oauth/grant.ts';
import { introspect } from './oauth/introspect.ts';
import { jwks, resourceMetadata, serverMetadata } from './oauth/metadata.ts';
import { push } from './oauth/par.ts';
import { clientConfiguration, register, registrationPath } from './oauth/register.ts';
import { notAhead, only, openToOrigins } from './oauth/request_rules.ts';
import { resume } from './oauth/resume.ts';
import { revoke } from './oauth/revoke.ts';
import { token } from './oauth/token.ts';
import { createProxy } from './proxy/http.ts';
import type { Sockets } from './proxy/websocket.ts';
import { pageHeaders } from './web/headers.ts';
import { createPages } from './web/routes.ts';

/** Everything that answers requests. */
export interface App {
  readonly listener: RequestListener;
  /** For requests that want to become a WebSocket. */
  readonly upgrade: Sockets['upgrade'];
  /** What is answered but for calls to providers. */
  readonly routes: readonly { readonly method: string; readonly path: string }[];
  /**
   * From now on it says that it is not ready, and each answer is the last on its connection. Resolves when there is no
   * WebSocket any more.
   */
  drain(): Promise<void>;
  /** Ends the WebSockets, which the server does not know of any more. */
  cut(): void;
  close(): Promise<void>;
}

/** Every route, on one screen. Calls to providers are answered on node's own request and response, before hono. */
export function createApp(deps: Deps): App {
  const proxy = createProxy(deps);
  const app = new Hono<{ Bindings: HttpBindings }>();
  let isDraining = false;
  const readiness = createReadiness(deps, () => isDraining);

  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', async (c) => {
    const { status, checks } = await readiness();
    return c.json({ status, checks }, status === 'ready' ? 200 : 503, { 'cache-control': 'no-store' });
  });

  app.all('/oauth/authorize', pageHeaders(deps.config), only('GET'), notAhead, authorize(deps));
  app.all('/oauth/resume/:id', pageHeaders(deps.config), only('GET'), notAhead, resume(deps));
  app.all(
    '/oauth/par',
    openToOrigins,
    only('POST'),
    clientEndpoint(deps, 'par', push, { status: 201, begins: true }),
  );
  app.all(
    '/oauth/device',
    openToOrigins,
    only('POST'),
    clientEndpoint(deps, 'device', startDevice, { begins: true }),
  );
  app.all('/oauth/token', openToOrigins, only('POST'), clientEndpoint(deps, 'token', token));
  app.all('/oauth/revoke', openToOrigins, only('POST'), clientEndpoint(deps, 'revoke', revoke));
  app.all('/oauth/introspect', only('POST'), clientEndpoint(deps, 'introspect', introspect));
  app.all('/grant', openToOrigins, only('GET'), grant(deps));
  app.all(registrationPath, openToOrigins, only('POST'), register(deps));
  app.all(`${registrationPath}/:id`, openToOrigins, only('GET', 'PUT', 'DELETE'), clientConfiguration(deps));
  app.all('/oauth/jwks', openToOrigins, only('GET', 'HEAD'), jwks(deps));
  app.all(
    '/.well-known/oauth-authorization-server',
    openToOrigins,
    only('GET', 'HEAD'),
    serverMetadata(deps),
  );
  app.all('/.well-known/openid-configuration', openToOrigins, only('GET', 'HEAD'), serverMetadata(deps));
  app.all(
    '/.well-known/oauth-protected-resource/*',
    openToOrigins,
    only('GET', 'HEAD'),
    resourceMetadata(deps),
  );

  app.route('/', createPages(deps));

  const pages = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  return {
    routes: app.routes,
    listener: (request, response) => {
      // Whoever asks whether we are ready may go on asking.
      if (isDraining && request.url !== '/readyz') response.shouldKeepAlive = false;
      if (proxy.handles(request.url ?? '/')) proxy.handle(request, response);
      else void pages(request, response);
    },
    upgrade: proxy.sockets.upgrade,
    drain: () => {
      isDraining = true;
      return proxy.sockets.drain();
    },
    cut: proxy.sockets.cut,
    close: () => proxy.close(),
  };
}
