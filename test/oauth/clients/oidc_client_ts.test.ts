import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { UserManager } from 'oidc-client-ts';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Broker, createClient, createUser, deposit, startBroker } from '../../support/broker.ts';
import { launchBrowser, signIn } from '../../support/browser.ts';

const bundle = readFileSync(
  join(
    createRequire(import.meta.url).resolve('oidc-client-ts/package.json'),
    '../dist/browser/oidc-client-ts.js',
  ),
);

let broker: Broker;
let browser: Browser;
let closeBrowser: () => Promise<void>;
/** What the app's page runs once it has the library. */
let script: string;
/** A single-page app, on an origin of its own. */
const app = createServer(({ url }, response) => {
  response.setHeader('content-type', url === '/library.js' ? 'text/javascript' : 'text/html');
  response.end(
    url === '/library.js'
      ? bundle
      : `<!doctype html><title>App</title><script src="/library.js"></script><script>${script}</script>`,
  );
});
let appUrl: string;

beforeAll(async () => {
  broker = await startBroker();
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  appUrl = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
  ({ browser, close: closeBrowser } = await launchBrowser());
});
afterAll(async () => {
  await closeBrowser();
  app.close();
  await broker.close();
});

/** Has the app's page do something with the library. */
async function inApp<T>(page: Page, act: (manager: UserManager) => T | Promise<T>): Promise<T> {
  const manager = await page.evaluateHandle<UserManager>('manager');
  return manager.evaluate(act);
}

/** Calls the broker from the app's page, with a proof where the tokens want one. @returns the status */
function call(page: Page): Promise<number> {
  return inApp(page, async (manager) => {
    const { authority, dpop } = manager.settings;
    const url = `${authority}/openai/v1/models`;
    const user = await manager.getUser();
    if (!user) throw new Error('nobody has come back');
    const send = async (nonce?: string) => {
      const proof = dpop && (await manager.dpopProof(url, user, 'GET', nonce));
      const authorization = `${user.token_type} ${user.access_token}`;
      return fetch(url, { headers: { authorization, ...(proof && { DPoP: proof }) } });
    };
    const response = await send();
    const nonce = response.headers.get('dpop-nonce');
    return (nonce === null ? response : await send(nonce)).status;
  });
}

test.each([
  ['Bearer', 'undefined'],
  ['DPoP', '{ store: new oidc.IndexedDbDPoPStore(), bind_authorization_code: true }'],
])('in a browser, with %s tokens: code, calls, silent refresh, revoke', async (tokenType, dpop) => {
  const user = await createUser(broker);
  await deposit(broker, user.id);
  const redirectUri = `${appUrl}/callback`;
  const client = await createClient(broker, user.id, { type: 'spa', redirectUris: [redirectUri] });
  const settings = {
    authority: broker.url,
    client_id: client.id,
    redirect_uri: redirectUri,
    scope: 'openai:models.read openai:text',
  };
  script = `var manager = new oidc.UserManager({ ...${JSON.stringify(settings)}, dpop: ${dpop} })`;
  const page = await browser.newPage();
  await page.goto(appUrl);
  await inApp(page, (manager) => void manager.signinRedirect());
  await signIn(page, user.email);
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.waitForURL(`${redirectUri}?**`);

  const tokens = await inApp(page, (manager) => manager.signinRedirectCallback());
  expect(tokens).toMatchObject({ token_type: tokenType, scope: settings.scope });
  expect(await call(page)).toBe(200);
  const next = await inApp(page, (manager) => manager.signinSilent());
  expect(next?.refresh_token).not.toBe(tokens.refresh_token);
  expect(next?.access_token).not.toBe(tokens.access_token);
  expect(await call(page)).toBe(200);
  await inApp(page, (manager) => manager.revokeTokens());
  expect(await call(page)).toBe(401);
  await page.close();
});
