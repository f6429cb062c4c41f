import { afterAll, describe, expect, it } from 'vitest';
import {
  authorizeUrl,
  callProxy,
  introspect,
  makePkce,
  obtainCode,
  obtainTokens,
  redeem,
  refresh,
} from './flow.ts';
import { startTarget } from './target.ts';

const target = await startTarget();
afterAll(() => target.close());
const app = await target.registerApp();
const otherApp = await target.registerApp();
const publicApp = await target.registerApp({ type: 'spa' });

describe('authorization code', () => {
  it('57 of another client is invalid_grant, and stays good for its own', async () => {
    const issued = await obtainCode(target, app);
    expect((await redeem(target, otherApp, issued)).error).toBe('invalid_grant');
    expect((await redeem(target, publicApp, issued)).error).toBe('invalid_grant');
    expect((await redeem(target, app, issued)).status).toBe(200);
  });

  it('58 another redirect_uri is invalid_grant, none is accepted', async () => {
    const issued = await obtainCode(target, app);
    const other = await redeem(target, app, issued, { redirect_uri: `${app.redirectUri}/` });
    expect(other.error).toBe('invalid_grant');
    expect((await redeem(target, app, issued, { redirect_uri: undefined })).status).toBe(200);
  });

  it.each([undefined, '', 'w'.repeat(43)])('59 the verifier %j is invalid_grant', async (code_verifier) => {
    for (const client of [app, publicApp]) {
      const issued = await obtainCode(target, client);
      const answer = await redeem(target, client, issued, { code_verifier });
      expect(answer.status).toBe(400);
      expect(answer.error).toBe('invalid_grant');
      expect((await redeem(target, client, issued)).status).toBe(200);
    }
  });

  it('60 there is no code without a challenge that a verifier could be left out for', async () => {
    const response = await target
      .newBrowser()
      .request(authorizeUrl(target, app, { code_challenge: undefined, code_challenge_method: undefined }));
    expect(new URL(response.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_request');
  });

  it.each([42, 129])(
    '61 a verifier of %d characters is refused even if its hash is right',
    async (length) => {
      const { verifier, challenge } = makePkce('v'.repeat(length));
      const issued = await obtainCode(target, app, { code_challenge: challenge });
      expect((await redeem(target, app, { ...issued, verifier })).error).toBe('invalid_grant');
    },
  );

  it.each(['v'.repeat(43), 'v'.repeat(128), '-._~'.repeat(12)])(
    '61 the verifier %.50j is accepted',
    async (verifier) => {
      const { challenge } = makePkce(verifier);
      const issued = await obtainCode(target, app, { code_challenge: challenge });
      expect((await redeem(target, app, { ...issued, verifier })).status).toBe(200);
    },
  );

  it('62 used again is invalid_grant, and the tokens of the first time die', async () => {
    const issued = await obtainCode(target, app, { scope: 'openai:models.read' });
    const tokens = await redeem(target, app, issued);
    expect(await callProxy(target, tokens.accessToken)).toBe(200);
    expect((await redeem(target, app, issued)).error).toBe('invalid_grant');
    expect(await callProxy(target, tokens.accessToken)).toBe(401);
    expect(await introspect(target, app, tokens.accessToken)).toEqual({ active: false });
    expect((await refresh(target, app, tokens.refreshToken)).error).toBe('invalid_grant');
  });

  it('63 used again with a wrong verifier or by another client harms nothing', async () => {
    const issued = await obtainCode(target, app);
    const tokens = await redeem(target, app, issued);
    expect((await redeem(target, app, issued, { code_verifier: 'w'.repeat(43) })).error).toBe(
      'invalid_grant',
    );
    expect((await redeem(target, otherApp, issued)).error).toBe('invalid_grant');
    for (let tries = 0; tries < 6; tries++) await redeem(target, otherApp, issued);
    expect(await introspect(target, app, tokens.accessToken)).toMatchObject({ active: true });
    expect((await refresh(target, app, tokens.refreshToken)).status).toBe(200);
  });

  it('64 of many parallel redemptions one succeeds at most', async () => {
    const issued = await obtainCode(target, app);
    const answers = await Promise.all(Array.from({ length: 20 }, () => redeem(target, app, issued)));
    const good = answers.filter(({ status }) => status === 200);
    expect(good).toHaveLength(1);
    expect(answers.filter(({ error }) => error === 'invalid_grant')).toHaveLength(19);
    expect(await introspect(target, app, good[0]?.accessToken ?? '')).toEqual({ active: false });
  });

  it('65 nothing else that the server gives out is taken for a code', async () => {
    const browser = await target.signIn();
    const consent = await browser.request(authorizeUrl(target, app));
    const { verifier } = await obtainCode(target, app);
    const tokens = await obtainTokens(target, app);
    for (const code of [
      tokens.refreshToken,
      tokens.accessToken,
      consent.headers.get('location')?.split('/').at(-1) ?? '',
      browser.cookies.get('coatcheck_browser') ?? '',
      app.clientSecret ?? '',
    ]) {
      expect((await redeem(target, app, { code, verifier })).error).toBe('invalid_grant');
    }
  });

  it('67 a request that fails on something else does not use the code up', async () => {
    const issued = await obtainCode(target, app);
    expect((await redeem(target, app, issued, { resource: 'https://evil.example' })).error).toBe(
      'invalid_target',
    );
    expect((await redeem(target, app, issued, { client_secret: 'wrong' })).error).toBe('invalid_client');
    expect((await redeem(target, app, issued, { redirect_uri: 'https://evil.example' })).error).toBe(
      'invalid_grant',
    );
    expect((await redeem(target, app, issued)).status).toBe(200);
  });

  it.each([
    ['verifier', [{ code_verifier: 'w'.repeat(43) }, { code_verifier: 'short' }]],
    ['resource', [{ resource: 'https://evil.example' }, { resource: `${target.baseUrl}/no/such` }]],
  ])('67 the fifth redemption that fails on its %s burns the code', async (_, [first, second]) => {
    const issued = await obtainCode(target, app);
    for (let tries = 1; tries <= 5; tries++) await redeem(target, app, issued, tries % 2 ? first : second);
    expect((await redeem(target, app, issued)).error).toBe('invalid_grant');
    const other = await obtainCode(target, app);
    for (let tries = 1; tries <= 4; tries++) await redeem(target, app, other, first);
    expect((await redeem(target, app, other)).status).toBe(200);
  });

  it('67 who has not the verifier does not learn what the code stands for', async () => {
    const issued = await obtainCode(target, app);
    const guess = { code_verifier: 'w'.repeat(43), resource: 'https://evil.example' };
    expect((await redeem(target, app, issued, guess)).error).toBe('invalid_grant');
    expect((await redeem(target, otherApp, issued, guess)).error).toBe('invalid_grant');
  });

  it('81 a code is worth nothing when the user allows nothing of what it stands for any more', async () => {
    const browser = await target.signIn();
    const issued = await obtainCode(target, app, { scope: 'openai:text' }, { browser });
    const tokens = await obtainTokens(target, app, { scope: 'openai:images' }, { browser });
    expect((await redeem(target, app, issued)).error).toBe('invalid_grant');
    expect(await introspect(target, app, tokens.accessToken)).toMatchObject({ active: true });
  });

  it('81 a code is worth nothing once its grant has ended', async () => {
    const browser = await target.signIn();
    const issued = await obtainCode(target, app, {}, { browser });
    const grants = await target.broker.deps.store.grants.listGrants({ clientId: app.clientId });
    const newest = grants[0]?.grant.id ?? '';
    await target.broker.deps.store.grants.revokeGrant(newest, 'user', { kind: 'system' });
    expect((await redeem(target, app, issued)).error).toBe('invalid_grant');
  });

  it('114 a resource narrows the audience, and no token is without one', async () => {
    const resource = `${target.baseUrl}/openai/v1`;
    const issued = await obtainCode(target, app);
    const tokens = await redeem(target, app, issued, { resource });
    expect(await introspect(target, app, tokens.accessToken)).toMatchObject({ aud: resource });
    const plain = await obtainTokens(target, app);
    expect(await introspect(target, app, plain.accessToken)).toMatchObject({ aud: resource });
  });
});
