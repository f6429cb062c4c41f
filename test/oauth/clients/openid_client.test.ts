import { exportJWK, generateKeyPair } from 'jose';
import * as openid from 'openid-client';
import { afterAll, expect, test } from 'vitest';
import type { JwkSet } from '../../../src/store/records.ts';
import { visit } from '../../conformance/flow.ts';
import { type RegisteredApp, startTarget } from '../../conformance/target.ts';
import { createUser, deposit } from '../../support/broker.ts';
import { Person } from '../../support/person.ts';

const target = await startTarget();
afterAll(() => target.close());
const scope = 'openai:text openai:embeddings';

async function discover({ clientId, clientSecret }: RegisteredApp, algorithm: 'oauth2' | 'oidc') {
  const auth = clientSecret === null ? openid.None() : undefined;
  return openid.discovery(new URL(target.baseUrl), clientId, clientSecret ?? undefined, auth, {
    algorithm,
    execute: [openid.allowInsecureRequests],
  });
}

async function connect(
  config: openid.Configuration,
  app: RegisteredApp,
  isPushed = false,
  more: Readonly<Record<string, string>> = {},
) {
  const pkceCodeVerifier = openid.randomPKCECodeVerifier();
  const expectedState = openid.randomState();
  const parameters = {
    redirect_uri: app.redirectUri,
    scope,
    state: expectedState,
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...more,
  };
  const url = isPushed
    ? await openid.buildAuthorizationUrlWithPAR(config, parameters)
    : openid.buildAuthorizationUrl(config, parameters);
  const back = await visit(target, url.href);
  return openid.authorizationCodeGrant(config, back, { pkceCodeVerifier, expectedState });
}

test.each(['ES256', 'EdDSA', 'PS256', 'RS256'])(
  'proves itself with a %s key: pushed request, code, refresh, introspect, revoke',
  async (algorithm) => {
    const { publicKey, privateKey } = await generateKeyPair(algorithm);
    const jwk = { ...(await exportJWK(publicKey)), kid: 'one' } as unknown as JwkSet['keys'][number];
    const app = await target.registerApp({ jwks: { keys: [jwk] } });
    const auth = openid.PrivateKeyJwt({ key: privateKey, kid: 'one' });
    const config = await openid.discovery(new URL(target.baseUrl), app.clientId, undefined, auth, {
      algorithm: 'oauth2',
      execute: [openid.allowInsecureRequests],
    });
    const tokens = await connect(config, app, true);
    const next = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '');
    expect((await openid.tokenIntrospection(config, next.access_token)).active).toBe(true);
    await openid.tokenRevocation(config, next.access_token);
    expect((await openid.tokenIntrospection(config, next.access_token)).active).toBe(false);
  },
);

test('pushes limits ahead, reads what was granted, and asks for less', async () => {
  const app = await target.registerApp();
  const config = await discover(app, 'oauth2');
  const details = [{ type: 'provider_access', provider: 'openai', models: ['gpt-5*'] }];
  const tokens = await connect(config, app, true, { authorization_details: JSON.stringify(details) });
  expect(tokens.authorization_details).toEqual(details);
  const less = [{ type: 'provider_access', provider: 'openai', models: ['gpt-5-mini'] }];
  const next = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '', {
    authorization_details: JSON.stringify(less),
  });
  expect(next.authorization_details).toEqual(less);
  const introspection = await openid.tokenIntrospection(config, next.access_token);
  expect(introspection.authorization_details).toEqual(less);
});

test('gets tokens for a device', async () => {
  const app = await target.registerApp({ type: 'native', redirectUris: ['http://127.0.0.1/callback'] });
  const config = await discover(app, 'oauth2');
  const device = await openid.initiateDeviceAuthorization(config, { scope });
  const { broker } = target;
  const user = await createUser(broker);
  await deposit(broker, user.id);
  const person = new Person(broker);
  await person.signIn(user.email);
  const { location } = await person.submit('/device', { user_code: device.user_code });
  await person.submit(location ?? '', { decision: 'approve', life: 'day', scope: scope.split(' ') });
  const tokens = await openid.pollDeviceAuthorizationGrant(config, device);
  expect(tokens.scope).toBe(scope);
});

