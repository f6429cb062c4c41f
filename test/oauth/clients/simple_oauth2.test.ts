import { AuthorizationCode } from 'simple-oauth2';
import { afterAll, expect, test } from 'vitest';
import { makePkce, visit } from '../../conformance/flow.ts';
import { startTarget } from '../../conformance/target.ts';

const target = await startTarget();
afterAll(() => target.close());
const scope = 'openai:text openai:embeddings';

test.each(['header', 'body'] as const)(
  'by secret in the %s: code, refresh, revoke',
  async (authorizationMethod) => {
    const app = await target.registerApp();
    const client = new AuthorizationCode({
      client: { id: app.clientId, secret: app.clientSecret ?? '' },
      auth: {
        tokenHost: target.baseUrl,
        tokenPath: '/oauth/token',
        authorizePath: '/oauth/authorize',
        revokePath: '/oauth/revoke',
      },
      options: { authorizationMethod },
    });
    const { verifier, challenge } = makePkce();
    // Its types know nothing of PKCE; it passes on what it is given.
    const asked = {
      redirect_uri: app.redirectUri,
      scope,
      state: 'state',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    };
    const back = await visit(target, client.authorizeURL(asked));
    const redeemed = {
      code: back.searchParams.get('code') ?? '',
      redirect_uri: app.redirectUri,
      code_verifier: verifier,
    };
    const token = await client.getToken(redeemed);
    expect(token.token.scope).toBe(scope);
    const next = await token.refresh();
    expect(next.token.refresh_token).not.toBe(token.token.refresh_token);
    await next.revokeAll();
    await expect(next.refresh()).rejects.toThrow();
  },
);
