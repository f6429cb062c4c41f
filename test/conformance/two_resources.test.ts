import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encode } from '../support/authorization.ts';
import {
  answerOf,
  ask,
  authorizeUrl,
  callProxy,
  formAuth,
  introspect,
  makePkce,
  obtainCode,
  obtainTokens,
  redeem,
  refresh,
} from './flow.ts';
import { type LocalTarget, type RegisteredApp, startTarget } from './target.ts';

let target: LocalTarget;
let app: RegisteredApp;
let openai: string;
let anthropic: string;
const ofOpenai = 'openai:models.read openai:text';
const ofAnthropic = 'anthropic:models.read anthropic:text';
const scope = `${ofOpenai} ${ofAnthropic}`;

beforeAll(async () => {
  target = await startTarget();
  app = await target.registerApp({ scope });
  openai = `${target.baseUrl}/openai/v1`;
  anthropic = `${target.baseUrl}/anthropic`;
});
afterAll(() => target.close());

const told = async (token: string) => {
  const { aud, scope: allowed } = await introspect(target, app, token);
  return { aud, scope: allowed };
};

describe('two resources', () => {
  it('114 are both the audience of a token for both, and one alone of a token for one', async () => {
    const both = await obtainTokens(target, app, { scope });
    expect(await told(both.accessToken)).toEqual({ aud: [openai, anthropic], scope });
    const one = await obtainTokens(target, app, { scope: ofAnthropic });
    expect(await told(one.accessToken)).toEqual({ aud: anthropic, scope: ofAnthropic });
  });

  it('114 named at the authorization endpoint narrow what the user is asked for', async () => {
    const tokens = await obtainTokens(target, app, { scope, resource: anthropic });
    expect(tokens.body.scope).toBe(ofAnthropic);
    expect(await told(tokens.accessToken)).toEqual({ aud: anthropic, scope: ofAnthropic });
    expect((await refresh(target, app, tokens.refreshToken, { resource: openai })).error).toBe(
      'invalid_target',
    );
  });

  it('114 named at the token endpoint narrow that access token alone', async () => {
    const issued = await obtainCode(target, app, { scope });
    const tokens = await redeem(target, app, issued, { resource: anthropic });
    expect(await told(tokens.accessToken)).toEqual({ aud: anthropic, scope: ofAnthropic });
    const other = await refresh(target, app, tokens.refreshToken, { resource: openai });
    expect(await told(other.accessToken)).toEqual({ aud: openai, scope: ofOpenai });
    const all = await refresh(target, app, other.refreshToken);
    expect(await told(all.accessToken)).toEqual({ aud: [openai, anthropic], scope });
  });

  it('114 may be named together, at either endpoint', async () => {
    const { challenge, verifier, code } = await obtainCode(target, app, { scope });
    const twice = encode({
      grant_type: 'authorization_code',
      code,
      redirect_uri: app.redirectUri,
      code_verifier: verifier,
      ...formAuth(app),
    });
    for (const resource of [openai, anthropic]) twice.append('resource', resource);
    const tokens = await ask(target, '/oauth/token', twice.toString());
    expect(await told(tokens.accessToken)).toEqual({ aud: [openai, anthropic], scope });

    const url = authorizeUrl(target, app, { scope, code_challenge: challenge, resource: openai });
    const browser = await target.signIn();
    const response = await browser.request(`${url}&resource=${encodeURIComponent(anthropic)}`);
    expect(response.headers.get('location')).toMatch(/^\/consent\//);
  });

  it('113 are each refused where nothing is asked for that is theirs', async () => {
    const browser = await target.signIn();
    for (const [asked, resource] of [
      [ofOpenai, anthropic],
      [ofAnthropic, openai],
    ]) {
      const changes = { scope: asked, resource, code_challenge: makePkce().challenge };
      const response = await browser.request(authorizeUrl(target, app, changes));
      expect(answerOf(response, app)?.get('error')).toBe('invalid_target');
    }
  });

  it('80 are each refused where the user has not allowed it, and the token is not used up', async () => {
    const { refreshToken } = await obtainTokens(target, app, { scope: ofAnthropic });
    expect((await refresh(target, app, refreshToken, { resource: openai })).error).toBe('invalid_target');
    expect((await refresh(target, app, refreshToken, { resource: anthropic })).status).toBe(200);
  });

  it('67 are no reason to spend a code where the user has not allowed them', async () => {
    const issued = await obtainCode(target, app, { scope: ofAnthropic });
    expect((await redeem(target, app, issued, { resource: openai })).error).toBe('invalid_target');
    const tokens = await redeem(target, app, issued, { resource: anthropic });
    expect(await told(tokens.accessToken)).toEqual({ aud: anthropic, scope: ofAnthropic });
  });

  const limits = [
    { type: 'provider_access', provider: 'openai', models: ['gpt-5*'] },
    { type: 'provider_access', provider: 'anthropic', rate: { requests_per_minute: 60 } },
  ] as const;
  const limitedBy = (...details: readonly object[]) => ({ authorization_details: JSON.stringify(details) });

  it('109 are not limited where nothing is asked for that is theirs', async () => {
    const browser = await target.signIn();
    for (const asked of [{ scope: ofOpenai }, { scope, resource: openai }]) {
      const errorOf = async (details: object) => {
        const changes = { ...asked, ...limitedBy(details), code_challenge: makePkce().challenge };
        const response = await browser.request(authorizeUrl(target, app, changes));
        return answerOf(response, app)?.get('error');
      };
      expect(await errorOf(limits[1])).toBe('invalid_authorization_details');
      expect(await errorOf(limits[0])).toBeUndefined();
    }
    const { refreshToken } = await obtainTokens(target, app, { scope });
    const changes = { resource: openai, ...limitedBy(limits[1]) };
    expect((await refresh(target, app, refreshToken, changes)).error).toBe('invalid_authorization_details');
  });

  it('111 each have their own limits, in tokens that are for them', async () => {
    const { body, accessToken, refreshToken } = await obtainTokens(target, app, {
      scope,
      ...limitedBy(...limits),
    });
    expect(body.authorization_details).toEqual(limits);
    const response = await fetch(`${target.baseUrl}/grant`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    expect(await response.json()).toMatchObject({
      providers: [
        { provider: 'openai', limits: { models: ['gpt-5*'] } },
        { provider: 'anthropic', limits: { rate: { requests_per_minute: 60 } } },
      ],
    });
    const one = await refresh(target, app, refreshToken, { resource: anthropic });
    expect(one.body.authorization_details).toEqual([limits[1]]);
    const less = { ...limits[0], models: ['gpt-5-mini'] };
    const narrowed = await refresh(target, app, one.refreshToken, limitedBy(less));
    expect(narrowed.body.authorization_details).toEqual([less, limits[1]]);
  });

  it('145 are of no use to a token for the other', async () => {
    const tokens = await obtainTokens(target, app, { scope });
    expect(await callProxy(target, tokens.accessToken)).toBe(200);
    const narrow = await refresh(target, app, tokens.refreshToken, { resource: anthropic });
    expect(await callProxy(target, narrow.accessToken)).toBe(401);
  });
});