test('binds tokens to a key, and calls a resource with them', async () => {
  const app = await target.registerApp({ type: 'spa' });
  const config = await discover(app, 'oauth2');
  const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair());
  const pkceCodeVerifier = openid.randomPKCECodeVerifier();
  const expectedState = openid.randomState();
  const parameters = {
    redirect_uri: app.redirectUri,
    scope: 'openai:models.read',
    state: expectedState,
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  };
  const url = await openid.buildAuthorizationUrlWithPAR(config, parameters, { DPoP });
  const back = await visit(target, url.href);
  const checks = { pkceCodeVerifier, expectedState };
  const tokens = await openid.authorizationCodeGrant(config, back, checks, undefined, { DPoP });
  expect(tokens.token_type).toBe('dpop');
  const next = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, { DPoP });
  const models = new URL('/openai/v1/models', target.baseUrl);
  const call = (accessToken: string, options?: openid.DPoPOptions) =>
    openid.fetchProtectedResource(config, accessToken, models, 'GET', null, undefined, options);
  expect((await call(next.access_token, { DPoP })).status).toBe(200);
  await expect(call(next.access_token)).rejects.toThrow();
});

test('registers itself', async () => {
  await target.broker.deps.store.accounts.setOpen('registration', true, { kind: 'system' });
  const redirectUri = 'https://app.example/callback';
  const config = await openid.dynamicClientRegistration(
    new URL(target.baseUrl),
    { redirect_uris: [redirectUri], client_name: 'An app' },
    undefined,
    { algorithm: 'oauth2', execute: [openid.allowInsecureRequests] },
  );
  const { client_id, client_secret } = config.clientMetadata();
  const app = { clientId: client_id, clientSecret: client_secret ?? null, redirectUri };
  expect(app.clientSecret).not.toBeNull();
  expect((await connect(config, app)).scope).toBe(scope);
});

test.each(['web', 'spa'] as const)('pushes the request of a %s app ahead', async (type) => {
  const app = await target.registerApp({ type });
  const tokens = await connect(await discover(app, 'oauth2'), app, true);
  expect(tokens.scope).toBe(scope);
});

test.each(['oauth2', 'oidc'] as const)(
  'as a confidential client found by %s discovery: code, refresh, introspect, revoke',
  async (algorithm) => {
    const app = await target.registerApp();
    const config = await discover(app, algorithm);
    const tokens = await connect(config, app);
    expect(tokens.scope).toBe(scope);
    expect(tokens.expiresIn()).toBeGreaterThan(1700);
    const next = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '');
    expect(next.refresh_token).not.toBe(tokens.refresh_token);
    expect((await openid.tokenIntrospection(config, next.access_token)).active).toBe(true);
    await openid.tokenRevocation(config, next.access_token);
    expect((await openid.tokenIntrospection(config, next.access_token)).active).toBe(false);
  },
);

test('as a public client: code, refresh, revoke', async () => {
  const app = await target.registerApp({
    type: 'native',
    redirectUris: ['http://127.0.0.1:9999/callback'],
  });
  const config = await discover(app, 'oauth2');
  const tokens = await connect(config, app);
  const next = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '', { scope: 'openai:text' });
  expect(next.scope).toBe('openai:text');
  await openid.tokenRevocation(config, next.refresh_token ?? '');
  await expect(openid.refreshTokenGrant(config, next.refresh_token ?? '')).rejects.toMatchObject({
    error: 'invalid_grant',
  });
});

test('understands a refusal', async () => {
  const app = await target.registerApp();
  const config = await discover(app, 'oauth2');
  const url = openid.buildAuthorizationUrl(config, { redirect_uri: app.redirectUri, scope: 'no:such' });
  const response = await target.newBrowser().request(url.href);
  const back = new URL(response.headers.get('location') ?? '');
  await expect(openid.authorizationCodeGrant(config, back)).rejects.toMatchObject({
    error: 'invalid_request',
  });
});
