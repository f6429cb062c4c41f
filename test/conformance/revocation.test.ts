import { afterAll, describe, expect, it, vi } from 'vitest';
import { ask, basicAuth, callProxy, formAuth, introspect, obtainTokens, refresh, revoke } from './flow.ts';
import { startTarget } from './target.ts';

const target = await startTarget();
afterAll(() => target.close());
const app = await target.registerApp();
const otherApp = await target.registerApp();
const publicApp = await target.registerApp({ type: 'native' });

const isActive = async (token: string) => (await introspect(target, app, token)).active;

describe('revocation', () => {
  it('85 valid, unknown, garbage and revoked tokens all get 200 with JSON', async () => {
    const { refreshToken, accessToken } = await obtainTokens(target, app);
    for (const token of [
      'nonsense',
      'a.b.c',
      refreshToken,
      refreshToken,
      accessToken,
      'é',
      'x'.repeat(20_000),
    ]) {
      const answer = await revoke(target, app, token);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      expect(answer.body).toEqual({});
    }
  });

  it('86 an access token can be revoked, and its family ends with it', async () => {
    const { refreshToken, accessToken } = await obtainTokens(target, app, { scope: 'openai:models.read' });
    expect(await callProxy(target, accessToken)).toBe(200);
    await revoke(target, app, accessToken);
    expect(await callProxy(target, accessToken)).toBe(401);
    expect(await isActive(accessToken)).toBe(false);
    expect((await refresh(target, app, refreshToken)).error).toBe('invalid_grant');
  });

  it.each([undefined, 'access_token', 'refresh_token', 'nonsense'])(
    '87 revoking a refresh token with the hint %j ends its access tokens',
    async (token_type_hint) => {
      const { refreshToken, accessToken } = await obtainTokens(target, app);
      expect((await revoke(target, app, refreshToken, { token_type_hint })).status).toBe(200);
      expect(await isActive(accessToken)).toBe(false);
      const other = await obtainTokens(target, app);
      expect((await revoke(target, app, other.accessToken, { token_type_hint })).status).toBe(200);
      expect(await isActive(other.accessToken)).toBe(false);
    },
  );

  it('88 a token of another client stays as it is', async () => {
    const { refreshToken, accessToken } = await obtainTokens(target, app);
    for (const client of [otherApp, publicApp]) {
      expect((await revoke(target, client, refreshToken)).status).toBe(200);
      expect((await revoke(target, client, accessToken)).status).toBe(200);
    }
    expect(await isActive(accessToken)).toBe(true);
    expect((await refresh(target, app, refreshToken)).status).toBe(200);
  });

  it('87 a public client revokes by naming itself', async () => {
    const { refreshToken } = await obtainTokens(target, publicApp);
    expect((await revoke(target, publicApp, refreshToken)).status).toBe(200);
    expect((await refresh(target, publicApp, refreshToken)).error).toBe('invalid_grant');
  });

  it('89 no token is a 400, no credentials a 401, GET a 405', async () => {
    const missing = await ask(target, '/oauth/revoke', formAuth(app));
    expect(missing.status).toBe(400);
    expect(missing.error).toBe('invalid_request');
    const anonymous = await ask(target, '/oauth/revoke', { token: 'x', client_id: app.clientId });
    expect(anonymous.status).toBe(401);
    expect(anonymous.error).toBe('invalid_client');
    expect((await fetch(`${target.baseUrl}/oauth/revoke`)).status).toBe(405);
  });

  it('93 a failing store is a 503, never a false 200', async () => {
    const { grants } = target.broker.deps.store;
    const { refreshToken, accessToken } = await obtainTokens(target, app);
    const end = vi.spyOn(grants, 'revokeFamily').mockRejectedValueOnce(new Error('disk full'));
    const answer = await revoke(target, app, refreshToken);
    end.mockRestore();
    expect(answer.status).toBe(503);
    expect(answer.error).toBe('temporarily_unavailable');
    expect(await isActive(accessToken)).toBe(true);
  });
});

describe('introspection', () => {
  it('90 without credentials is a 401, and so it is for a public client', async () => {
    const { accessToken } = await obtainTokens(target, publicApp);
    for (const fields of [
      {},
      { client_id: app.clientId },
      formAuth(publicApp),
      { client_id: 'cli_nobody' },
    ]) {
      const answer = await ask(target, '/oauth/introspect', { token: accessToken, ...fields });
      expect(answer.status).toBe(401);
      expect(answer.error).toBe('invalid_client');
    }
    expect((await fetch(`${target.baseUrl}/oauth/introspect`)).status).toBe(405);
    expect((await ask(target, '/oauth/introspect', formAuth(app))).error).toBe('invalid_request');
  });

  it('91 whatever is not good is exactly {"active":false}', async () => {
    const mine = await obtainTokens(target, app);
    const used = await refresh(target, app, mine.refreshToken);
    const others = await obtainTokens(target, otherApp);
    const revoked = await obtainTokens(target, app);
    await revoke(target, app, revoked.refreshToken);
    for (const token of [
      'nonsense',
      mine.refreshToken,
      others.accessToken,
      others.refreshToken,
      revoked.accessToken,
      revoked.refreshToken,
    ]) {
      const answer = await ask(target, '/oauth/introspect', { token, ...formAuth(app) });
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({ active: false });
    }
    target.advance(1801);
    expect(await introspect(target, app, used.accessToken)).toEqual({ active: false });
    expect(await introspect(target, app, used.refreshToken)).toMatchObject({ active: true });
    target.advance(86_400);
    expect(await introspect(target, app, used.refreshToken)).toEqual({ active: false });
  });

  it('92 an active token is described', async () => {
    const { accessToken, refreshToken } = await obtainTokens(target, app, { scope: 'openai:text' });
    const credentials = basicAuth(app.clientId, app.clientSecret ?? '');
    const { body } = await ask(target, '/oauth/introspect', { token: accessToken }, credentials);
    expect(body).toEqual({
      active: true,
      iss: target.baseUrl,
      aud: `${target.baseUrl}/openai/v1`,
      sub: expect.any(String),
      client_id: app.clientId,
      scope: 'openai:text',
      exp: expect.any(Number),
      iat: expect.any(Number),
      jti: expect.any(String),
      token_type: 'Bearer',
    });
    expect(Number(body.exp) - Number(body.iat)).toBe(1800);
    const refreshable = await introspect(target, app, refreshToken);
    expect(refreshable).toMatchObject({
      active: true,
      client_id: app.clientId,
      sub: body.sub,
      scope: 'openai:text',
    });
  });

  it('92 sub is stable for one app and another for the next', async () => {
    const browser = await target.signIn();
    const subjectAt = async (client: typeof app) => {
      const { accessToken } = await obtainTokens(target, client, {}, { browser });
      return (await introspect(target, client, accessToken)).sub;
    };
    const first = await subjectAt(app);
    expect(await subjectAt(app)).toBe(first);
    expect(await subjectAt(otherApp)).not.toBe(first);
  });
});
