import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { authorizeUrl, formAuth, post } from '../conformance/flow.ts';
import { startTarget } from '../conformance/target.ts';

const target = await startTarget();
afterAll(() => target.close());
const app = await target.registerApp();

const names = fc.constantFrom(
  'client_id',
  'client_secret',
  'redirect_uri',
  'grant_type',
  'response_type',
  'code',
  'code_verifier',
  'code_challenge',
  'refresh_token',
  'scope',
  'state',
  'resource',
  'authorization_details',
  'token',
  'prompt',
  '__proto__',
);
const values = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '%',
    '%00',
    '%ff',
    'code',
    'S256',
    'openai:text',
    'refresh_token',
    'authorization_code',
    app.clientId,
  ),
);
/** Parameters as a program with a mistake, or malice, would write them: sometimes encoded, sometimes not. */
const encoded = fc
  .array(fc.tuple(names, values, fc.boolean()), { maxLength: 8 })
  .map((fields) =>
    fields
      .map(([name, value, encode]) => `${name}=${encode ? encodeURIComponent(value.toWellFormed()) : value}`)
      .join('&'),
  );
const runs = { numRuns: 300 };

describe('whatever is sent', () => {
  it('the endpoints of clients answer below 500', async () => {
    const paths = fc.constantFrom('/oauth/token', '/oauth/revoke', '/oauth/introspect');
    const known = new URLSearchParams(formAuth(app) as Record<string, string>).toString();
    await fc.assert(
      fc.asyncProperty(paths, encoded, fc.boolean(), async (path, text, authenticated) => {
        const response = await post(target, path, authenticated ? `${known}&${text}` : text);
        expect(response.status).toBeLessThan(500);
        if (path === '/oauth/token') expect(response.ok).toBe(false);
      }),
      runs,
    );
  });

  it('the authorization endpoint answers below 500, and never with a code', async () => {
    await fc.assert(
      fc.asyncProperty(encoded, fc.boolean(), async (text, good) => {
        const url = good
          ? `${authorizeUrl(target, app)}&${text}`
          : `${target.baseUrl}/oauth/authorize?${text}`;
        const response = await target.newBrowser().request(url);
        expect(response.status).toBeLessThan(500);
        expect(response.headers.get('location') ?? '').not.toMatch(/[?&]code=/);
      }),
      runs,
    );
  });
});
