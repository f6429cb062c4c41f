import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, describe, expect, it } from 'vitest';
import type { JwkSet } from '../../src/store/records.ts';
import { authorizeUrl, introspect as introspectAs, obtainCode, post } from './flow.ts';
import { type RegisteredApp, startTarget } from './target.ts';

const target = await startTarget();
afterAll(() => target.close());
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const now = () => Math.floor(Date.now() / 1000);

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
const pairs: Record<string, Pair> = {};
for (const algorithm of ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256']) {
  pairs[algorithm] = await generateKeyPair(algorithm, { extractable: true });
}
const pairOf = (algorithm: string) => pairs[algorithm] ?? expect.fail(algorithm);

async function jwksOf(...algorithms: readonly string[]): Promise<JwkSet> {
  const keys = algorithms.map(async (kid) => ({ ...(await exportJWK(pairOf(kid).publicKey)), kid }));
  return { keys: (await Promise.all(keys)) as unknown as JwkSet['keys'] };
}

const app = await target.registerApp({ jwks: await jwksOf('ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256') });
const secretApp = await target.registerApp();

interface AssertionOptions {
  readonly algorithm?: string;
  readonly header?: Readonly<Record<string, unknown>>;
  /** Claims in place of the right ones; undefined leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly key?: Parameters<SignJWT['sign']>[0];
}

function sign(client: RegisteredApp, options: AssertionOptions = {}): Promise<string> {
  const { algorithm = 'ES256', header, claims, key = pairOf(algorithm).privateKey } = options;
  const { clientId } = client;
  const payload = { iss: clientId, sub: clientId, aud: target.baseUrl, exp: now() + 60, jti: randomUUID() };
  return new SignJWT({ ...payload, ...claims } as JWTPayload)
    .setProtectedHeader({ alg: algorithm, kid: algorithm, ...header })
    .sign(key);
}

const proven = (assertion: string) => ({
  client_assertion_type: assertionType,
  client_assertion: assertion,
});

/** Asks with an assertion whether a token is good, which answers 200 to whoever is authenticated. */
const tryAssertion = (assertion: string, more = {}) =>
  post(target, '/oauth/introspect', { token: 'x', ...proven(assertion), ...more });

async function expectRefusal(response: Response, description?: RegExp): Promise<void> {
  expect(response.status).toBe(401);
  const body = (await response.json()) as Record<string, string>;
  expect(body.error).toBe('invalid_client');
  if (description) expect(body.error_description).toMatch(description);
}

describe('client assertions', () => {
  it.each(['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256'])(
    '56 one signed with %s is good, and advertised',
    async (algorithm) => {
      expect((await tryAssertion(await sign(app, { algorithm }))).status).toBe(200);
      const metadata = await fetch(`${target.baseUrl}/.well-known/oauth-authorization-server`);
      expect(await metadata.json()).toMatchObject({
        token_endpoint_auth_methods_supported: expect.arrayContaining(['private_key_jwt']),
        token_endpoint_auth_signing_alg_values_supported: expect.arrayContaining([algorithm]),
      });
    },
  );

  it('56 it works at every endpoint of clients', async () => {
    const { code, verifier } = await obtainCode(target, app);
    const fields = { grant_type: 'authorization_code', code, code_verifier: verifier };
    const redeemed = await post(target, '/oauth/token', { ...fields, ...proven(await sign(app)) });
    expect(redeemed.status).toBe(200);
    const { access_token: token } = (await redeemed.json()) as { access_token: string };
    const asked = Object.fromEntries(new URL(authorizeUrl(target, app)).searchParams);
    for (const [path, body, status] of [
      ['/oauth/par', asked, 201],
      ['/oauth/device', { client_id: app.clientId }, 200],
      ['/oauth/introspect', { token }, 200],
      ['/oauth/revoke', { token }, 200],
    ] as const) {
      expect((await post(target, path, { ...body, ...proven(await sign(app)) })).status).toBe(status);
      expect((await post(target, path, { ...body, client_id: app.clientId })).status).toBe(401);
    }
  });

  it.each<[string, AssertionOptions, RegExp]>([
    ['for another issuer', { claims: { iss: 'cli_x' } }, /iss and sub/],
    ['without iss', { claims: { iss: undefined } }, /iss and sub/],
    ['for the token endpoint', { claims: { aud: `${target.baseUrl}/oauth/token` } }, /aud has to be/],
    ['for a list of audiences', { claims: { aud: [target.baseUrl] } }, /aud has to be/],
    ['for another audience', { claims: { aud: `${target.baseUrl}/` } }, /aud has to be/],
    ['without audience', { claims: { aud: undefined } }, /aud has to be/],
    ['without exp', { claims: { exp: undefined } }, /exp is missing/],
    ['with exp as text', { claims: { exp: '9999999999' } }, /exp is malformed/],
    ['that has expired', { claims: { exp: now() - 120 } }, /expired/],
    ['that is good for too long', { claims: { exp: now() + 3600 } }, /exp is more than 600 seconds ahead/],
    ['from the future', { claims: { iat: now() + 600 } }, /iat is in the future/],
    ['not yet due', { claims: { nbf: now() + 600 } }, /nbf is malformed or not yet due/],
    ['without jti', { claims: { jti: undefined } }, /jti is missing/],
    ['with a number as jti', { claims: { jti: 1 } }, /jti/],
  ])('56 one %s is refused, and says why', async (_name, options, description) => {
    await expectRefusal(await tryAssertion(await sign(app, options)), description);
  });

  it('56 it works once, also many times at once', async () => {
    const assertion = await sign(app);
    const answers = await Promise.all(Array.from({ length: 10 }, () => tryAssertion(assertion)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    await expectRefusal(await tryAssertion(assertion), /used before/);
    const jti = randomUUID();
    expect((await tryAssertion(await sign(app, { claims: { jti } }))).status).toBe(200);
    await expectRefusal(
      await tryAssertion(await sign(app, { algorithm: 'EdDSA', claims: { jti } })),
      /used before/,
    );
    const other = await target.registerApp({ jwks: await jwksOf('ES256') });
    expect((await tryAssertion(await sign(other, { claims: { jti } }))).status).toBe(200);
  });

  it('56 none, HMAC with a public key, a foreign key and a wrong kid are refused', async () => {
    const good = await sign(app);
    const [, payload = ''] = good.split('.');
    const header = (fields: object) => Buffer.from(JSON.stringify(fields)).toString('base64url');
    await expectRefusal(await tryAssertion(`${header({ alg: 'none' })}.${payload}.`));
    const [publicJwk] = (await jwksOf('RS256')).keys;
    const key = Buffer.from(JSON.stringify(publicJwk));
    await expectRefusal(
      await tryAssertion(await sign(app, { algorithm: 'HS256', header: { kid: 'RS256' }, key })),
    );
    const foreign = await generateKeyPair('ES256');
    await expectRefusal(await tryAssertion(await sign(app, { key: foreign.privateKey })));
    const jwk = await exportJWK(foreign.publicKey);
    await expectRefusal(await tryAssertion(await sign(app, { key: foreign.privateKey, header: { jwk } })));
    await expectRefusal(await tryAssertion(await sign(app, { header: { kid: 'EdDSA' } })));
    await expectRefusal(await tryAssertion(await sign(app, { header: { kid: 'unknown' } })));
    await expectRefusal(await tryAssertion(`${good.slice(0, -2)}AA`));
    for (const text of ['x', 'a.b.c', 'x'.repeat(10_000)]) await expectRefusal(await tryAssertion(text));
  });

  it.each([[1], [{}], [['x']], ['\0'], ['\ud800'], [''], [null]])(
    '56 %j as its subject is refused',
    async (sub) => {
      await expectRefusal(await tryAssertion(await sign(app, { claims: { sub } })));
    },
  );

  it('56 a kid is not needed where there is one key', async () => {
    const single = await target.registerApp({ jwks: await jwksOf('ES256') });
    expect((await tryAssertion(await sign(single, { header: { kid: undefined } }))).status).toBe(200);
  });

  it('53 who has registered keys gets in by nothing else, and nobody else by an assertion', async () => {
    const bare = await post(target, '/oauth/introspect', { token: 'x', client_id: app.clientId });
    await expectRefusal(bare);
    for (const client_secret of ['x', 'null']) {
      const secret = await post(target, '/oauth/introspect', {
        token: 'x',
        client_id: app.clientId,
        client_secret,
      });
      await expectRefusal(secret);
    }
    await expectRefusal(await tryAssertion(await sign(secretApp)));
    const spa = await target.registerApp({ type: 'spa' });
    await expectRefusal(await tryAssertion(await sign(spa)));
    expect(await introspectAs(target, secretApp, 'x')).toEqual({ active: false });
  });

  it('52 it goes with no other method, type or client', async () => {
    const both = await tryAssertion(await sign(app), { client_secret: 'x' });
    expect(both.status).toBe(400);
    await expectRefusal(
      await tryAssertion(await sign(app), { client_assertion_type: 'x' }),
      /client_assertion_type/,
    );
    await expectRefusal(await tryAssertion(await sign(app), { client_id: secretApp.clientId }));
    expect((await tryAssertion(await sign(app), { client_id: app.clientId })).status).toBe(200);
  });

  it('158 no assertion is logged', async () => {
    const assertion = await sign(app, { claims: { aud: 'x' } });
    await expectRefusal(await tryAssertion(assertion));
    expect(target.broker.logs.join('\n')).not.toContain(assertion.slice(0, 40));
  });
});
