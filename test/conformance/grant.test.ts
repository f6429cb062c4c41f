import { afterAll, describe, expect, it } from 'vitest';
import { createDpopKey } from '../support/dpop.ts';
import { ask, formAuth, makePkce, obtainCode, obtainTokens, revoke, type TokenAnswer } from './flow.ts';
import { type RegisteredApp, startTarget } from './target.ts';

const target = await startTarget();
afterAll(() => target.close());
const store = () => target.broker.deps.store;
const app = await target.registerApp();
const system = { kind: 'system' } as const;
const grantUrl = `${target.baseUrl}/grant`;

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const get = (headers: Record<string, string> = {}) => fetch(grantUrl, { headers });

async function grantOf(token: string): Promise<Record<string, unknown>> {
  const response = await get(bearer(token));
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

async function expectRefusal(response: Response, error: string): Promise<void> {
  expect(response.status).toBe(401);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await response.json()).toMatchObject({ error, error_description: expect.any(String) });
}

describe('grant', () => {
  it('162 tells what the token may do now and where the user changes it, and no more', async () => {
    const tokens = await obtainTokens(target, app, { scope: 'openai:text openai:models.read' });
    const response = await get({ ...bearer(tokens.accessToken), origin: 'https://app.example' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    const body = (await response.json()) as Record<string, unknown>;
    const scope = String(tokens.body.scope);
    expect(body).toEqual({
      grant_id: expect.stringMatching(/^grt_/),
      client_id: app.clientId,
      status: 'active',
      test: false,
      scope,
      providers: [
        {
          provider: 'openai',
          resource: `${target.baseUrl}/openai/v1`,
          scope,
          limits: {},
          left: [],
          payer: 'user',
          key_status: 'verified',
        },
      ],
      created_at: expect.any(Number),
      updated_at: expect.any(Number),
      expires_at: expect.any(Number),
      manage_url: `${target.baseUrl}/apps/${body.grant_id}`,
    });
    const { created_at, expires_at } = body as { created_at: number; expires_at: number };
    expect(Math.abs(created_at - Date.now() / 1000)).toBeLessThan(60);
    // The test's consent is for a month.
    expect(expires_at - created_at).toBeGreaterThan(27 * 86_400);
    expect(expires_at - created_at).toBeLessThan(32 * 86_400);
  });

  it('162 says of a narrowed grant what is left, and that a key works no more', async () => {
    const browser = await target.signIn();
    const tokens = await obtainTokens(target, app, { scope: 'openai:text openai:models.read' }, { browser });
    const { grant_id: grantId } = await grantOf(tokens.accessToken);
    await obtainTokens(target, app, { scope: 'openai:models.read' }, { browser });
    expect(await grantOf(tokens.accessToken)).toMatchObject({
      grant_id: grantId,
      scope: 'openai:models.read',
      providers: [{ scope: 'openai:models.read' }],
    });
    const [credential] = await store().credentials.listHeldBy(String(grantId));
    await store().credentials.markExhausted(credential?.id ?? '', true, 1);
    expect(await grantOf(tokens.accessToken)).toMatchObject({ providers: [{ key_status: 'exhausted' }] });
    await store().credentials.markCredential(credential?.id ?? '', 'invalid');
    expect(await grantOf(tokens.accessToken)).toMatchObject({ providers: [{ key_status: 'invalid' }] });
  });

  it('162 takes GET only, also from a page of another origin', async () => {
    expect((await fetch(grantUrl, { method: 'POST' })).status).toBe(405);
    const preflight = await fetch(grantUrl, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example', 'access-control-request-method': 'GET' },
    });
    expect(preflight.headers.get('access-control-allow-headers')).toMatch(/Authorization/);
  });

  it('163 refuses no token, a wrong one and another kind', async () => {
    const bare = await get();
    expect(bare.headers.get('www-authenticate')).toMatch(/^Bearer, DPoP algs="/);
    await expectRefusal(bare, 'invalid_token');
    const tokens = await obtainTokens(target, app);
    const { accessToken, refreshToken } = tokens;
    const [header, payload] = accessToken.split('.');
    for (const authorization of [
      `Bearer ${refreshToken}`,
      `Bearer ${header}.${payload}.AAAA`,
      `Basic ${accessToken}`,
      `DPoP ${accessToken}`,
      'Bearer',
    ]) {
      const refused = await get({ authorization });
      expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer error="invalid_token"/);
      await expectRefusal(refused, 'invalid_token');
    }
    expect((await fetch(`${grantUrl}?access_token=${accessToken}`)).status).toBe(401);
  });

  it.each<[string, (tokens: TokenAnswer, grantId: string, revoked: RegisteredApp) => Promise<unknown>]>([
    ['the user', (_tokens, grantId) => store().grants.revokeGrant(grantId, 'user', system)],
    ['the app', (tokens, _grantId, revoked) => revoke(target, revoked, tokens.refreshToken)],
    [
      'the operator',
      (_tokens, _grantId, { clientId }) => store().clients.setClientStatus(clientId, 'suspended', system),
    ],
  ])('163 says grant_revoked once %s has ended it', async (_who, end) => {
    const ended = await target.registerApp();
    const tokens = await obtainTokens(target, ended);
    const { grant_id: grantId } = await grantOf(tokens.accessToken);
    await end(tokens, String(grantId), ended);
    const refused = await get(bearer(tokens.accessToken));
    expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer error="invalid_token"/);
    await expectRefusal(refused, 'grant_revoked');
  });

  it('164 takes a bound token with a proof only', async () => {
    const key = await createDpopKey();
    const spa = await target.registerApp({ type: 'spa' });
    const pkce = makePkce();
    const { code } = await obtainCode(target, spa, { code_challenge: pkce.challenge });
    const tokenUrl = `${target.baseUrl}/oauth/token`;
    const fields = { grant_type: 'authorization_code', code, code_verifier: pkce.verifier, ...formAuth(spa) };
    const asked = await ask(target, '/oauth/token', fields, { dpop: await key.prove({ url: tokenUrl }) });
    const nonce = asked.headers.get('dpop-nonce') ?? '';
    const { status, accessToken } = await ask(target, '/oauth/token', fields, {
      dpop: await key.prove({ url: tokenUrl, nonce }),
    });
    expect(status).toBe(200);

    const authorization = `DPoP ${accessToken}`;
    const proofOf = (prover = key, changes: Partial<Parameters<typeof key.prove>[0]> = {}) =>
      prover.prove({ method: 'GET', url: grantUrl, nonce, accessToken, ...changes });
    const dpop = await proofOf();
    const good = await get({ authorization, dpop });
    expect(good.status).toBe(200);
    expect(await good.json()).toMatchObject({ client_id: spa.clientId });

    const replayed = await get({ authorization, dpop });
    expect(replayed.headers.get('www-authenticate')).toMatch(
      /^DPoP error="invalid_dpop_proof", algs="ES256 /,
    );
    await expectRefusal(replayed, 'invalid_dpop_proof');
    await expectRefusal(
      await get({ authorization, dpop: await proofOf(key, { method: 'POST' }) }),
      'invalid_dpop_proof',
    );
    await expectRefusal(
      await get({ authorization, dpop: await proofOf(key, { accessToken: 'x' }) }),
      'invalid_dpop_proof',
    );
    const stale = await get({ authorization, dpop: await proofOf(key, { nonce: 'stale' }) });
    expect(stale.headers.get('www-authenticate')).toMatch(/^DPoP error="use_dpop_nonce"/);
    expect(stale.headers.get('dpop-nonce')).toBeTruthy();
    await expectRefusal(stale, 'use_dpop_nonce');
    await expectRefusal(
      await get({ authorization, dpop: await proofOf(await createDpopKey()) }),
      'invalid_dpop_proof',
    );
    await expectRefusal(await get({ authorization }), 'invalid_dpop_proof');
    await expectRefusal(
      await get({ authorization: `Bearer ${accessToken}`, dpop: await proofOf() }),
      'invalid_token',
    );
  });

  // Last, as proofs do not follow the clock of the target.
  it('163 refuses a token that has run out', async () => {
    const { accessToken } = await obtainTokens(target, app);
    target.advance(1801);
    await expectRefusal(await get(bearer(accessToken)), 'invalid_token');
  });
});
