import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import OpenAI from 'openai';
import * as openid from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser, type Page } from '../../examples/demo/browser.ts';
import { type Fleet, startFleet } from '../support/fleet.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet.close());

const email = 'ada@example.com';
const password = 'correct horse battery';
// Nobody listens there, and nothing has to: the code is read off the redirect.
const redirectUri = 'http://127.0.0.1:9/callback';
const scope = 'openai:text openai:embeddings';
const messages = [{ role: 'user' as const, content: 'The tide is out.' }];

const at = (path: string) => fleet.url + path;

/** Every instance was passed some of the requests since then, and no two in a row. */
function expectAllTookPart(since = 0): void {
  const to = fleet.passed.slice(since);
  expect(new Set(to).size).toBe(fleet.instances.length);
  expect(to.filter((each, index) => each === to[index - 1])).toEqual([]);
}

function shown(page: Page, pattern: RegExp): string {
  return pattern.exec(page.text)?.[0] ?? expect.fail(`${page.url} does not show ${pattern}: ${page.text}`);
}

/** Makes the first account through the link of the last instance, signs in again and deposits a key. */
async function setUp(browser: Browser): Promise<void> {
  const link = readFileSync(join(fleet.instances.at(-1)?.dataDir ?? '', 'setup-link'), 'utf8').trim();
  const form = await browser.open(link);
  const entered = await browser.submit(form, new URL(link).pathname, { email, password });
  await browser.submit(entered, '/sign-out', {});
  await browser.submit(await browser.open(at('/sign-in')), '/sign-in', { email, password });
  const key = { provider: 'openai', key: 'sk-sandbox-fleet-test-4321', name: 'My key' };
  const saved = await browser.submit(await browser.open(at('/keys/new')), '/keys/new', key);
  shown(saved, /4321/);
}

/** Registers an app. @returns what its developer knows of the broker then */
async function register(browser: Browser): Promise<openid.Configuration> {
  const registered = await browser.submit(await browser.open(at('/developer/new')), '/developer/new', {
    name: 'Postcards',
    type: 'web',
    redirect_uris: redirectUri,
    scope: scope.split(' '),
  });
  const [id, secret] = [shown(registered, /cli_\w+/), shown(registered, /cccs_[\w-]+/)];
  return openid.discovery(new URL(fleet.url), id, secret, undefined, {
    algorithm: 'oauth2',
    execute: [openid.allowInsecureRequests],
  });
}

/** The app sends the person to the broker, who approves. @returns the app's tokens */
async function connect(browser: Browser, app: openid.Configuration) {
  const pkceCodeVerifier = openid.randomPKCECodeVerifier();
  const expectedState = openid.randomState();
  const asked = openid.buildAuthorizationUrl(app, {
    redirect_uri: redirectUri,
    scope,
    state: expectedState,
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  });
  const consent = await browser.open(asked.href);
  const choice = { scope: scope.split(' '), life: 'day', decision: 'approve' };
  await browser.submit(consent, new URL(consent.url).pathname, choice).catch(() => {});
  return openid.authorizationCodeGrant(app, new URL(browser.lastUrl), { pkceCodeVerifier, expectedState });
}

async function callInEveryWay(openai: OpenAI): Promise<void> {
  const plain = await openai.chat.completions.create({ model: 'gpt-5-mini', messages });
  expect(plain.choices[0]?.message.content).toContain('The tide is out.');
  let streamed = '';
  for await (const chunk of await openai.chat.completions.create({
    model: 'gpt-5',
    messages,
    stream: true,
  })) {
    streamed += chunk.choices[0]?.delta.content ?? '';
  }
  expect(streamed).toContain('The tide is out.');
  const embedded = await openai.embeddings.create({ model: 'text-embedding-3-small', input: 'The tide' });
  expect(embedded.data).toHaveLength(1);
}

describe('three instances behind a front proxy that gives each request to the next', () => {
  it('are one broker to a person and an app, from the set-up link to the refusal', async () => {
    const browser = new Browser();
    await setUp(browser);
    const app = await register(browser);
    const first = await connect(browser, app);
    const openai = (apiKey: string) => new OpenAI({ baseURL: at('/openai/v1'), apiKey, maxRetries: 0 });
    await callInEveryWay(openai(first.access_token));
    const admittedBy = await fleet.home.query('select distinct instance_id from calls');
    expect(admittedBy).toHaveLength(fleet.instances.length);

    const { access_token, refresh_token = '' } = await openid.refreshTokenGrant(
      app,
      first.refresh_token ?? '',
    );
    expect(await openid.tokenIntrospection(app, access_token)).toMatchObject({ active: true, scope });
    await callInEveryWay(openai(access_token));

    const activity = await browser.open(at('/activity'));
    for (const model of ['gpt-5-mini', 'gpt-5', 'text-embedding-3-small']) {
      expect(activity.text.split(`>${model}<`)).toHaveLength(3);
    }
    const grant = shown(await browser.open(at('/apps')), /grt_\w+/);
    await browser.submit(await browser.open(at(`/apps/${grant}`)), `/apps/${grant}/revoke`, {});

    await expect(callInEveryWay(openai(access_token))).rejects.toMatchObject({ code: 'grant_revoked' });
    expect(await openid.tokenIntrospection(app, access_token)).toEqual({ active: false });
    await expect(openid.refreshTokenGrant(app, refresh_token)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    expectAllTookPart();
  }, 60_000);

  it('count the attempts to sign in together', async () => {
    const browser = new Browser();
    const form = await browser.open(at('/sign-in'));
    const since = fleet.passed.length;
    const guess = { email: 'grace@example.com', password: 'correct horse guess' };
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => browser.submit(form, '/sign-in', guess)),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array(10).fill(422), 429, 429]);
    expectAllTookPart(since);
  });
});
