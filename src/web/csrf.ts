import { createMiddleware } from 'hono/factory';
import { isCutOff, readBounded } from '../lib/bounded_body.ts';
import { constantTimeEqual, hmac } from '../lib/hash.ts';
import type { PageEnv } from './page.ts';
import { forbiddenForm, formTooLarge } from './problem.tsx';

/** In bytes; many times what any form of ours holds. The page that refuses more says 64 KB. */
const largestForm = 64 * 1024;

/** What forms carry: bound to the session, or before sign-in to the browser, and useless for getting at either. */
export function csrfToken(boundTo: string): string {
  return hmac(boundTo, 'csrf');
}

/**
 * Lets a form post through when it came from one of our own pages, sent to this very session. Reads the form, up to a bound.
 * @param issuer the public origin: the Host header says nothing about where we are
 */
export function checkForm(issuer: string) {
  return createMiddleware<PageEnv>(async (c, next) => {
    const sent = { site: c.req.header('sec-fetch-site'), origin: c.req.header('origin') };
    if (!isSameOrigin(sent, issuer)) return forbiddenForm(c);
    // Off node's own stream, not destroyed when it turns out too large: the answer has to get out first.
    const sentBody = c.env.incoming.iterator({ destroyOnReturn: false });
    let body: Buffer | null;
    try {
      body = await readBounded(sentBody, largestForm);
    } catch (error) {
      // Nobody is there any more to read an answer.
      if (isCutOff(error)) return c.body(null, 400);
      throw error;
    }
    if (!body) return formTooLarge(c);
    const form = new URLSearchParams(body.toString());
    if (!constantTimeEqual(form.get('csrf') ?? '', c.var.visitor.csrf)) return forbiddenForm(c);
    c.set('form', form);
    return next();
  });
}

/**
 * Whether what the browser says of where a post comes from, if it says anything, is: from us. Under our own
 * `Referrer-Policy: no-referrer` the Origin of our own forms is `null`, so Sec-Fetch-Site has to vouch for those.
 */
function isSameOrigin(
  { site, origin }: { readonly site: string | undefined; readonly origin: string | undefined },
  issuer: string,
): boolean {
  if (site !== undefined && site !== 'same-origin') return false;
  if (origin === 'null') return site === 'same-origin';
  return origin === undefined || origin === issuer;
}
