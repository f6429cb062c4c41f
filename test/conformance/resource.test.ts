import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callProxy, introspect, obtainTokens, revoke, type TokenAnswer } from './flow.ts';
import { startTarget } from './target.ts';

const target = await startTarget();
afterAll(() => target.close());
const app = await target.registerApp();
const models = `${target.baseUrl}/openai/v1/models`;

let tokens: TokenAnswer;
beforeAll(async () => {
  tokens = await obtainTokens(target, app, { scope: 'openai:models.read' });
});

const get = (headers: Record<string, string>, url = models) => fetch(url, { headers });
const bearer = () => ({ authorization: `Bearer ${tokens.accessToken}` });

describe('a resource', () => {
  it('146 says nothing of an error without a token, and names it with a bad one', async () => {
    const bare = await get({});
    expect(bare.status).toBe(401);
    expect(bare.headers.get('www-authenticate')).not.toContain('error=');
    const bad = await get({ authorization: 'Bearer nonsense' });
    expect(bad.status).toBe(401);
    expect(bad.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it('146 names the scope that a token lacks', async () => {
    const response = await fetch(`${target.baseUrl}/openai/v1/embeddings`, {
      method: 'POST',
      headers: { ...bearer(), 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'text-embedding-3-small', input: 'x' }),
    });
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toContain(
      'error="insufficient_scope", scope="openai:embeddings"',
    );
  });

  it('147 takes a token in one Authorization header, after Bearer in any case, and nowhere else', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      expect((await get({ authorization: `${scheme} ${tokens.accessToken}` })).status).toBe(200);
    }
    const { authorization } = bearer();
    for (const headers of [
      { authorization: `Basic ${tokens.accessToken}` },
      { authorization: `${authorization}, ${authorization}` },
      { 'x-access-token': tokens.accessToken },
      { cookie: `access_token=${tokens.accessToken}` },
    ]) {
      expect((await get(headers as Record<string, string>)).status).toBe(401);
    }
    expect((await get({}, `${models}?access_token=${tokens.accessToken}`)).status).toBe(401);
  });

  it('148 refuses the call after the revocation', async () => {
    const other = await obtainTokens(target, app, { scope: 'openai:models.read' });
    expect(await callProxy(target, other.accessToken)).toBe(200);
    await revoke(target, app, other.refreshToken);
    expect(await callProxy(target, other.accessToken)).toBe(401);
    expect(await introspect(target, app, other.accessToken)).toEqual({ active: false });
  });

  it.each([
    '/openai/v1/models/',
    '/openai/v1//models',
    '//openai/v1/models',
    '/openai/v1%2fmodels',
    '/openai/v1/models/..%2ffiles',
    '/openai/v1/models;x=1',
    '/OpenAI/v1/models',
    '/openai/v1/files',
    '/openai',
  ])('150 151 without a token %s is refused, and with one it leads nowhere', async (path) => {
    expect((await get({}, target.baseUrl + path)).status).toBe(401);
    expect((await get(bearer(), target.baseUrl + path)).status).toBe(404);
  });
});
