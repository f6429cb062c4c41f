import { decodeJwt } from 'jose';
import { afterAll, describe, expect, it } from 'vitest';
import type { ProviderAccess } from '../../src/store/records.ts';
import type { Fields } from '../support/authorization.ts';
import { expectPage } from './expect_page.ts';
import {
  answerOf,
  ask,
  authorizeUrl,
  formAuth,
  introspect,
  makePkce,
  obtainCode,
  obtainTokens,
  redeem,
  refresh,
  type TokenAnswer,
} from './flow.ts';
import { startTarget } from './target.ts';

const target = await startTarget();
afterAll(() => target.close());
const app = await target.registerApp();
const scope = 'openai:text openai:models.read';

const detail = { type: 'provider_access', provider: 'openai' } as const;
const granted: ProviderAccess = {
  ...detail,
  models: ['gpt-5*', 'o3'],
  budgets: [{ limit_usd: '5.00', period: 'month' }],
  rate: { requests_per_minute: 600 },
  max_output_tokens: 1000,
};
const asking = (...details: readonly object[]): Fields => ({
  authorization_details: JSON.stringify(details),
});
const error = 'invalid_authorization_details';

/** An app that got these limits. */
const limited = (browser?: Awaited<ReturnType<typeof target.signIn>>) =>
  obtainTokens(target, app, { scope, ...asking(granted) }, browser ? { browser } : {});

