import { afterAll, describe, expect, it, vi } from 'vitest';
import type { Fields } from '../support/authorization.ts';
import {
  ask,
  basicAuth,
  formAuth,
  introspect,
  obtainCode,
  obtainTokens,
  post,
  redeem,
  refresh,
} from './flow.ts';
import { startTarget } from './target.ts';

const target = await startTarget();
afterAll(() => target.close());
const app = await target.registerApp();
const publicApp = await target.registerApp({ type: 'spa' });
const secret = app.clientSecret ?? '';

const fields = (issued: { code: string; verifier: string }, changes: Fields = {}): Fields => ({
  grant_type: 'authorization_code',
  code: issued.code,
  redirect_uri: app.redirectUri,
  code_verifier: issued.verifier,
  ...changes,
});

describe('token endpoint', () => {
  it('44 GET is refused, and a query issues nothing', async () => {
    const issued = await obtainCode(target, app);
    const query = new URLSearchParams({ ...fields(issued), ...formAuth(app) } as Record<string, string>);
    const got = await fetch(`${target.baseUrl}/oauth/token?${query}`);
    expect(got.status).toBe(405);
    expect((await redeem(target, app, issued)).status).toBe(200);
  });

  it('45 neither secret nor code is taken from the query of a POST', async () => {
    const issued = await obtainCode(target, app);
    const { client_id, client_secret } = formAuth(app);
    const inUrl = (name: string, value: string | undefined, rest: Fields) =>
      ask(target, `/oauth/token?${new URLSearchParams({ [name]: value ?? '' })}`, rest);
    const secretInUrl = await inUrl('client_secret', client_secret, { ...fields(issued), client_id });
    expect(secretInUrl.error).toBe('invalid_client');
    const codeInUrl = await inUrl('code', issued.code, {
      ...fields(issued),
      code: undefined,
      ...formAuth(app),
    });
    expect(codeInUrl.error).toBe('invalid_request');
    expect((await redeem(target, app, issued)).status).toBe(200);
  });

  it('46 only a form is read', async () => {
    const form = new FormData();
    form.set('grant_type', 'authorization_code');
    for (const [body, type] of [
      [JSON.stringify({ grant_type: 'authorization_code', ...formAuth(app) }), 'application/json'],
      [`grant_type=authorization_code&client_id=${app.clientId}&client_secret=${secret}`, 'text/plain'],
      [
        `grant_type=authorization_code&client_id=${app.clientId}&client_secret=${secret}`,
        'application/x-www-form-urlencodedx',
      ],
      [form, undefined],
    ] as const) {
      const response = await fetch(`${target.baseUrl}/oauth/token`, {
        method: 'POST',
        body,
        ...(type ? { headers: { 'content-type': type } } : {}),
      });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: 'invalid_request' });
    }
    const charset = { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' };
    const issued = await obtainCode(target, app);
    expect((await ask(target, '/oauth/token', fields(issued, formAuth(app)), charset)).status).toBe(200);
  });

  it('47 a repeated parameter is invalid_request and spends nothing', async () => {
    const issued = await obtainCode(target, app);
    const body = new URLSearchParams({ ...fields(issued), ...formAuth(app) } as Record<
      string,
      string
    >).toString();
    for (const extra of [
      `&code=${issued.code}`,
      '&grant_type=authorization_code',
      `&client_id=${app.clientId}`,
    ]) {
      expect((await ask(target, '/oauth/token', body + extra)).error).toBe('invalid_request');
    }
    expect((await ask(target, '/oauth/token', body)).status).toBe(200);
  });

  it('48 success and errors are JSON that no cache keeps', async () => {
    const good = await obtainTokens(target, app);
    const bad = await refresh(target, app, 'nonsense');
    const unauthorized = await refresh(target, { ...app, clientSecret: 'wrong' }, 'nonsense');
    for (const { headers } of [good, bad, unauthorized]) {
      expect(headers.get('content-type')).toMatch(/^application\/json/);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('pragma')).toBe('no-cache');
    }
  });

  it('49 grant_type missing is invalid_request, unknown is unsupported_grant_type', async () => {
    expect((await ask(target, '/oauth/token', formAuth(app))).error).toBe('invalid_request');
    for (const grant_type of [
      'password',
      'client_credentials',
      'implicit',
      '__proto__',
      'constructor',
      'REFRESH_TOKEN',
    ]) {
      const answer = await ask(target, '/oauth/token', { grant_type, ...formAuth(app) });
      expect(answer.status).toBe(400);
      expect(answer.error).toBe('unsupported_grant_type');
    }
  });

  it('50 bad Basic credentials are a 401 with a challenge, and an unknown client is answered alike', async () => {
    const grant = { grant_type: 'refresh_token', refresh_token: 'x' };
    const wrong = await ask(target, '/oauth/token', grant, basicAuth(app.clientId, 'wrong'));
    const unknown = await ask(target, '/oauth/token', grant, basicAuth('cli_nobody', 'wrong'));
    for (const answer of [wrong, unknown]) {
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
    }
    expect(unknown.body).toEqual(wrong.body);
    expect(wrong.error).toBe('invalid_client');
  });

  it('51 a confidential client that only names itself is refused', async () => {
    const issued = await obtainCode(target, app);
    for (const client_secret of [undefined, '']) {
      const answer = await redeem(target, app, issued, { client_secret });
      expect(answer.status).toBe(401);
      expect(answer.error).toBe('invalid_client');
    }
    expect((await redeem(target, app, issued)).status).toBe(200);
  });

  it('52 two ways of authenticating in one request are invalid_request', async () => {
    const issued = await obtainCode(target, app);
    const both = await ask(
      target,
      '/oauth/token',
      fields(issued, formAuth(app)),
      basicAuth(app.clientId, secret),
    );
    expect(both.status).toBe(400);
    expect(both.error).toBe('invalid_request');
    const other = { client_id: publicApp.clientId };
    const mixed = await ask(target, '/oauth/token', fields(issued, other), basicAuth(app.clientId, secret));
    expect(mixed.error).toBe('invalid_request');
    const same = { client_id: app.clientId };
    expect(
      (await ask(target, '/oauth/token', fields(issued, same), basicAuth(app.clientId, secret))).status,
    ).toBe(200);
  });

  it('53 a secret from a client that has none is refused, and the code stays good', async () => {
    const issued = await obtainCode(target, publicApp);
    const posted = await redeem(target, publicApp, issued, { client_secret: 'anything' });
    expect(posted.error).toBe('invalid_client');
    const basic = await ask(
      target,
      '/oauth/token',
      fields(issued, { redirect_uri: publicApp.redirectUri }),
      basicAuth(publicApp.clientId, 'anything'),
    );
    expect(basic.error).toBe('invalid_client');
    expect((await redeem(target, publicApp, issued)).status).toBe(200);
  });

  it('54 Basic credentials are form-urlencoded and split at the first colon; what cannot be read is a 4xx', async () => {
    const encoded = (text: string) => text.replaceAll('_', '%5F');
    const issued = await obtainCode(target, app);
    const answer = await ask(
      target,
      '/oauth/token',
      fields(issued),
      basicAuth(encoded(app.clientId), encoded(secret)),
    );
    expect(answer.status).toBe(200);
    for (const authorization of [
      'Basic',
      'Basic !!!',
      'Basic %%%',
      `Basic ${Buffer.from('no colon').toString('base64')}`,
      `Basic ${Buffer.from('a%zz:b').toString('base64')}`,
      `Basic ${Buffer.from([0xff, 0xfe, 0x3a]).toString('base64')}`,
      `Basic ${Buffer.from(`${app.clientId}:x:${secret}`).toString('base64')}`,
      `Bearer ${secret}`,
    ]) {
      expect((await ask(target, '/oauth/token', {}, { authorization })).status, authorization).toBe(401);
    }
    expect(secret).toMatch(/^[A-Za-z0-9._~-]+$/);
  });

  it('55 client_secret_post and client_secret_basic both work', async () => {
    const posted = await obtainCode(target, app);
    expect((await ask(target, '/oauth/token', fields(posted, formAuth(app)))).status).toBe(200);
    const basic = await obtainCode(target, app);
    expect((await ask(target, '/oauth/token', fields(basic), basicAuth(app.clientId, secret))).status).toBe(
      200,
    );
  });

  it('43 guessing a secret is limited, and the client that knows it is not', async () => {
    const guessed = await target.registerApp();
    const guess = () => refresh(target, { ...guessed, clientSecret: 'wrong' }, 'x');
    let last = await guess();
    for (let tries = 1; tries <= 100 && last.status === 401; tries++) last = await guess();
    expect(last.status).toBe(429);
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await obtainTokens(target, guessed)).status).toBe(200);
    target.advance(301);
    expect((await guess()).status).toBe(401);
  });

  it('66 the answer names scope, life in seconds and type', async () => {
    const { body } = await obtainTokens(target, app, { scope: 'openai:text' });
    expect(body).toEqual({
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 1800,
      scope: 'openai:text',
    });
  });

  it('68 any origin may read answers, without credentials', async () => {
    for (const path of ['token', 'revoke', 'par', 'device', 'register'].map((name) => `/oauth/${name}`)) {
      const headers = { origin: 'https://app.example' };
      const preflight = await fetch(target.baseUrl + path, {
        method: 'OPTIONS',
        headers: {
          ...headers,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization',
        },
      });
      expect(preflight.status).toBe(204);
      const answer = await post(target, path, {}, headers);
      for (const response of [preflight, answer]) {
        expect(response.headers.get('access-control-allow-origin')).toBe('*');
        expect(response.headers.get('access-control-allow-credentials')).toBeNull();
      }
      const exposed = answer.headers.get('access-control-expose-headers') ?? '';
      expect(exposed).toContain('WWW-Authenticate');
      expect(exposed).toContain('DPoP-Nonce');
    }
  });

  it('69 descriptions keep to their characters and reflect nothing', async () => {
    const canary = 'cAnArY"\\é';
    for (const changes of [
      { grant_type: canary },
      { grant_type: 'refresh_token', refresh_token: canary },
      { grant_type: 'authorization_code', code: canary, code_verifier: canary, redirect_uri: canary },
      { grant_type: 'authorization_code', code: canary, resource: canary },
      { client_id: canary },
    ]) {
      const { body } = await ask(target, '/oauth/token', { ...formAuth(app), ...changes });
      expect(body.error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
      expect(JSON.stringify(body)).not.toContain('cAnArY');
    }
  });

  it('70 malformed encoding, NUL, broken UTF-8 and huge values get a 4xx', async () => {
    const start = `client_id=${app.clientId}&client_secret=${secret}&grant_type=refresh_token&refresh_token=`;
    for (const value of ['%zz', '%', '%00', '%ff', '\ud800', 'a'.repeat(64 * 1024), '%C3%28', '&&&==&=']) {
      const { status } = await post(target, '/oauth/token', start + value);
      expect(status, value.slice(0, 20)).toBeGreaterThanOrEqual(400);
      expect(status, value.slice(0, 20)).toBeLessThan(500);
    }
    const bytes = await fetch(`${target.baseUrl}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: Buffer.from([0x61, 0x3d, 0xff, 0xfe]),
    });
    expect(bytes.status).toBe(400);
  });

  it('70 a body without a length is read, and bounded too', async () => {
    const chunked = (body: ReadableStream) =>
      fetch(`${target.baseUrl}/oauth/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body,
        duplex: 'half',
      } as RequestInit);
    const chunk = (text: string) => new TextEncoder().encode(text);
    const short = new ReadableStream({
      start(controller) {
        for (const text of ['grant_', 'type=x&client_', `id=${publicApp.clientId}`])
          controller.enqueue(chunk(text));
        controller.close();
      },
    });
    const answer = await chunked(short);
    expect(await answer.json()).toMatchObject({ error: 'unsupported_grant_type' });
    const long = new ReadableStream({
      start(controller) {
        for (let count = 0; count < 8; count++) controller.enqueue(chunk('a'.repeat(8 * 1024)));
        controller.close();
      },
    });
    expect((await chunked(long)).status).toBe(413);
  });

  it('30 a failing store is a 503 that says when to come back', async () => {
    const { store } = target.broker.deps;
    const find = vi
      .spyOn(store.authorizations, 'findRefreshToken')
      .mockRejectedValueOnce(new Error('disk full'));
    const answer = await refresh(target, app, 'x');
    find.mockRestore();
    expect(answer.status).toBe(503);
    expect(answer.error).toBe('temporarily_unavailable');
    expect(answer.headers.get('retry-after')).not.toBeNull();
    expect(JSON.stringify(answer.body)).not.toContain('disk full');
  });

  it('158 nothing secret is logged', async () => {
    const issued = await obtainCode(target, app);
    const tokens = await redeem(target, app, issued);
    await redeem(target, app, issued, { code_verifier: 'x'.repeat(43) });
    await refresh(target, app, tokens.refreshToken, { scope: 'no:such' });
    await introspect(target, app, tokens.accessToken);
    const logged = target.broker.logs.join('\n');
    expect(logged).toContain('invalid_scope');
    const hidden = [
      issued.code,
      issued.verifier,
      'x'.repeat(43),
      tokens.accessToken,
      tokens.refreshToken,
      secret,
    ];
    for (const text of hidden) expect(logged).not.toContain(text);
  });
});
