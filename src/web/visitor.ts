import { getConnInfo } from '@hono/node-server/conninfo';
import { getCookie, setCookie } from 'hono/cookie';
import { createMiddleware } from 'hono/factory';
import { browserCookie, sessionCookie } from '../accounts/cookies.ts';
import { findSignedIn } from '../accounts/session.ts';
import type { Deps } from '../deps.ts';
import { clientAddress } from '../lib/client_address.ts';
import { sha256 } from '../lib/hash.ts';
import { newToken } from '../lib/ids.ts';
import { csrfToken } from './csrf.ts';
import type { PageEnv } from './page.ts';

/** Finds out who asks, and gives a browser that comes for the first time its name. */
export function identify(deps: Deps) {
  const session = sessionCookie(deps.config);
  const browser = browserCookie(deps.config);
  return createMiddleware<PageEnv>(async (c, next) => {
    c.set('deps', deps);
    const sessionToken = getCookie(c, session.name);
    const signedIn = await findSignedIn(deps, sessionToken);
    let browserToken = getCookie(c, browser.name);
    if (!browserToken) {
      browserToken = newToken('ccbr');
      setCookie(c, browser.name, browserToken, browser.attributes);
    }
    c.set('visitor', {
      user: signedIn?.user ?? null,
      session: signedIn?.session ?? null,
      sessionToken,
      browserHash: sha256(browserToken),
      csrf: csrfToken(signedIn?.token ?? browserToken),
      address: clientAddress(
        getConnInfo(c).remote.address,
        c.req.header('x-forwarded-for'),
        deps.config.isTrustedProxy,
      ),
    });
    await next();
  });
}