const grantOf = async ({ accessToken }: TokenAnswer) => {
  const response = await fetch(`${target.baseUrl}/grant`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  return (await response.json()) as Record<string, unknown>;
};

/** An authorization request at each endpoint that takes one. @returns the error that it is answered with */
const requests: readonly (readonly [string, (changes: Fields) => Promise<unknown>])[] = [
  [
    'authorize',
    async (changes) => {
      const response = await target.newBrowser().request(authorizeUrl(target, app, changes));
      const answer = answerOf(response, app);
      expect(answer?.get('iss')).toBe(target.baseUrl);
      expect(answer?.get('state')).toBe('a state');
      return answer?.get('error');
    },
  ],
  [
    'par',
    async (changes) => {
      const query = new URL(authorizeUrl(target, app, changes)).searchParams;
      const answer = await ask(target, '/oauth/par', { ...Object.fromEntries(query), ...formAuth(app) });
      expect(answer.status).toBe(400);
      return answer.error;
    },
  ],
  [
    'device',
    async (changes) => {
      const answer = await ask(target, '/oauth/device', { scope, ...formAuth(app), ...changes });
      expect(answer.status).toBe(400);
      return answer.error;
    },
  ],
  [
    'token',
    async (changes) => {
      const issued = await obtainCode(target, app);
      const answer = await redeem(target, app, issued, changes);
      expect(answer.status).toBe(400);
      expect((await redeem(target, app, issued)).status).toBe(200);
      return answer.error;
    },
  ],
  [
    'refresh',
    async (changes) => {
      const { refreshToken } = await obtainTokens(target, app);
      const answer = await refresh(target, app, refreshToken, changes);
      expect(answer.status).toBe(400);
      expect((await refresh(target, app, refreshToken)).status).toBe(200);
      return answer.error;
    },
  ],
];

const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const bad = [
  ['no JSON', 'openai'],
  ['no list', JSON.stringify(granted)],
  ['no type', JSON.stringify([{ provider: 'openai' }])],
  ['an unknown type', JSON.stringify([{ ...detail, type: 'payment_initiation' }])],
  ['an unknown field', JSON.stringify([{ ...detail, 'a "field"': 1 }])],
  ['a mistyped field', JSON.stringify([{ ...detail, max_output_tokens: '1000' }])],
  ['a provider that is not asked for', JSON.stringify([{ ...detail, provider: 'nobody' }])],
  ['a provider twice', JSON.stringify([detail, detail])],
  ['more than a token holds', JSON.stringify([{ ...detail, models: Array(50).fill('m'.repeat(50)) }])],
  ['a field twice', '[{"type":"provider_access","provider":"openai","models":["o3"],"models":["*"]}]'],
  ['a field twice, spelt otherwise', '[{"type":"provider_access","provider":"openai","\\u0070rovider":"x"}]'],
  ['__proto__', '[{"type":"provider_access","provider":"openai","__proto__":{"models":["o3"]}}]'],
  ['a list in a list in a list', nested(1_500)],
  ['an object in an object in an object', `[${'{"rate":'.repeat(500)}1${'}'.repeat(500)}]`],
] as const;

describe.each(requests)('authorization details at %s', (_, request) => {
  it.each(bad)('109 112 with %s are refused, and nothing is spent', async (_what, authorization_details) => {
    expect(await request({ authorization_details })).toBe(error);
  });
});

describe('authorization details', () => {
  it('109 that are refused are not repeated in what is said of them', async () => {
    const fields = { ...formAuth(app), scope, ...asking({ ...detail, '<b>field</b>': 1 }) };
    const { body } = await ask(target, '/oauth/device', fields);
    expect(body).toEqual({
      error,
      error_description: 'authorization_details[0]: must not hold a field that is not known here.',
    });
  });

  it.each([
    ['a model', { models: ['o3', 'o4'] }],
    ['all models that begin so', { models: ['gpt-*'] }],
    ['longer answers', { max_output_tokens: 1001 }],
    ['another rate', { rate: { requests_per_minute: 10 } }],
    ['another budget', { budgets: [{ limit_usd: '1.00', period: 'month' }] }],
  ])('110 %s beyond the grant is refused, and costs neither code nor refresh token', async (_, change) => {
    const beyond = asking({ ...detail, ...change });
    const issued = await obtainCode(target, app, { scope, ...asking(granted) });
    expect(await redeem(target, app, issued, beyond)).toMatchObject({ status: 400, error });
    const tokens = await redeem(target, app, issued);
    expect(tokens.status).toBe(200);
    expect(await refresh(target, app, tokens.refreshToken, beyond)).toMatchObject({ status: 400, error });
    expect((await refresh(target, app, tokens.refreshToken)).status).toBe(200);
  });

  it('67 beyond the grant five times burn the code', async () => {
    const issued = await obtainCode(target, app, { scope, ...asking(granted) });
    for (let tries = 1; tries <= 5; tries++) {
      expect((await redeem(target, app, issued, asking({ ...detail, models: ['*'] }))).error).toBe(error);
    }
    expect((await redeem(target, app, issued)).error).toBe('invalid_grant');
  });

  it('67 beyond the grant do not use a device code up', async () => {
    const native = await target.registerApp({ type: 'native', redirectUris: ['http://127.0.0.1/callback'] });
    const proposal = { scope, ...asking(granted), ...formAuth(native) };
    const { body } = await ask(target, '/oauth/device', proposal);
    const browser = await target.signIn();
    const page = await (await browser.request(`${target.baseUrl}/device`)).text();
    const entered = await browser.request(`${target.baseUrl}/device`, {
      method: 'POST',
      body: new URLSearchParams({
        csrf: /name="csrf" value="([^"]*)"/.exec(page)?.[1] ?? '',
        user_code: String(body.user_code),
      }),
    });
    await target.decide(browser, entered.headers.get('location') ?? '', { approve: true });
    const poll = (changes: Fields = {}) =>
      ask(target, '/oauth/token', {
        grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
        device_code: String(body.device_code),
        ...formAuth(native),
        ...changes,
      });
    expect(await poll(asking({ ...detail, models: ['*'] }))).toMatchObject({ status: 400, error });
    target.advance(5);
    expect(await poll({ resource: 'https://evil.example' })).toMatchObject({ error: 'invalid_target' });
    target.advance(5);
    expect(await poll()).toMatchObject({ status: 200, body: { authorization_details: [granted] } });
  });

  it('111 come back in the token response, the token, introspection and the grant', async () => {
    const tokens = await limited();
    expect(tokens.body.authorization_details).toEqual([granted]);
    expect(decodeJwt(tokens.accessToken).authorization_details).toEqual([granted]);
    for (const token of [tokens.accessToken, tokens.refreshToken]) {
      expect((await introspect(target, app, token)).authorization_details).toEqual([granted]);
    }
    const { type, provider, ...limits } = granted;
    expect(await grantOf(tokens)).toMatchObject({ providers: [{ provider, limits }] });
  });

  it('111 are left out where nothing is limited', async () => {
    const tokens = await obtainTokens(target, app, { scope });
    for (const said of [
      tokens.body,
      decodeJwt(tokens.accessToken),
      await introspect(target, app, tokens.accessToken),
      await introspect(target, app, tokens.refreshToken),
    ]) {
      expect(said).not.toHaveProperty('authorization_details');
    }
    expect(await grantOf(tokens)).toMatchObject({ providers: [{ limits: {} }] });
  });

  it('111 may be pushed ahead', async () => {
    const pkce = makePkce();
    const query = new URL(
      authorizeUrl(target, app, { scope, code_challenge: pkce.challenge, ...asking(granted) }),
    ).searchParams;
    const { body } = await ask(target, '/oauth/par', { ...Object.fromEntries(query), ...formAuth(app) });
    const browser = await target.signIn();
    const first = await browser.request(
      `${target.baseUrl}/oauth/authorize?${new URLSearchParams({
        client_id: app.clientId,
        request_uri: String(body.request_uri),
      })}`,
    );
    const next = await target.decide(browser, first.headers.get('location') ?? '', { approve: true });
    const code = answerOf(await browser.request(next), app)?.get('code') ?? '';
    const tokens = await redeem(target, app, { code, verifier: pkce.verifier });
    expect(tokens.body.authorization_details).toEqual([granted]);
  });

  it('111 narrow the access token that asks for less, and no other', async () => {
    const less = { ...detail, models: ['gpt-5-mini'], max_output_tokens: 10, rate: granted.rate };
    const narrowed = { ...granted, ...less };
    const issued = await obtainCode(target, app, { scope, ...asking(granted) });
    const first = await redeem(target, app, issued, asking(less));
    const second = await refresh(target, app, first.refreshToken, asking(less));
    for (const tokens of [first, second]) {
      expect(tokens.body.authorization_details).toEqual([narrowed]);
      expect(decodeJwt(tokens.accessToken).authorization_details).toEqual([narrowed]);
      expect((await introspect(target, app, tokens.accessToken)).authorization_details).toEqual([narrowed]);
      expect(await grantOf(tokens)).toMatchObject({ providers: [{ limits: { models: ['gpt-5-mini'] } }] });
    }
    const whole = await refresh(target, app, second.refreshToken);
    expect(whole.body.authorization_details).toEqual([granted]);
  });

  it('111 narrow where nothing was limited', async () => {
    const less = { ...detail, models: ['o3'] };
    const { refreshToken } = await obtainTokens(target, app, { scope });
    const tokens = await refresh(target, app, refreshToken, asking(less));
    expect(tokens.body.authorization_details).toEqual([less]);
    const rated = asking({ ...detail, rate: { requests_per_minute: 1 } });
    expect((await refresh(target, app, tokens.refreshToken, rated)).error).toBe(error);
  });

  it('111 are for a token what both it and the grant say by now', async () => {
    const browser = await target.signIn();
    const tokens = await limited(browser);
    const now = {
      ...detail,
      models: ['gpt-5-mini', 'o4'],
      budgets: [{ limit_usd: '1.00', period: 'month' }],
      rate: { requests_per_minute: 6 },
      max_output_tokens: 2000,
    };
    const decision = {
      approve: true,
      limits: {
        openai_models: 'gpt-5-mini, o4',
        openai_month: '1.00',
        openai_requests: '6',
        openai_tokens: '2000',
      },
    };
    await obtainTokens(target, app, { scope, ...asking(now) }, { browser, decision });
    const { type, provider, ...limits } = { ...now, models: ['gpt-5-mini'], max_output_tokens: 1000 };
    expect((await introspect(target, app, tokens.accessToken)).authorization_details).toEqual([
      { ...detail, ...limits },
    ]);
    expect(await grantOf(tokens)).toMatchObject({ providers: [{ limits }] });
    expect((await introspect(target, app, tokens.refreshToken)).authorization_details).toEqual([now]);
    const next = await refresh(target, app, tokens.refreshToken);
    expect(next.body.authorization_details).toEqual([now]);
  });

  it('112 as deep as a form can hold are refused', async () => {
    const form = `${new URLSearchParams({ client_id: app.clientId, client_secret: app.clientSecret ?? '' })}`;
    const answer = await ask(target, '/oauth/device', `${form}&authorization_details=${nested(16_000)}`);
    expect(answer).toMatchObject({ status: 400, error });
  });

  it('112 of a megabyte are refused', async () => {
    const authorization_details = JSON.stringify([{ ...detail, models: ['m'.repeat(1_000_000)] }]);
    for (const path of ['/oauth/par', '/oauth/device', '/oauth/token']) {
      const { status } = await ask(target, path, { ...formAuth(app), authorization_details });
      expect(status).toBe(413);
    }
    const url = authorizeUrl(target, app, { authorization_details });
    expect((await target.newBrowser().request(url)).status).toBe(431);
  });

  it('112 do not make a redirector of an address that is not the app’s', async () => {
    const redirect_uri = 'https://evil.example/';
    const changes = { redirect_uri, authorization_details: nested(10) };
    await expectPage(await target.newBrowser().request(authorizeUrl(target, app, changes)));
  });

  it('134 their type is that of every app that registers itself', async () => {
    await target.broker.deps.store.accounts.setOpen('registration', true, { kind: 'system' });
    const response = await fetch(`${target.baseUrl}/oauth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        redirect_uris: ['https://app.example/callback'],
        authorization_details_types: ['provider_access', 'payment_initiation'],
      }),
    });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ authorization_details_types: ['provider_access'] });
  });
});
