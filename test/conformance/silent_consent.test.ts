import { afterAll, describe, expect, it, vi } from 'vitest';
import { sha256 } from '../../src/lib/hash.ts';
import { newId, newToken } from '../../src/lib/ids.ts';
import type { Client } from '../../src/store/records.ts';
import type { Fields } from '../support/authorization.ts';
import type { HttpBrowser } from '../support/http_browser.ts';
import { expectPage } from './expect_page.ts';
import {
  answerOf,
  ask,
  authorizeUrl,
  formAuth,
  introspect,
  makePkce,
  obtainTokens,
  redeem,
  walk,
} from './flow.ts';
import { type RegisteredApp, startTarget } from './target.ts';

const target = await startTarget();
afterAll(() => target.close());
const system = { kind: 'system' } as const;
const app = await target.registerApp();
const scope = 'openai:text openai:embeddings';

/** Within reach of those tests only that have the server to themselves. */
const storeBehind = () => target.broker.deps.store;

/** Somebody who has let an app in, and what the app got. */
async function connected(client = app) {
  const browser = await target.signIn();
  return { browser, tokens: await obtainTokens(target, client, { scope }, { browser }) };
}

async function askAgain(browser: HttpBrowser, client = app, changes: Fields = {}) {
  return browser.request(authorizeUrl(target, client, { scope, ...changes }));
}

