import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt } from 'jose';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { User } from '../../src/store/records.ts';
import { authorizePath, verifier } from '../support/authorization.ts';
import {
  type Broker,
  createClient,
  createUser,
  deposit,
  type RegisteredClient,
  startBroker,
} from '../support/broker.ts';
import { launchBrowser, signIn } from '../support/browser.ts';

let broker: Broker;
let browser: Browser;
let closeBrowser: () => Promise<void>;
/** The app’s own server, on another port and so another origin. */
const app = createServer((_request, response) => response.end('app'));
let callback: string;

let user: User;
let client: RegisteredClient;
let context: BrowserContext;
let page: Page;
/** Whatever the browser complained of: errors, and violations of the policy. */
let complaints: string[];

beforeAll(async () => {
  broker = await startBroker();
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  callback = `http://127.0.0.1:${(app.address() as AddressInfo).port}/callback`;
  ({ browser, close: closeBrowser } = await launchBrowser());
});
afterAll(async () => {
  app.close();
  await closeBrowser();
  await broker.close();
});

beforeEach(async () => {
  user = await createUser(broker);
  await deposit(broker, user.id);
  client = await createClient(broker, user.id, { name: 'Notes', redirectUris: [callback] });
  context = await browser.newContext({ viewport: { width: 360, height: 740 }, reducedMotion: 'reduce' });
  await context.addInitScript(
    `addEventListener('securitypolicyviolation', (event) => console.error('against ' + event.violatedDirective))`,
  );
  page = await context.newPage();
  complaints = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
});
afterEach(async () => {
  expect(complaints.filter((text) => !/status of 4\d\d/.test(text))).toEqual([]);
  await context.close();
});

const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
const heading = (name: string) => page.getByRole('heading', { name }).waitFor();
const grantOfUser = async () => (await broker.deps.store.grants.listGrants({ userId: user.id }))[0]?.grant;

async function redeem(fields: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
  const response = await fetch(`${broker.url}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: client.id, client_secret: client.secret ?? '', ...fields }),
  });
  return (await response.json()) as Record<string, unknown>;
}

test('a person lowers what an app proposes, corrects a slip of the pen, and changes their mind later', async () => {
  const proposed = {
    type: 'provider_access',
    provider: 'openai',
    models: ['gpt-5*'],
    budgets: [{ limit_usd: '20', period: 'month' }],
    rate: { requests_per_minute: 600 },
  };
  await page.goto(broker.url + authorizePath(client, { authorization_details: JSON.stringify([proposed]) }));
  await signIn(page, user.email);
  await page.getByText('Not verified').waitFor();
  await page.getByText('Nobody here has checked who runs this app').waitFor();
  expect(await page.getByLabel('Models').inputValue()).toBe('gpt-5*');
  await page.getByLabel('Models').fill('gpt-5-mini');
  await page.getByLabel('Spending a month').fill('five');
  await press('Approve');
  await page.getByRole('link', { name: 'Write the amount for a month' }).click();
  expect(new URL(page.url()).hash).toBe('#openai_month');
  expect(await page.getByLabel('Models').inputValue()).toBe('gpt-5-mini');
  await page.getByLabel('Spending a month').fill('5');
  await press('Approve');
  await page.waitForURL(`${callback}?**`);
  const code = new URL(page.url()).searchParams.get('code') ?? '';
  const tokens = await redeem({
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: callback,
  });
  const lowered = {
    ...proposed,
    models: ['gpt-5-mini'],
    budgets: [{ limit_usd: '5.00', period: 'month' }],
  };
  expect(tokens).toMatchObject({
    scope: 'openai:text openai:embeddings',
    authorization_details: [lowered],
  });
  expect(decodeJwt(String(tokens.access_token))).toMatchObject({ authorization_details: [lowered] });
  expect((await grantOfUser())?.authorizationDetails).toEqual([lowered]);

  await page.goto(`${broker.url}/apps`);
  await page.getByText('only gpt-5-mini; at most 600 requests a minute and $5.00 a month').waitFor();
  await page.getByRole('link', { name: 'Notes' }).click();
  await page.getByText('Change the limits').click();
  await page.getByLabel('Requests a minute').fill('');
  await press('Save the limits');
  await page.getByText('The limits hold from the app’s very next call.').waitFor();
  const { rate: _rate, ...rest } = lowered;
  expect((await grantOfUser())?.authorizationDetails).toEqual([rest]);
});

test('somebody who has let an app in sees what it wants that is new, and what it wants no more', async () => {
  await page.goto(broker.url + authorizePath(client));
  await signIn(page, user.email);
  await page.getByLabel('For how long').selectOption('One day');
  await press('Approve');
  await page.waitForURL(`${callback}?**`);
  await page.goto(broker.url + authorizePath(client, { scope: 'openai:text openai:images' }));
  await page.getByText('It has had access since').waitFor();
  await page
    .getByText('No longer asked for, and so no longer allowed: turn text into vectors for search')
    .waitFor();
  await page.getByLabel('make and edit images New').waitFor();
  expect(await page.getByText('New', { exact: true }).count()).toBe(1);
  expect(await page.getByLabel('For how long').inputValue()).toBe('day');
  await press('Approve');
  await page.waitForURL(`${callback}?**`);
  expect(await grantOfUser()).toMatchObject({ scope: 'openai:text openai:images' });
});

test('whoever is asked by a verified app sees that, and is not asked again for the same', async () => {
  await broker.deps.store.clients.setVerified(client.id, true, { kind: 'system' });
  await page.goto(broker.url + authorizePath(client));
  await signIn(page, user.email);
  await page.getByText('Verified app').waitFor();
  await press('Approve');
  await page.waitForURL(`${callback}?**`);
  await page.goto(broker.url + authorizePath(client, { state: 'again', prompt: 'none' }));
  expect(page.url()).toContain(callback);
  expect(new URL(page.url()).searchParams.get('state')).toBe('again');
  expect(new URL(page.url()).searchParams.has('code')).toBe(true);
});

test('on a phone, from the code of a device to going back to it', async () => {
  const started = await fetch(`${broker.url}/oauth/device`, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: client.id,
      client_secret: client.secret ?? '',
      scope: 'openai:text',
    }),
  });
  const device = (await started.json()) as Record<string, string>;
  await page.goto(device.verification_uri ?? '');
  await signIn(page, user.email);
  await page.getByLabel('Code').fill(device.user_code?.toLowerCase().replace('-', ' ') ?? '');
  await press('Continue');
  await heading('Let Notes use your keys?');
  await page.getByText(`It asks from a device that shows the code ${device.user_code}.`).waitFor();
  await page.getByText('Limits with OpenAI', { exact: true }).click();
  await page.getByText('More limits with OpenAI').click();
  await page.getByLabel('Longest answer, in tokens').fill('200');
  await press('Approve');
  await heading('Go back to your device');
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  const tokens = await redeem({
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: device.device_code ?? '',
  });
  expect(tokens).toMatchObject({ scope: 'openai:text' });
  expect((await grantOfUser())?.authorizationDetails).toMatchObject([{ max_output_tokens: 200 }]);
});
