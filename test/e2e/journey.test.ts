import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Demo } from '../../examples/demo/parts.ts';
import { launchBrowser } from '../support/browser.ts';
import { freePort } from '../support/process.ts';

/** Set to a folder to keep a picture of every step. */
const pictures = process.env.COATCHECK_TEST_PICTURES;

const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };

let browser: Browser;
let closeBrowser: () => Promise<void>;
beforeAll(async () => {
  ({ browser, close: closeBrowser } = await launchBrowser());
  if (pictures) mkdirSync(pictures, { recursive: true });
});
afterAll(() => closeBrowser());

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

describe.each(Object.entries(sizes))('in a real browser, %s', (size, viewport) => {
  const demo = new Demo();
  afterAll(() => demo.close());

  it('a person sets up, deposits, approves, sees the call, revokes, and the app is refused', async () => {
    const sandbox = await demo.startSandbox();
    const { url: broker } = await demo.startBroker(sandbox.url);
    const context = await browser.newContext({ viewport });
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    const problems: string[] = [];
    page.on('console', (message) => {
      // A refusal is shown with an error status on purpose, and browsers note it.
      if (message.type() === 'error' && !/status of 502/.test(message.text())) problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(error.message));
    let step = 0;
    const picture = async (name: string) => {
      step += 1;
      if (pictures) await page.screenshot({ path: join(pictures, `e2e-${size}-${step}-${name}.png`) });
    };

    await page.goto(readFileSync(join(demo.dataDir, 'setup-link'), 'utf8').trim());
    await page.getByLabel('Email address').fill('you@example.com');
    await page.getByLabel('Password').fill('a long demo password');
    await picture('set-up');
    await press(page, 'Make the account');

    await page.goto(`${broker}/keys/new`);
    await page.getByLabel('API key').fill('sk-sandbox-in-a-browser-7777');
    await picture('key');
    await press(page, 'Save the key');
    await page.getByText('7777').first().waitFor();
    expect(await page.content()).not.toContain('sk-sandbox-in-a-browser');
    await picture('key-saved');

    await page.goto(`${broker}/developer/new`);
    await page.getByLabel('Name').fill('Postcards');
    await page.getByLabel('Redirect URIs').fill('http://127.0.0.1/callback');
    await press(page, 'Register');
    const registered = await page.content();
    await picture('registered');
    const client = {
      id: /cli_\w+/.exec(registered)?.[0] ?? '',
      secret: /cccs_[\w-]+/.exec(registered)?.[0] ?? '',
    };

    const { url: app } = await demo.startApp(broker, client, await freePort());
    await page.goto(app);
    await page.getByRole('link', { name: 'Connect your key with Coatcheck' }).click();
    await page.getByRole('heading', { name: /Postcards/ }).waitFor();
    await picture('consent');
    await press(page, 'Approve');
    await page.getByLabel('What should the postcard say?').fill('The tide is out.');
    await picture('connected');
    await press(page, 'Write it');
    await page.getByText('Sandbox answer to').waitFor();
    await picture('postcard');

    await page.goto(`${broker}/activity`);
    await page.getByText('gpt-5-mini').first().waitFor();
    await picture('activity');

    await page.goto(`${broker}/apps`);
    await page.getByRole('link', { name: 'Postcards' }).first().click();
    await picture('connected-app');
    for (const summary of await page.locator('summary').all()) await summary.click();
    await page
      .getByRole('button', { name: /Revoke/ })
      .first()
      .click();
    await picture('revoked');

    await page.goto(app);
    await press(page, 'Write it');
    await page.getByText('grant_revoked').waitFor();
    await picture('refused');
    expect(problems).toEqual([]);
    await context.close();
  }, 60_000);
});
