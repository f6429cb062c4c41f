import * as oauth from 'oauth4webapi';
import { afterAll, expect, test } from 'vitest';
import { visit } from '../../conformance/flow.ts';
import { type RegisteredApp, startTarget } from '../../conformance/target.ts';

const target = await startTarget();
afterAll(() => target.close());
const scope = 'openai:models.read';
const resource = new URL('/openai/v1', target.baseUrl);
const insecure = { [oauth.allowInsecureRequests]: true } as const;

/** The server that gives out tokens for the resource. */
async function discover(): Promise<oauth.AuthorizationServer> {
  const described = await oauth.resourceDiscoveryRequest(resource, insecure);
  const { authorization_servers } = await oauth.processResourceDiscoveryResponse(resource, described);
  const issuer = new URL(authorization_servers?.[0] ?? '');
  const response = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure });
  return oauth.processDiscoveryResponse(issuer, response);
}

const server = await discover();

/** Sends a request once more if the server wants a nonce in its proof, which the library has kept by then. */
async function withNonce<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return send();
  }
}

function authenticationOf({ clientSecret }: RegisteredApp): oauth.ClientAuth {
  return clientSecret === null ? oauth.None() : oauth.ClientSecretPost(clientSecret);
}

interface Connection {
  readonly client: oauth.Client;
  readonly tokens: oauth.TokenEndpointResponse;
  refresh(refreshToken: string): Promise<oauth.TokenEndpointResponse>;
}

/** From the request for a code to tokens, bound to a key where there is one. */
async function connect(
  app: RegisteredApp,
  authentication = authenticationOf(app),
  DPoP?: oauth.DPoPHandle,
): Promise<Connection> {
  const client = { client_id: app.clientId };
  const options = { ...insecure, ...(DPoP && { DPoP }) };
  const [verifier, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState()];
  const url = new URL(server.authorization_endpoint ?? '');
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: app.clientId,
    redirect_uri: app.redirectUri,
    scope,
    state,
    resource: resource.href,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }).toString();
  const answer = oauth.validateAuthResponse(server, client, await visit(target, url.href), state);
  return {
    client,
    tokens: await withNonce(async () => {
      const redeemed = [answer, app.redirectUri, verifier, options] as const;
      const response = await oauth.authorizationCodeGrantRequest(server, client, authentication, ...redeemed);
      return oauth.processAuthorizationCodeResponse(server, client, response);
    }),
    refresh: (refreshToken) =>
      withNonce(async () => {
        const sent = [authentication, refreshToken, options] as const;
        const response = await oauth.refreshTokenGrantRequest(server, client, ...sent);
        return oauth.processRefreshTokenResponse(server, client, response);
      }),
  };
}

async function isActive(client: oauth.Client, authentication: oauth.ClientAuth, token: string) {
  const response = await oauth.introspectionRequest(server, client, authentication, token, insecure);
  return (await oauth.processIntrospectionResponse(server, client, response)).active;
}

async function revoke(client: oauth.Client, authentication: oauth.ClientAuth, token: string) {
  const response = await oauth.revocationRequest(server, client, authentication, token, insecure);
  await oauth.processRevocationResponse(response);
}

test.each([
  ['basic', oauth.ClientSecretBasic],
  ['post', oauth.ClientSecretPost],
])('by secret, %s: code, refresh, introspect, revoke', async (_, authenticate) => {
  const app = await target.registerApp();
  const authentication = authenticate(app.clientSecret ?? '');
  const { client, tokens, refresh } = await connect(app, authentication);
  expect(tokens.scope).toBe(scope);
  const next = await refresh(tokens.refresh_token ?? '');
  expect(next.refresh_token).not.toBe(tokens.refresh_token);
  expect(await isActive(client, authentication, next.access_token)).toBe(true);
  await revoke(client, authentication, next.refresh_token ?? '');
  expect(await isActive(client, authentication, next.access_token)).toBe(false);
});

test('without a secret: code, refresh, revoke', async () => {
  const app = await target.registerApp({ type: 'spa' });
  const { client, tokens, refresh } = await connect(app);
  const next = await refresh(tokens.refresh_token ?? '');
  await revoke(client, oauth.None(), next.access_token);
  await expect(refresh(next.refresh_token ?? '')).rejects.toMatchObject({ error: 'invalid_grant' });
});

test('with a key: code, refresh and calls, each with the nonce that the server wants', async () => {
  const app = await target.registerApp({ type: 'spa' });
  const DPoP = oauth.DPoP({}, await oauth.generateKeyPair('ES256'));
  const { tokens, refresh } = await connect(app, oauth.None(), DPoP);
  expect(tokens.token_type).toBe('dpop');
  const { access_token: token } = await refresh(tokens.refresh_token ?? '');
  const models = new URL(`${resource}/models`);
  const call = (options: object) =>
    oauth.protectedResourceRequest(token, 'GET', models, undefined, null, { ...insecure, ...options });
  expect((await withNonce(() => call({ DPoP }))).status).toBe(200);
  await expect(call({})).rejects.toThrow(oauth.WWWAuthenticateChallengeError);
});

test('a resource server that uses it takes the access token for what it is', async () => {
  const app = await target.registerApp();
  const { tokens } = await connect(app);
  const headers = { authorization: `Bearer ${tokens.access_token}` };
  const validate = (audience: string) =>
    oauth.validateJwtAccessToken(server, new Request(resource, { headers }), audience, insecure);
  expect(await validate(resource.href)).toMatchObject({ client_id: app.clientId, scope });
  await expect(validate(`${target.baseUrl}/anthropic`)).rejects.toThrow('"aud"');
});
