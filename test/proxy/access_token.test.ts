import { createHmac } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawRequest } from './support/raw.ts';
import { call, chat, errorOf, type ProxyWorld, startWorld } from './support/world.ts';

let world: ProxyWorld;
/** Milliseconds by which the broker's clock is ahead. */
let ahead = 0;
beforeAll(async () => {
  world = await startWorld({
    scopes: ['openai:text', 'openai:models.read'],
    clock: () => Date.now() + ahead,
  });
});
afterAll(async () => {
  await world.close();
});

/** A token signed with the broker's own key, but for what changes; undefined leaves a member out. */
async function forge(changes: { header?: object; claims?: object }): Promise<string> {
  const { privateKey } = await world.broker.deps.signingKeys.active();
  return new SignJWT({ ...decodeJwt(world.token), ...changes.claims })
    .setProtectedHeader({ ...decodeProtectedHeader(world.token), alg: 'ES256', ...changes.header })
    .sign(privateKey);
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);

async function expectRefused(token: string): Promise<void> {
  const before = world.upstream.requests.length;
  const response = await call({ ...world, token }, '/chat/completions', { body: chat });
  expect(response.status).toBe(401);
  expect((await errorOf(response)).code).toBe('invalid_token');
  expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
  expect(world.upstream.requests.length).toBe(before);
}

describe('the access token', () => {
  it('143 is one of RFC 9068, and a forgery with its own content is taken for it', async () => {
    expect(decodeProtectedHeader(world.token)).toEqual({
      typ: 'at+jwt',
      alg: 'ES256',
      kid: expect.any(String),
    });
    expect(decodeJwt(world.token)).toMatchObject({
      iss: world.broker.url,
      aud: world.url,
      sub: expect.any(String),
      client_id: expect.any(String),
      exp: expect.any(Number),
      iat: expect.any(Number),
      jti: expect.any(String),
      scope: 'openai:text openai:models.read',
    });
    const response = await call({ ...world, token: await forge({}) }, '/chat/completions', { body: chat });
    expect(response.status).toBe(200);
  });

  it.each<[string, object]>([
    ['typ JWT', { typ: 'JWT' }],
    ['no typ', { typ: undefined }],
    ['an unknown kid', { kid: 'sig_unknown' }],
    ['no kid', { kid: undefined }],
  ])('144 is refused with %s', async (_, header) => {
    await expectRefused(await forge({ header }));
  });

  it('144 is refused with alg none', async () => {
    const [, payload = ''] = world.token.split('.');
    const header = { ...decodeProtectedHeader(world.token), alg: 'none' };
    await expectRefused(`${encode(header)}.${payload}.`);
  });

  it('144 is refused with an unknown critical header', async () => {
    const header = { ...decodeProtectedHeader(world.token), crit: ['x'], x: 1 };
    const [, payload = '', signature = ''] = world.token.split('.');
    await expectRefused(`${encode(header)}.${payload}.${signature}`);
  });

  it('144 is refused with HS256 under the public key', async () => {
    const { kid } = decodeProtectedHeader(world.token);
    const publicKey = (await world.broker.deps.signingKeys.find(kid ?? '')) ?? expect.fail();
    const [, payload = ''] = world.token.split('.');
    const unsigned = `${encode({ typ: 'at+jwt', alg: 'HS256', kid })}.${payload}`;
    for (const secret of [await exportSPKI(publicKey), JSON.stringify(await exportJWK(publicKey))]) {
      await expectRefused(`${unsigned}.${createHmac('sha256', secret).update(unsigned).digest('base64url')}`);
    }
  });

  it('144 brings no key of its own', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const jwk = await exportJWK(publicKey);
    for (const extra of [
      { jwk },
      { jku: `${world.upstream.url}/jwks` },
      { x5u: `${world.upstream.url}/x5u` },
    ]) {
      const token = await new SignJWT(decodeJwt(world.token))
        .setProtectedHeader({ ...decodeProtectedHeader(world.token), alg: 'ES256', ...extra })
        .sign(privateKey);
      await expectRefused(token);
    }
  });

  it.each<[string, object]>([
    ['another issuer', { iss: 'https://evil.example' }],
    ['no issuer', { iss: undefined }],
    ['no audience', { aud: undefined }],
    ['the issuer as its audience', { aud: 'http://127.0.0.1' }],
    ['an audience that is longer', { aud: ['http://127.0.0.1/openai/v1/x'] }],
    ['no expiry', { exp: undefined }],
    ['an expiry in the past', { exp: 1 }],
    ['an expiry that is a string', { exp: '99999999999' }],
    ['a beginning in the future', { nbf: 99_999_999_999 }],
    ['no scope', { scope: undefined }],
    ['no family', { family_id: undefined }],
  ])('145 is refused with %s', async (_, claims) => {
    await expectRefused(await forge({ claims }));
  });

  it('145 is refused with an audience that only begins like the mount', async () => {
    await expectRefused(await forge({ claims: { aud: world.url.slice(0, -1) } }));
    await expectRefused(await forge({ claims: { aud: `${world.url}/` } }));
    await expectRefused(await forge({ claims: { aud: [] } }));
  });

  it('145 may be for several resources', async () => {
    const token = await forge({ claims: { aud: ['https://other.example', world.url] } });
    expect((await call({ ...world, token }, '/chat/completions', { body: chat })).status).toBe(200);
  });

  it('145 is refused from the moment it runs out, although it was good before', async () => {
    const token = await forge({ claims: { exp: now() + 60 } });
    expect((await call({ ...world, token }, '/chat/completions', { body: chat })).status).toBe(200);
    ahead = 60_000;
    await expectRefused(token);
    ahead = 0;
  });
});

