import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSetupLink } from '../../src/accounts/invitations.ts';
import { authorizePath, verifier } from '../support/authorization.ts';
import { type Broker, createClient, password, startBroker } from '../support/broker.ts';
import { launchBrowser, signIn } from '../support/browser.ts';

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
});
afterAll(async () => {
  app.close();
  await closeBrowser();
  await broker.close();
});

test.each([true, false])(
  'from the set-up link to a revoked app, with JavaScript: %s',
  async (javaScriptEnabled) => {
    const context = await browser.newContext({ javaScriptEnabled, viewport: { width: 390, height: 844 } });
    const page = await context.newPage();
    const press = (name: string) => page.getByRole('button', { name, exact: true }).click();

    if ((await broker.deps.store.accounts.countUsers()) === 0) {
      await page.goto((await createSetupLink(broker.deps))?.url ?? '');
    } else {
      await broker.deps.store.accounts.setOpen('sign_up', true, { kind: 'system' });
      await page.goto(`${broker.url}/sign-up`);
    }
    const email = `javascript-${javaScriptEnabled}@example.com`;
    await page.getByLabel('Email address').fill(email);
    await page.getByLabel('Password').fill(password);
    await press('Make the account');

    await page.getByRole('link', { name: 'Add your first key' }).click();
    await press('Use a sandbox key');
    await page.getByText('The key is saved.').waitFor();

    const user = await broker.deps.store.accounts.findUserByEmail(email);
    const client = await createClient(broker, user?.id ?? '', {
      name: 'Notes',
      redirectUris: [callback],
    });
    await page.goto(broker.url + authorizePath(client));
    await page.getByLabel('turn text into vectors for search').uncheck();
    await page.getByLabel('For how long').selectOption('One day');
    await press('Approve');
    await page.waitForURL(`${callback}?**`);
    const tokens = await fetch(`${broker.url}/oauth/token`, {
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
    const { access_token: token, scope } = (await tokens.json()) as { access_token: string; scope: string };
    expect(scope).toBe('openai:text');
    const ask = () =>
      fetch(`${broker.url}/openai/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'gpt-5-mini', messages: [{ role: 'user', content: 'Hello' }] }),
      });
    expect((await ask()).status).toBe(200);

    await page.goto(`${broker.url}/activity`);
    await page.getByText('gpt-5-mini').waitFor();
    await page.getByRole('link', { name: 'Apps' }).click();
    await page.getByText('Revoke…').click();
    await press('Revoke access');
    await page.getByText('Access is revoked.').waitFor();
    expect((await ask()).status).toBe(401);
    await press('Sign out');
    await page.getByRole('heading', { name: 'Leave your API key at the door.' }).waitFor();
    await context.close();
  },
);

test('the copy button copies a secret that is shown once, and is not there without JavaScript', async () => {
  const page = await browser.newPage({ permissions: ['clipboard-read', 'clipboard-write'] });
  await page.goto(`${broker.url}/sign-in`);
  await signIn(page, 'javascript-true@example.com');
  await page.goto(`${broker.url}/developer/new`);
  await page.getByLabel('Name').fill('Notes');
  await page.getByLabel('Redirect URIs').fill('https://notes.example/callback');
  await page.getByRole('button', { name: 'Register' }).click();
  await page.getByRole('button', { name: 'Copy' }).nth(1).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  const copied = await page.evaluate('navigator.clipboard.readText()');
  expect(copied).toMatch(/^cccs_[\w-]{43}$/);
  expect(await page.locator('#client-secret').textContent()).toBe(copied);
});
