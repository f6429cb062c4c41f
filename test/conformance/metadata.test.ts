import { request } from 'node:http';
import { decodeProtectedHeader } from 'jose';
import { afterAll, describe, expect, it } from 'vitest';
import { answerOf, ask, authorizeUrl, formAuth, introspect, obtainTokens } from './flow.ts';
import { startTarget } from './target.ts';

const target = await startTarget();
afterAll(() => target.close());
const app = await target.registerApp();
const serverMetadata = '/.well-known/oauth-authorization-server';

async function getJson(path: string): Promise<Record<string, unknown>> {
  const response = await fetch(target.baseUrl + path);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  return JSON.parse(await response.text());
}

/** A GET with headers that fetch does not let through. */
function getWith(
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; location: string; body: string }> {
  return new Promise((resolve, reject) => {
    request(target.baseUrl + path, { headers }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, location: response.headers.location ?? '', body }),
      );
    })
      .on('error', reject)
      .end();
  });
}

describe('metadata', () => {
  it('94 is where RFC 8414 puts it and names the issuer', async () => {
    expect((await getJson(serverMetadata)).issuer).toBe(target.baseUrl);
    for (const wrong of [`${serverMetadata}/`, `${serverMetadata}/elsewhere`]) {
      expect((await fetch(target.baseUrl + wrong)).status).toBe(404);
    }
  });

  it('95 Host and forwarding headers change no URL', async () => {
    const lies = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '1.2.3.4',
      forwarded: 'host=evil.example;proto=https',
    };
    const truth = await fetch(target.baseUrl + serverMetadata).then((response) => response.text());
    expect((await getWith(serverMetadata, lies)).body).toBe(truth);
    const resource = await getWith('/.well-known/oauth-protected-resource/openai/v1', lies);
    expect(resource.body).not.toContain('evil');
    const url = new URL(authorizeUrl(target, app));
    expect((await getWith(url.pathname + url.search, lies)).location).toMatch(/^\/consent\//);
    const refused = new URL(authorizeUrl(target, app, { scope: 'no:such' }));
    const { location } = await getWith(refused.pathname + refused.search, lies);
    expect(new URL(location).searchParams.get('iss')).toBe(target.baseUrl);
  });

  it.each(['999.999.999.999', '0x7f.1', 'xn--a', 'a b', '[::1', 'x:99999', 'evil.example/?'])(
    '95 the Host %j makes nothing fail',
    async (host) => {
      for (const path of [serverMetadata, '/oauth/authorize', '/oauth/resume/x', '/oauth/token']) {
        expect((await getWith(path, { host })).status, path).toBeLessThan(500);
      }
    },
  );

  it('96 what is advertised is there, and no list is empty', async () => {
    const metadata = await getJson(serverMetadata);
    for (const [name, value] of Object.entries(metadata)) {
      if (Array.isArray(value)) expect(value.length, name).toBeGreaterThan(0);
      if (/_endpoint$|^jwks_uri$/.test(name)) {
        expect(String(value).startsWith(`${target.baseUrl}/oauth/`), name).toBe(true);
        expect((await fetch(String(value), { redirect: 'manual' })).status, name).not.toBe(404);
      }
    }
    for (const grant_type of metadata.grant_types_supported as string[]) {
      const { error } = await ask(target, '/oauth/token', { grant_type, ...formAuth(app) });
      expect(error, grant_type).toBe('invalid_request');
    }
    expect(metadata.grant_types_supported).toEqual([
      'authorization_code',
      'refresh_token',
      'urn:ietf:params:oauth:grant-type:device_code',
    ]);
    expect(metadata.token_endpoint_auth_methods_supported).toEqual([
      'client_secret_basic',
      'client_secret_post',
      'private_key_jwt',
      'none',
    ]);
    expect(metadata.introspection_endpoint_auth_methods_supported).toEqual([
      'client_secret_basic',
      'client_secret_post',
      'private_key_jwt',
    ]);
    for (const endpoint of ['token', 'revocation', 'introspection']) {
      expect(metadata[`${endpoint}_endpoint_auth_signing_alg_values_supported`]).toEqual([
        'ES256',
        'Ed25519',
        'EdDSA',
        'PS256',
        'RS256',
      ]);
    }
    const scopes = metadata.scopes_supported as string[];
    const whole = await target.registerApp({ scope: scopes.join(' ') });
    for (const scope of scopes) {
      const response = await target.newBrowser().request(authorizeUrl(target, whole, { scope }));
      expect(response.headers.get('location'), scope).toMatch(/^\/consent\//);
    }
    for (const response_type of metadata.response_types_supported as string[]) {
      const response = await target.newBrowser().request(authorizeUrl(target, app, { response_type }));
      expect(answerOf(response, app), response_type).toBeNull();
    }
  });

  it('97 says what there is: S256 alone, iss in answers, and each extension', async () => {
    const metadata = await getJson(serverMetadata);
    expect(metadata.code_challenge_methods_supported).toEqual(['S256']);
    expect(metadata.authorization_response_iss_parameter_supported).toBe(true);
    expect(metadata.response_types_supported).toEqual(['code']);
    expect(metadata.authorization_details_types_supported).toEqual(['provider_access']);
    expect(metadata.dpop_signing_alg_values_supported).toContain('ES256');
    expect(metadata).toHaveProperty('client_id_metadata_document_supported');
    for (const endpoint of [
      'revocation',
      'introspection',
      'pushed_authorization_request',
      'device_authorization',
    ]) {
      expect(metadata).toHaveProperty(`${endpoint}_endpoint`);
    }
  });

  it('98 each resource has its own document', async () => {
    const { protected_resources } = await getJson(serverMetadata);
    for (const resource of protected_resources as string[]) {
      const path = new URL(resource).pathname;
      const metadata = await getJson(`/.well-known/oauth-protected-resource${path}`);
      expect(metadata.resource).toBe(resource);
      expect(metadata.authorization_servers).toEqual([target.baseUrl]);
      expect(metadata.bearer_methods_supported).toEqual(['header']);
      expect(metadata.scopes_supported).not.toContain('offline_access');
      expect((metadata.scopes_supported as string[]).length).toBeGreaterThan(0);
      expect(metadata.authorization_details_types_supported).toEqual(['provider_access']);
    }
    for (const wrong of ['', '/', '/openai', '/openai/v1/', '/nobody']) {
      const { status } = await fetch(`${target.baseUrl}/.well-known/oauth-protected-resource${wrong}`);
      expect(status, wrong).toBe(404);
    }
  });

  it('146 the challenge of a resource names its document', async () => {
    const { protected_resources } = await getJson(serverMetadata);
    for (const resource of protected_resources as string[]) {
      const response = await fetch(`${resource}/models`);
      expect(response.status).toBe(401);
      const challenge = response.headers.get('www-authenticate') ?? '';
      const document = /resource_metadata="([^"]+)"/.exec(challenge)?.[1] ?? '';
      expect(await (await fetch(document)).json()).toMatchObject({ resource });
    }
  });

  it('99 the key set is public only, and each key says what it is for', async () => {
    const { keys } = (await getJson('/oauth/jwks')) as { keys: Record<string, unknown>[] };
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      expect(key).toMatchObject({ kid: expect.any(String), alg: 'ES256', use: 'sig' });
      for (const secret of ['d', 'p', 'q', 'k', 'dp', 'dq', 'qi']) expect(key).not.toHaveProperty(secret);
    }
  });

  it('99 after a rotation new tokens have the new key and old ones still verify', async () => {
    const { signingKeys } = target.broker.deps;
    const old = await obtainTokens(target, app);
    const kid = await signingKeys.rotate('retire', { kind: 'system' });
    const fresh = await obtainTokens(target, app);
    expect(decodeProtectedHeader(fresh.accessToken).kid).toBe(kid);
    expect(decodeProtectedHeader(old.accessToken).kid).not.toBe(kid);
    for (const { accessToken } of [old, fresh]) {
      expect(await introspect(target, app, accessToken)).toMatchObject({ active: true });
    }
    const { keys } = (await getJson('/oauth/jwks')) as { keys: { kid: string }[] };
    expect(keys.map((key) => key.kid)).toContain(decodeProtectedHeader(old.accessToken).kid);
  });

  it('99 tokens of a withdrawn key verify no more', async () => {
    const { signingKeys } = target.broker.deps;
    const old = await obtainTokens(target, app);
    expect(await introspect(target, app, old.accessToken)).toMatchObject({ active: true });
    await signingKeys.rotate('withdraw', { kind: 'system' });
    expect(await introspect(target, app, old.accessToken)).toEqual({ active: false });
    const { keys } = (await getJson('/oauth/jwks')) as { keys: { kid: string }[] };
    expect(keys.map((key) => key.kid)).not.toContain(decodeProtectedHeader(old.accessToken).kid);
  });

  it('100 the openid-configuration alias says the same', async () => {
    expect(await getJson('/.well-known/openid-configuration')).toEqual(await getJson(serverMetadata));
  });

  it('68 any origin may read metadata and keys', async () => {
    for (const path of [serverMetadata, '/.well-known/oauth-protected-resource/openai/v1', '/oauth/jwks']) {
      const response = await fetch(target.baseUrl + path, { headers: { origin: 'https://app.example' } });
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(response.headers.get('access-control-allow-credentials')).toBeNull();
      expect((await fetch(target.baseUrl + path, { method: 'POST' })).status).toBe(405);
    }
  });
});
