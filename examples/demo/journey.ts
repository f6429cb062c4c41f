/** The whole journey over HTTP, as a person with a browser walks it. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Browser, type Page } from './browser.ts';
import type { Demo } from './parts.ts';

const email = 'you@example.com';
const password = 'a long demo password';

/** Hears of every step that was done. */
export type Report = (step: string) => void;

/** @throws at the first step that does not show what it should */
export async function walk(demo: Demo, report: Report): Promise<void> {
  const sandbox = await demo.startSandbox();
  const { url: broker } = await demo.startBroker(sandbox.url);
  report(
    `Coatcheck is at ${broker}, the simulated provider at ${sandbox.url} (process ${sandbox.process.pid})`,
  );

  const browser = new Browser();
  const setupLink = readFileSync(join(demo.dataDir, 'setup-link'), 'utf8').trim();
  const setup = await browser.open(setupLink);
  const welcomed = await browser.submit(setup, new URL(setupLink).pathname, { email, password });
  expectPage(welcomed, 200, 'Keys');
  report('opened the one-time set-up link and made the first account, the operator’s');

  expectPage(await browser.open(setupLink), 409, 'signed in already');
  const newKey = await browser.open(`${broker}/keys/new`);
  const key = `sk-sandbox-demo-${process.pid}-abcd`;
  const saved = await browser.submit(newKey, '/keys/new', { provider: 'openai', key, name: 'My key' });
  expectPage(saved, 200, 'abcd');
  if (saved.text.includes(key)) throw new Error('the page shows the key');
  report('deposited a key; the page shows its last four characters only');

  const registration = await browser.open(`${broker}/developer/new`);
  const registered = await browser.submit(registration, '/developer/new', {
    name: 'Postcards',
    type: 'web',
    redirect_uris: 'http://127.0.0.1/callback',
    scope: 'openai:text',
  });
  const client = { id: required(registered, /cli_\w+/), secret: required(registered, /cccs_[\w-]+/) };
  const { url: app } = await demo.startApp(broker, client, await freePort());
  report(`registered the app Postcards (${client.id}) and started it at ${app}`);

  const consent = await browser.open(`${app}/connect`);
  expectPage(consent, 200, 'Postcards');
  const requestPath = new URL(consent.url).pathname;
  const connected = await browser.submit(consent, requestPath, {
    scope: 'openai:text',
    life: 'day',
    decision: 'approve',
  });
  expectPage(connected, 200, 'What should the postcard say?');
  report('the app sent the browser to the consent page; approved; the app has its tokens');

  const postcard = await browser.submit(connected, '/write', { wish: 'The tide is out.' });
  expectPage(postcard, 200, 'The tide is out.');
  report(`the app called gpt-5-mini with the openai SDK and streamed: ${postcard.text.slice(0, 60)}…`);

  const activity = await browser.open(`${broker}/activity`);
  expectPage(activity, 200, 'gpt-5-mini');
  report('the call is on record, on the activity page');

  const apps = await browser.open(`${broker}/apps`);
  const grant = required(apps, /grt_\w+/);
  const revoked = await browser.submit(
    await browser.open(`${broker}/apps/${grant}`),
    `/apps/${grant}/revoke`,
    {},
  );
  expectPage(revoked, 200, 'Postcards');
  report('revoked the app');

  const refused = await browser.submit(connected, '/write', { wish: 'Once more.' });
  expectPage(refused, 502, 'grant_revoked');
  report('the app’s next call was refused: grant_revoked');
}

function expectPage(page: Page, status: number, text: string): void {
  if (page.status === status && page.text.includes(text)) return;
  const shown = page.text.replace(/<style.*?<\/style>|<[^>]+>|\s+/gs, ' ').slice(0, 300);
  throw new Error(`expected ${status} with “${text}” at ${page.url}, got ${page.status}: ${shown}`);
}

function required(page: Page, pattern: RegExp): string {
  const found = pattern.exec(page.text)?.[0];
  if (!found) throw new Error(`${page.url} (status ${page.status}) does not show ${pattern}`);
  return found;
}

async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
