import { createMiddleware } from 'hono/factory';

/**
 * The content security policy of a page: nothing but our own style sheet, script and images; no frames around it.
 * @param formTargets where its forms may lead besides us. Chromium applies this to the redirects after a post too.
 */
export function contentSecurityPolicy(formTargets: readonly string[] = []): string {
  return [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self'",
    `form-action ${["'self'", ...formTargets].join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}

/**
 * Security headers for everything people see. What a page has set itself stays.
 *
 * HSTS only where the issuer is https, and without includeSubDomains: the names beside ours are not ours to decide on.
 * No Cross-Origin-Opener-Policy: it would cut the tie between an app and the pop-up it opened for consent for good.
 */
export function pageHeaders({ production }: { readonly production: boolean }) {
  const headers = {
    'Content-Security-Policy': contentSecurityPolicy(),
    'X-Frame-Options': 'DENY',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    ...(production ? { 'Strict-Transport-Security': 'max-age=31536000' } : {}),
  };
  return createMiddleware(async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(headers)) {
      if (!c.res.headers.has(name)) c.res.headers.set(name, value);
    }
  });
}
