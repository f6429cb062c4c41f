import * as arctic from 'arctic';
import { afterAll, expect, test } from 'vitest';
import { callProxy, visit } from '../../conformance/flow.ts';
import { startTarget } from '../../conformance/target.ts';

const target = await startTarget();
afterAll(() => target.close());
const scopes = ['openai:models.read', 'openai:text'];
const at = (endpoint: string) => `${target.baseUrl}/oauth/${endpoint}`;

test.each(['web', 'spa'] as const)('as a %s app: code, refresh, revoke', async (type) => {
  const { clientId, clientSecret, redirectUri } = await target.registerApp({ type });
  const client = new arctic.OAuth2Client(clientId, clientSecret, redirectUri);
  const [state, verifier] = [arctic.generateState(), arctic.generateCodeVerifier()];
  const { S256 } = arctic.CodeChallengeMethod;
  const url = client.createAuthorizationURLWithPKCE(at('authorize'), state, S256, verifier, scopes);
  const { searchParams } = await visit(target, url.href);
  expect(searchParams.get('state')).toBe(state);

  const tokens = await client.validateAuthorizationCode(
    at('token'),
    searchParams.get('code') ?? '',
    verifier,
  );
  expect(tokens.accessTokenExpiresInSeconds()).toBeGreaterThan(1700);
  expect(tokens.scopes()).toEqual(scopes);
  const next = await client.refreshAccessToken(at('token'), tokens.refreshToken(), ['openai:models.read']);
  expect(next.scopes()).toEqual(['openai:models.read']);
  expect(await callProxy(target, next.accessToken())).toBe(200);

  await client.revokeToken(at('revoke'), next.accessToken());
  expect(await callProxy(target, next.accessToken())).toBe(401);
  await expect(client.refreshAccessToken(at('token'), next.refreshToken(), [])).rejects.toMatchObject({
    code: 'invalid_grant',
  });
});
