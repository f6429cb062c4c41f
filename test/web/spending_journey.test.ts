import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { authorizePath, verifier } from '../support/authorization.ts';
import { type Broker, createClient, createUser, deposit, startBroker } from '../support/broker.ts';
import { launchBrowser, seriousViolations, signIn } from '../support/browser.ts';

/** Set to a folder to keep pictures of the way. */
const pictures = process.env.COATCHECK_TEST_PICTURES;

let broker: Broker;
let browser: Browser;
let closeBrowser: () => Promise<void>;
/** The app’s own server, on another port and so another origin. */
const app = createServer((_request, response) => response.end('app'));
let callback: string;

beforeAll(async () => {
  broker = await startBroker();
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  callback = `http://127.0.0.1:${(app.address() as AddressInfo).port}/callback`;
  ({ browser, close: closeBrowser } = await launchBrowser());
  if (pictures) mkdirSync(pictures, { recursive: true });
});
afterAll(async () => {
  app.close();
  await closeBrowser();
  await broker.close();
});

const sizes = [
  { name: 'phone', viewport: { width: 360, height: 740 } },
  { name: 'desktop', viewport: { width: 1280, height: 800 } },
];

/** Looks at a page in light and dark: nothing on it may be hard to read or stick out. */
async function look(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    if (pictures) {
      await page.screenshot({ path: join(pictures, `journey-${colorScheme}-${name}.png`), fullPage: true });
    }
    expect(await seriousViolations(page, colorScheme === 'light' ? 'all' : 'colours')).toEqual([]);
  }
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
}

test.each(sizes)(
  'on a $name, an app works until its budget is used up, and again when that is raised',
  async ({ name: size, viewport }) => {
    const user = await createUser(broker);
    await deposit(broker, user.id);
    const client = await createClient(broker, user.id, { name: 'Notes', redirectUris: [callback] });
    const context = await browser.newContext({ viewport, reducedMotion: 'reduce' });
    const page = await context.newPage();
    const press = (name: string) => page.getByRole('button', { name, exact: true }).click();

    const proposed = [
      {
        type: 'provider_access',
        provider: 'openai',
        budgets: [{ limit_usd: '20', period: 'month' }],
        rate: { concurrent_requests: 2 },
      },
    ];
    await page.goto(broker.url + authorizePath(client, { authorization_details: JSON.stringify(proposed) }));
    await signIn(page, user.email);
    expect(await page.getByLabel('Spending a month').inputValue()).toBe('20.00');
    await page.getByLabel('Spending a month').fill('0.01');
    await look(page, `${size}-consent`);
    await press('Approve');
    await page.waitForURL(`${callback}?**`);
    const redeemed = await fetch(`${broker.url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code: new URL(page.url()).searchParams.get('code') ?? '',
        code_verifier: verifier,
        redirect_uri: callback,
        client_id: client.id,
        client_secret: client.secret ?? '',
      }),
    });
    const { access_token: token } = (await redeemed.json()) as { access_token: string };
    const ask = () =>
      fetch(`${broker.url}/openai/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'gpt-5-mini',
          max_completion_tokens: 400,
          messages: [{ role: 'user', content: 'Hello '.repeat(400) }],
        }),
      });
    const statuses: number[] = [];
    while (statuses.at(-1) !== 402 && statuses.length < 100) {
      const response = await ask();
      await response.text();
      statuses.push(response.status);
    }
    expect(statuses.length).toBeGreaterThan(2);
    expect(new Set(statuses)).toEqual(new Set([200, 402]));
    const { error } = (await (await ask()).json()) as { error: { code: string; action_url: string } };
    expect(error.code).toBe('budget_exceeded');

    await page.goto(`${broker.url}/apps`);
    await page.getByText(/Notes: \d+ % of \$0\.01 a month with OpenAI is used\./).waitFor();
    await look(page, `${size}-apps`);
    await page.goto(error.action_url);
    await page.getByText(/^(80 % reached|Used up)$/).waitFor();
    await look(page, `${size}-used-up`);
    await page.getByText('Change the limits').click();
    await page.getByLabel('Spending a month').fill('1');
    await press('Save the limits');
    await page.getByText('The limits hold from the app’s very next call.').waitFor();
    const [grant] = await broker.deps.store.grants.listGrants({ userId: user.id });
    expect(grant?.grant.authorizationDetails).toEqual([
      { ...proposed[0], budgets: [{ limit_usd: '1.00', period: 'month' }] },
    ]);
    expect((await ask()).status).toBe(200);

    await page.getByRole('link', { name: 'Spending', exact: true }).first().click();
    await page.getByText('Set limits').first().click();
    await page.getByLabel('Spending a month').first().fill('0.001');
    await page.getByRole('button', { name: 'Save the limits' }).first().click();
    await page.getByText('The limits are saved.').waitFor();
    expect((await ask()).status).toBe(402);
    await look(page, `${size}-spending`);
    await context.close();
  },
);