describe('the challenge', () => {
  const metadata = () =>
    `resource_metadata="${world.broker.url}/.well-known/oauth-protected-resource/openai/v1"`;

  /** What is told of one problem, for either way to send a token. */
  const challenge = (problem: string) =>
    `Bearer ${problem}${metadata()}, DPoP ${problem}algs="ES256 Ed25519 EdDSA PS256 RS256", ${metadata()}`;

  it('146 without a token tells only where to learn how to get one', async () => {
    const response = await fetch(`${world.url}/chat/completions`, { method: 'POST' });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(challenge(''));
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(response.headers.get('x-request-id')).toMatch(/^call_/);
    expect(await errorOf(response)).toMatchObject({
      code: 'invalid_token',
      source: 'coatcheck',
      param: null,
    });
  });

  it('146 names the error of a bad token', async () => {
    const response = await call({ ...world, token: 'nonsense' }, '/models');
    expect(response.headers.get('www-authenticate')).toBe(challenge('error="invalid_token", '));
  });

  it('146 names the scope that is missing', async () => {
    const response = await call(world, '/embeddings', { body: { model: 'm', input: 'x' } });
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toBe(
      challenge('error="insufficient_scope", scope="openai:embeddings", '),
    );
    expect(await errorOf(response)).toMatchObject({ code: 'insufficient_scope', type: 'permission_error' });
  });

  it('146 names every scope that a body needs', async () => {
    const body = { model: 'gpt-5', input: 'A train', tools: [{ type: 'image_generation' }] };
    const response = await call(world, '/responses', { body });
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toContain('scope="openai:text openai:images"');
  });

  it('counts only what the token itself says, even where the grant has more', async () => {
    const token = await forge({ claims: { scope: 'openai:models.read' } });
    const response = await call({ ...world, token }, '/chat/completions', { body: chat });
    expect((await errorOf(response)).code).toBe('insufficient_scope');
  });

  it('counts only what the grant has, whatever the token says', async () => {
    const token = await forge({ claims: { scope: 'openai:text openai:embeddings' } });
    const response = await call({ ...world, token }, '/embeddings', { body: { model: 'm', input: 'x' } });
    expect(response.status).toBe(403);
    expect((await errorOf(response)).code).toBe('insufficient_scope');
  });
});

describe('where a token may stand', () => {
  it('147 not in the query', async () => {
    for (const name of ['access_token', 'api_key', 'key', 'token']) {
      const response = await fetch(`${world.url}/models?${name}=${world.token}`);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).not.toContain('error=');
    }
  });

  it('147 not in the body, nor in another header', async () => {
    const response = await fetch(`${world.url}/models`, {
      headers: { 'x-api-key': world.token, 'api-key': world.token, cookie: `token=${world.token}` },
    });
    expect(response.status).toBe(401);
    const form = await fetch(`${world.url}/chat/completions`, {
      method: 'POST',
      body: new URLSearchParams({ access_token: world.token }),
    });
    expect(form.status).toBe(401);
  });

  it('147 not twice', async () => {
    const once = `authorization: Bearer ${world.token}`;
    expect((await rawRequest(world.url, 'GET /openai/v1/models', [once])).status).toBe(200);
    expect((await rawRequest(world.url, 'GET /openai/v1/models', [once, once])).status).toBe(401);
    expect(
      (await rawRequest(world.url, 'GET /openai/v1/models', [once, 'authorization: Bearer x'])).status,
    ).toBe(401);
    expect(
      (await rawRequest(world.url, 'GET /openai/v1/models', ['Authorization: Basic eDp5', once])).status,
    ).toBe(401);
  });

  it.each(['bearer', 'BEARER', 'BeArEr'])('147 after the scheme in any case: %s', async (scheme) => {
    const headers = { authorization: `${scheme} ${world.token}` };
    expect((await fetch(`${world.url}/models`, { headers })).status).toBe(200);
  });

  it.each(['Basic', 'DPoP', 'Token', 'Bearerx', ''])('147 not after the scheme %j', async (scheme) => {
    const headers = { authorization: `${scheme} ${world.token}`.trim() };
    expect((await fetch(`${world.url}/models`, { headers })).status).toBe(401);
  });

  it('147 not as a list', async () => {
    const headers = { authorization: `Bearer ${world.token}, Bearer ${world.token}` };
    expect((await fetch(`${world.url}/models`, { headers })).status).toBe(401);
  });
});
