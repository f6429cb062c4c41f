import { hash } from 'node:crypto';
import { html, raw } from 'hono/html';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type OAuthError, retryHeader } from './errors.ts';

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; padding: 12vh 1.5rem 3rem; background: light-dark(#f6f5f2, #121416); color: light-dark(#1c1d1f, #eceef0); }
main { max-width: 34rem; margin: auto; padding: 2rem; border: 1px solid light-dark(#e0ddd5, #2e3338); border-radius: 0.875rem; background: light-dark(#ffffff, #1a1d20); }
h1 { margin: 0 0 .75rem; font-size: 1.35rem; line-height: 1.3; }
p { margin: 0 0 .75rem; }
dl { margin: 1.5rem 0 0; padding-top: 1rem; border-top: 1px solid light-dark(#e0ddd5, #2e3338); font-size: .875rem; }
dt { color: light-dark(#5d5f64, #a7aeb6); }
dd { margin: 0 0 .75rem; overflow-wrap: anywhere; font-family: ui-monospace, monospace; }
`;

/** Nothing is loaded and nothing runs; the one style is named by its hash. */
const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${hash('sha256', style, 'base64')}'`,
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

/** A page for a person whose way to or from an app ends here. Stands on its own, so that it shows whatever else fails. */
export interface ErrorPage {
  readonly html: string;
  readonly status: ContentfulStatusCode;
  readonly headers: Record<string, string>;
}

/** @param redirectUri as the app sent it, for its developer to compare */
export async function errorPage(error: OAuthError, redirectUri?: string): Promise<ErrorPage> {
  const heading = error.status >= 500 ? 'This does not work right now' : 'This cannot go on';
  const page = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${heading} · Coatcheck</title>
<style>${raw(style)}</style>
</head>
<body>
<main>
<h1>${heading}</h1>
<p>${error.description}</p>
<p>Go back to the app and start again. If that does not help, tell the people who make it.</p>
<dl>
<dt>Error</dt><dd>${error.code}</dd>
${redirectUri === undefined ? '' : html`<dt>redirect_uri as it came</dt><dd>${redirectUri}</dd>`}
</dl>
</main>
</body>
</html>
`;
  return {
    html: page.toString(),
    status: error.status,
    headers: { 'Content-Security-Policy': contentSecurityPolicy, ...retryHeader(error) },
  };
}