async function grantOf(accessToken: string): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${accessToken}` };
  return (await fetch(`${target.baseUrl}/grant`, { headers })).json() as Promise<Record<string, unknown>>;
}

/** A verified app that keeps a secret, or says so. */
async function appWithSecret(changes: Partial<Pick<Client, 'type' | 'ownerId'>>): Promise<RegisteredApp> {
  const { ownerId = null } = (await storeBehind().clients.findClient(app.clientId)) ?? {};
  const clientSecret = newToken('cccs');
  const redirectUri = 'https://app.example/callback';
  const client = { ownerId, name: 'Test app', type: 'web', jwks: null, ...changes } as const;
  const { id } = await storeBehind().clients.createClient(
    { ...client, id: newId('cli'), scope, secretHash: sha256(clientSecret), redirectUris: [redirectUri] },
    system,
  );
  await storeBehind().clients.setVerified(id, true, system);
  return { clientId: id, clientSecret, redirectUri };
}

const toConsent = /^\/consent\//;
const toAnswer = /^\/oauth\/resume\//;
const leadsTo = (response: Response) => response.headers.get('location');

describe('a repeated request', () => {
  it('24 of a verified app with a secret, for no more than its grant, is answered without a page', async () => {
    const { browser, tokens } = await connected();
    const before = await grantOf(tokens.accessToken);
    target.advance(60);
    const { verifier, challenge } = makePkce();
    const changes = { scope: 'openai:text', state: 'again', code_challenge: challenge };
    const first = await askAgain(browser, app, changes);
    expect(first.status).toBe(303);
    expect(leadsTo(first)).toMatch(toAnswer);
    const answer = answerOf(await browser.request(leadsTo(first) ?? ''), app);
    expect(answer?.get('state')).toBe('again');
    expect(answer?.get('iss')).toBe(target.baseUrl);
    const again = await redeem(target, app, { code: answer?.get('code') ?? '', verifier });
    expect(again.body.scope).toBe('openai:text');
    // Another family under the same grant, which is as it was: its scope, its limits and its end.
    expect(await grantOf(tokens.accessToken)).toEqual(before);
    expect(await grantOf(again.accessToken)).toMatchObject({
      grant_id: before.grant_id,
      updated_at: before.updated_at,
      expires_at: before.expires_at,
    });
    expect(await introspect(target, app, tokens.accessToken)).toMatchObject({ active: true, scope });
  });

  it('24 that was pushed is answered without a page, once', async () => {
    const { browser } = await connected();
    const { challenge } = makePkce();
    const pushed = await ask(target, '/oauth/par', {
      ...formAuth(app),
      response_type: 'code',
      redirect_uri: app.redirectUri,
      scope,
      code_challenge: challenge,
      code_challenge_method: 'S256',
      prompt: 'none',
    });
    const query = new URLSearchParams({
      client_id: app.clientId,
      request_uri: String(pushed.body.request_uri),
    });
    const first = await browser.request(`/oauth/authorize?${query}`);
    expect(leadsTo(first)).toMatch(toAnswer);
    expect(answerOf(await browser.request(leadsTo(first) ?? ''), app)?.has('code')).toBe(true);
    await expectPage(await browser.request(`/oauth/authorize?${query}`));
  });

  it('24 of an app that cannot prove who it is, or that nobody vouches for, is shown again', async () => {
    const unverified = await target.registerApp();
    await storeBehind().clients.setVerified(unverified.clientId, false, system);
    for (const client of [
      await target.registerApp({ type: 'spa' }),
      await target.registerApp({ type: 'native' }),
      await appWithSecret({ type: 'native' }),
      await appWithSecret({ ownerId: null }),
      unverified,
    ]) {
      const { browser } = await connected(client);
      expect(leadsTo(await askAgain(browser, client))).toMatch(toConsent);
    }
  });

  it('24 for more, or when the app wants it seen, is shown again', async () => {
    const { browser } = await connected();
    for (const changes of [
      { scope: `${scope} openai:images` },
      { scope: 'openai:images' },
      { scope: undefined },
      { prompt: 'consent' },
      { prompt: 'login' },
      { prompt: 'login consent' },
    ]) {
      expect(leadsTo(await askAgain(browser, app, changes)), JSON.stringify(changes)).toMatch(toConsent);
    }
  });

  it('24 is judged by its limits too, and changes none', async () => {
    const limit = (max_output_tokens?: number) => ({
      authorization_details: JSON.stringify([
        { type: 'provider_access', provider: 'openai', ...(max_output_tokens && { max_output_tokens }) },
      ]),
    });
    const browser = await target.signIn();
    const tokens = await obtainTokens(target, app, { scope, ...limit(100) }, { browser });
    const before = await grantOf(tokens.accessToken);
    expect(before).toMatchObject({ providers: [{ limits: { max_output_tokens: 100 } }] });
    for (const within of [limit(100), limit(5), limit(), {}]) {
      expect(leadsTo(await askAgain(browser, app, within))).toMatch(toAnswer);
    }
    expect(leadsTo(await askAgain(browser, app, limit(101)))).toMatch(toConsent);
    expect(await grantOf(tokens.accessToken)).toEqual(before);
  });

  it('24 of a user who has allowed nothing, or nothing any more, is shown', async () => {
    const unknown = await target.registerApp();
    const stranger = await target.signIn();
    expect(leadsTo(await askAgain(stranger, unknown))).toMatch(toConsent);
    await walk(target, unknown, { scope }, { browser: stranger, decision: { approve: false } });
    expect(leadsTo(await askAgain(stranger, unknown))).toMatch(toConsent);
    const { browser, tokens } = await connected();
    await storeBehind().grants.revokeGrant(
      String((await grantOf(tokens.accessToken)).grant_id),
      'user',
      system,
    );
    expect(leadsTo(await askAgain(browser))).toMatch(toConsent);
  });

  it('24 in a browser that nobody is signed in with is shown', async () => {
    const { browser } = await connected();
    const signedOut = browser.clone();
    signedOut.cookies.delete('coatcheck_session');
    expect(leadsTo(await askAgain(signedOut))).toMatch(toConsent);
  });

  it('24 that finds its grant changed in that very moment is shown', async () => {
    const { browser } = await connected();
    const approve = vi.spyOn(storeBehind().grants, 'approveWithin').mockResolvedValue(false);
    expect(leadsTo(await askAgain(browser))).toMatch(toConsent);
    const response = await askAgain(browser, app, { prompt: 'none' });
    approve.mockRestore();
    expect(answerOf(response, app)?.get('error')).toBe('consent_required');
  });

  it('18 issues nothing to a HEAD or to what is fetched ahead', async () => {
    const { browser } = await connected();
    const url = authorizeUrl(target, app, { scope });
    expect(leadsTo(await browser.request(url, { method: 'HEAD' }))).toBeNull();
    expect(leadsTo(await browser.request(url, { headers: { 'sec-purpose': 'prefetch' } }))).toBeNull();
    const next = leadsTo(await browser.request(url)) ?? '';
    expect(leadsTo(await browser.request(next, { headers: { purpose: 'prefetch' } }))).toBeNull();
    expect(answerOf(await browser.request(next), app)?.has('code')).toBe(true);
  });

  it('36 is answered once, and to nobody but the browser and the user that it is from', async () => {
    const { browser } = await connected();
    const next = leadsTo(await askAgain(browser)) ?? '';
    await expectPage(await (await target.signIn()).request(next));
    const sharedMachine = await target.signIn();
    sharedMachine.cookies.set('coatcheck_browser', browser.cookies.get('coatcheck_browser') ?? '');
    await expectPage(await sharedMachine.request(next));
    expect(answerOf(await browser.request(next), app)?.has('code')).toBe(true);
    await expectPage(await browser.request(next));
  });
});

describe('prompt=none', () => {
  const silently = async (browser: HttpBrowser, client: RegisteredApp = app, changes: Fields = {}) =>
    askAgain(browser, client, { prompt: 'none', ...changes });
  const errorOf = async (response: Promise<Response>, client = app) =>
    answerOf(await response, client)?.get('error');

  it('24 gives a code where nobody has to be asked', async () => {
    const { browser } = await connected();
    const first = await silently(browser);
    expect(leadsTo(first)).toMatch(toAnswer);
    expect(answerOf(await browser.request(leadsTo(first) ?? ''), app)?.has('code')).toBe(true);
  });

  it('24 says what is missing where somebody has to be', async () => {
    const { browser } = await connected();
    expect(await errorOf(silently(target.newBrowser()))).toBe('login_required');
    const unknown = await target.registerApp();
    expect(await errorOf(silently(browser, unknown), unknown)).toBe('consent_required');
    expect(await errorOf(silently(browser, app, { scope: 'openai:images' }))).toBe('consent_required');
    const spa = await target.registerApp({ type: 'spa' });
    const { browser: other } = await connected(spa);
    expect(await errorOf(silently(other, spa), spa)).toBe('consent_required');
    const held = vi.spyOn(storeBehind().credentials, 'listHeldBy').mockResolvedValueOnce([]);
    expect(await errorOf(silently(browser))).toBe('interaction_required');
    held.mockRestore();
    for (const prompt of ['none login', 'consent none']) {
      expect(await errorOf(silently(browser, app, { prompt }))).toBe('invalid_request');
    }
  });
});

// Last, as it moves the clock far.
it('24 a silent answer makes no grant last longer, and one that has run out gives none', async () => {
  const browser = await target.signIn();
  await walk(target, app, { scope }, { browser, decision: { approve: true, life: 'day' } });
  target.advance(23 * 3600);
  const next = leadsTo(await askAgain(browser)) ?? '';
  expect(answerOf(await browser.request(next), app)?.has('code')).toBe(true);
  target.advance(3600);
  expect(leadsTo(await askAgain(browser))).toMatch(toConsent);
});
