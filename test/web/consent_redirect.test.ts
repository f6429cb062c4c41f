import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { authorizePath } from '../support/authorization.ts';
import { type Broker, createClient, createUser, deposit, startBroker } from '../support/broker.ts';
import { launchBrowser, signIn } from '../support/browser.ts';

let broker: Broker;
let browser: Browser;
let closeBrowser: () => Promise<void>;
let email: string;
let developerId: string;
const app = createServer((_request, response) => response.end('app'));
let port: number;

beforeAll(async () => {
  broker = await startBroker();
  ({ browser, close: closeBrowser } = await launchBrowser());
  const user = await createUser(broker);
  await deposit(broker, user.id);
  email = user.email;
  developerId = (await createUser(broker)).id;
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  ({ port } = app.address() as AddressInfo);
});
afterAll(async () => {
  app.close();
  await closeBrowser();
  await broker.close();
});

interface Seen {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Where the redirects after the decision led, whether anybody answers there or not. */
  readonly answers: string[];
  /** What the browser complained of. */
  readonly violations: string[];
}

/** A browser without JavaScript on the consent page, signed in on the way there. */
async function atConsent(
  type: 'web' | 'native',
  redirectUri: string,
  requested = redirectUri,
): Promise<Seen> {
  const client = await createClient(broker, developerId, { type, redirectUris: [redirectUri] });
  const context = await browser.newContext({ javaScriptEnabled: false });
  const [answers, violations]: [string[], string[]] = [[], []];
  const page = await context.newPage();
  page.on('console', (message) => violations.push(message.text()));
  page.on('response', (response) => {
    const { location } = response.headers();
    if (response.url().includes('/oauth/resume/') && location) answers.push(location);
  });
  await page.goto(broker.url + authorizePath(client, { redirect_uri: requested }));
  await signIn(page, email);
  await page.getByRole('heading', { name: 'Let Test app use your keys?' }).waitFor();
  return { page, context, answers, violations };
}

const destinations = [
  ['an https app', 'web', 'https://notes.example/callback'],
  ['an app’s own scheme', 'native', 'com.example.notes:/callback'],
] as const;

test.each(destinations)('41 approving leads to %s', async (_name, type, redirectUri) => {
  const { page, context, answers, violations } = await atConsent(type, redirectUri);
  const followed = page.waitForEvent('requestfailed');
  await page.getByRole('button', { name: 'Approve' }).click();
  await followed;
  expect(answers.join()).toMatch(/code=ccac_/);
  expect(violations.join()).not.toContain('form-action');
  await context.close();
});

test.each(['Approve', 'Cancel'])(
  '41 %s leads to a program on this computer, at the port it asked for',
  async (decision) => {
    const requested = `http://127.0.0.1:${port}/callback`;
    const { page, context, violations } = await atConsent('native', 'http://127.0.0.1/callback', requested);
    await page.getByRole('button', { name: decision }).click();
    await page.waitForURL(`${requested}?**`);
    expect(new URL(page.url()).searchParams.has(decision === 'Approve' ? 'code' : 'error')).toBe(true);
    expect(violations).toEqual([]);
    await context.close();
  },
);

test.each(destinations)(
  '41 without %s in form-action Chromium would stop there',
  async (_name, type, redirectUri) => {
    const { page, context, violations } = await atConsent(type, redirectUri);
    await page.route('**/consent/**', async (route) => {
      const response = await route.fetch();
      const headers = response.headers();
      const policy =
        headers['content-security-policy']?.replace(/form-action [^;]*/, "form-action 'self'") ?? '';
      await route.fulfill({ response, headers: { ...headers, 'content-security-policy': policy } });
    });
    await page.reload();
    await page.unroute('**/consent/**');
    await page.getByRole('button', { name: 'Approve' }).click();
    await expect.poll(() => violations.join()).toMatch(/form-action/);
    await context.close();
  },
);
