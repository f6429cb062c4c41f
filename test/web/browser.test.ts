import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sessionCookie } from '../../src/accounts/cookies.ts';
import { createSetupLink, invite } from '../../src/accounts/invitations.ts';
import { startSession } from '../../src/accounts/session.ts';
import { allScopes } from '../../src/catalog/catalog.ts';
import type { User } from '../../src/store/records.ts';
import { depositSandboxKey } from '../../src/vault/sandbox_key.ts';
import { authorizePath } from '../support/authorization.ts';
import { type Broker, createClient, createUser, deposit, startBroker } from '../support/broker.ts';
import { launchBrowser, seriousViolations } from '../support/browser.ts';
import { createInternet, type Internet } from '../support/internet.ts';
import { connectApp, furnish, type World } from '../support/world.ts';

/** Set to a folder to keep a picture of every page. */
const pictures = process.env.COATCHECK_TEST_PICTURES;

let internet: Internet;
let broker: Broker;
let fresh: Broker;
let world: World;
let browser: Browser;
let closeBrowser: () => Promise<void>;
let invitation: string;
let newcomer: User;

beforeAll(async () => {
  internet = await createInternet();
  [broker, fresh] = await Promise.all([startBroker({ internet }), startBroker()]);
  world = await furnish(broker);
  await limit(world);
  newcomer = await createUser(broker);
  await broker.deps.store.accounts.setOpen('sign_up', true, { kind: 'system' });
  invitation = (await invite(broker.deps, world.user.id, 'guest@example.com')).url;
  ({ browser, close: closeBrowser } = await launchBrowser());
  if (pictures) mkdirSync(pictures, { recursive: true });
});
afterAll(async () => {
  await closeBrowser();
  await Promise.all([broker.close(), fresh.close(), internet.close()]);
});

/** Sets budgets of which all, much and little has been used. */
async function limit({ user: { id }, credential, grantId }: World): Promise<void> {
  const { grants, budgets } = broker.deps.store;
  const details = {
    type: 'provider_access',
    provider: 'openai',
    models: ['gpt-5*', 'text-embedding-3-small'],
    budgets: [
      { limit_usd: '0.004', period: 'month' },
      { limit_requests: 7, period: 'total' },
    ],
    rate: { concurrent_requests: 3 },
  } as const;
  await grants.changeLimits(grantId, id, [details], { kind: 'user', id });
  const budget = { holder: id, unit: 'nano_usd', period: 'month', limit: 5e9, strict: true } as const;
  await budgets.setBudget(budget, id, { kind: 'user', id });
  await budgets.setBudget({ ...budget, holder: credential.id, limit: 6e6 }, id, { kind: 'user', id });
}

const go = (path: string) => (page: Page) => page.goto(broker.url + path);
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

async function unfold(page: Page): Promise<void> {
  await page.evaluate('for (const folded of document.querySelectorAll("details")) folded.open = true');
}

/** A device that asks to be connected. @returns the code that it shows */
async function startDevice(): Promise<string> {
  const client = await createClient(broker, world.user.id, {
    name: 'Kitchen Radio',
    type: 'native',
    redirectUris: ['http://127.0.0.1/callback'],
  });
  const body = new URLSearchParams({ client_id: client.id, scope: 'openai:text openai:audio.speech' });
  const response = await fetch(`${broker.url}/oauth/device`, { method: 'POST', body });
  return ((await response.json()) as { user_code: string }).user_code;
}

/** To the consent page of an app that proposes limits to somebody who has set others before. */
async function toProposal(page: Page): Promise<void> {
  const { id } = world.user;
  const client = await createClient(broker, id, {
    name: 'Recipe Box',
    scope: allScopes.join(' '),
    redirectUris: ['https://recipes.example/'],
  });
  await depositSandboxKey(broker.deps, { userId: id, provider: 'anthropic' }, { kind: 'system' });
  const { grantId } = await connectApp(broker, world.user, client, ['openai:text', 'openai:images']);
  const held = { type: 'provider_access', provider: 'openai', rate: { requests_per_minute: 10 } } as const;
  await broker.deps.store.grants.changeLimits(grantId, id, [held], { kind: 'user', id });
  const proposed = {
    ...held,
    models: ['gpt-5*', 'text-embedding-3-small'],
    budgets: [{ limit_usd: '5', period: 'month' }],
    rate: { requests_per_minute: 60 },
  };
  const scope = 'openai:text openai:embeddings anthropic:text';
  const authorization_details = JSON.stringify([proposed]);
  await page.goto(broker.url + authorizePath(client, { scope, authorization_details }));
}

async function showKeyOf(page: Page, name: string): Promise<void> {
  await go('/keys')(page);
  await page.getByRole('link', { name, exact: true }).click();
}

/** Pages by who looks at them, each with the way to it. */
const screens: Readonly<
  Record<'stranger' | 'newcomer' | 'user', Readonly<Record<string, (page: Page) => Promise<unknown>>>>
> = {
  stranger: {
    home: go('/'),
    'sign-in': go('/sign-in'),
    'sign-in-wrong': async (page) => {
      await go('/sign-in')(page);
      await page.getByLabel('Email address').fill('nobody@example.com');
      await page.getByLabel('Password').fill('wrong');
      await press(page, 'Sign in');
    },
    'sign-up': go('/sign-up'),
    'set-up': async (page) => page.goto((await createSetupLink(fresh.deps))?.url ?? ''),
    'home-before-set-up': (page) => page.goto(fresh.url),
    invitation: (page) => page.goto(invitation),
    'not-found': go('/nowhere'),
    'request-gone': go('/consent/arq_gone'),
  },
  newcomer: {
    'apps-empty': go('/apps'),
    'keys-empty': go('/keys'),
    'activity-empty': go('/activity'),
    'developer-empty': go('/developer'),
    'key-new': go('/keys/new'),
    'key-refused': async (page) => {
      await go('/keys/new')(page);
      await page.getByLabel('API key').fill('sk-admin-abcdefghijklmn');
      await press(page, 'Save the key');
    },
    'app-new': go('/developer/new'),
    'app-refused': async (page) => {
      await go('/developer/new')(page);
      await page.getByLabel('Name').fill('My app');
      await page.getByLabel('Redirect URIs').fill('http://my-app.example/callback');
      await press(page, 'Register');
    },
    'consent-without-key': (page) => page.goto(broker.url + authorizePath(world.client)),
  },
  user: {
    apps: go('/apps'),
    'apps-unfolded': async (page) => {
      await go('/apps')(page);
      await unfold(page);
    },
    app: (page) => go(`/apps/${world.grantId}`)(page),
    'app-limits': async (page) => {
      await go(`/apps/${world.grantId}`)(page);
      await unfold(page);
      await page.getByLabel('Requests a minute').fill('many');
      await page.getByLabel('Spending a month').fill('5,00');
      await page.getByRole('button', { name: 'Save the limits' }).first().click();
    },
    keys: go('/keys'),
    key: (page) => go(`/keys/${world.credential.id}`)(page),
    'key-unfolded': async (page) => {
      await go(`/keys/${world.credential.id}`)(page);
      await unfold(page);
    },
    'key-refused-later': (page) => showKeyOf(page, 'Refused'),
    'key-exhausted': (page) => showKeyOf(page, 'Poor'),
    'key-in-part': async (page) => {
      await go('/keys/new')(page);
      await page.getByLabel('API key').fill('sk-sandbox-text-only-0004');
      await page.getByLabel('Name').fill('Text only');
      await page.getByLabel('Keep it').selectOption('Until I sign out');
      await press(page, 'Save the key');
    },
    activity: go('/activity'),
    spending: go('/spending'),
    'spending-refused': async (page) => {
      await go('/spending')(page);
      await unfold(page);
      await page.getByLabel('Spending a month').first().fill('5,00');
      await page.getByRole('button', { name: 'Save the limits' }).first().click();
    },
    developer: go('/developer'),
    'developer-app': (page) => go(`/developer/${world.client.id}`)(page),
    'developer-verification': async (page) => {
      const redirectUris = ['https://garden-notes.example/oauth/callback'];
      const client = await createClient(broker, world.user.id, { name: 'Garden Notes', redirectUris });
      await go(`/developer/${client.id}`)(page);
      await press(page, 'Ask for verification');
      await press(page, 'Check now');
    },
    'developer-token': async (page) => {
      await go(`/developer/${world.client.id}`)(page);
      await press(page, 'Make a test token');
    },
    'developer-secret': async (page) => {
      await go(`/developer/${world.client.id}`)(page);
      await page.getByText('Replace the secret…').click();
      await press(page, 'Replace the secret');
    },
    account: go('/account'),
    operator: go('/operator'),
    'operator-apps': async (page) => {
      await go('/operator/apps')(page);
      await unfold(page);
    },
    'operator-link': async (page) => {
      await go('/operator')(page);
      await press(page, 'Make a link');
    },
    device: go('/device'),
    'device-wrong': async (page) => {
      await go('/device?user_code=BBBB-BBBB')(page);
      await press(page, 'Continue');
    },
    'device-consent': async (page) => {
      await go(`/device?user_code=${await startDevice()}`)(page);
      await press(page, 'Continue');
    },
    'device-done': go('/device/done'),
    'consent-again': (page) =>
      page.goto(broker.url + authorizePath(world.client, { scope: 'openai:text openai:images' })),
    'consent-limits': toProposal,
    'consent-refused': async (page) => {
      await toProposal(page);
      await page.getByLabel('Models').first().fill('GPT 5 / anything!');
      await page.getByLabel('Spending a month').first().fill('five dollars');
      await press(page, 'Approve');
    },
    'consent-document': async (page) => {
      const redirectUris = ['https://reading-list.example/callback'];
      const client = await broker.deps.store.clients.saveDocument({
        id: 'https://reading-list.example/client.json',
        name: 'Reading List',
        type: 'spa',
        redirectUris,
        scope: 'openai:text',
        requiresDpop: false,
        requiresPushedRequests: false,
        freshUntil: Date.now() + 3_600_000,
      });
      if (client) await page.goto(broker.url + authorizePath(client, { scope: 'openai:text' }));
    },
    'consent-two': async (page) => {
      const scope = 'openai:text anthropic:text';
      const client = await createClient(broker, world.user.id, { name: 'Both Ways', scope });
      await page.goto(broker.url + authorizePath(client, { scope }));
    },
    'consent-not-permitted': async (page) => {
      await deposit(broker, world.user.id, 'sk-sandbox-text-only-0005');
      await page.goto(broker.url + authorizePath(world.client, { scope: 'openai:text openai:images' }));
    },
    'consent-native': async (page) => {
      const client = await createClient(broker, world.user.id, {
        name: 'Desk Radio',
        type: 'native',
        redirectUris: ['com.example.desk-radio:/callback'],
      });
      await page.goto(broker.url + authorizePath(client, { scope: 'openai:audio.speech openai:text' }));
    },
  },
};

const sizes = [
  { name: 'phone', viewport: { width: 360, height: 740 } },
  { name: 'desktop', viewport: { width: 1280, height: 800 } },
];

async function open(who: string, viewport: (typeof sizes)[number]['viewport']): Promise<Page> {
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce' });
  if (who === 'stranger') return context.newPage();
  const userId = who === 'user' ? world.user.id : newcomer.id;
  const { name } = sessionCookie(broker.deps.config);
  const value = await startSession(broker.deps, userId, undefined);
  await context.addCookies([{ name, value, url: broker.url }]);
  return context.newPage();
}

describe.each(sizes)('on a $name', ({ name: size, viewport }) => {
  describe.each(Object.entries(screens))('a %s', (who, pages) => {
    // One for all pages: a new one would be a new process.
    let page: Page;
    const messages: string[] = [];
    beforeAll(async () => {
      page = await open(who, viewport);
      page.on('console', (message) => messages.push(message.text()));
      page.on('pageerror', (error) => messages.push(error.message));
    });
    afterAll(() => page.context().close());

    test.each(Object.entries(pages))(
      'finds %s accessible, in light and dark, fitting and within the policy',
      async (name, show) => {
        messages.length = 0;
        await show(page);
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme });
          if (pictures) {
            await page.screenshot({
              path: join(pictures, `${size}-${colorScheme}-${name}.png`),
              fullPage: true,
            });
          }
          expect(await seriousViolations(page, colorScheme === 'light' ? 'all' : 'colours')).toEqual([]);
        }
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(
          viewport.width,
        );
        expect(messages.filter((message) => !/status of 4\d\d/.test(message))).toEqual([]);
      },
    );
  });
});

test('on a phone, what a call was flagged for leaves room for what it was', async () => {
  const page = await open('user', { width: 360, height: 740 });
  await page.goto(`${broker.url}/activity`);
  const call = page.locator('tr', { hasText: 'flagged: harassment/threatening' });
  const what = await call.locator('[data-cell="what"]').boundingBox();
  expect(what?.width).toBeGreaterThan(120);
  await page.context().close();
});

test('what the checks above look for is found where it is', async () => {
  const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
  await page.setContent(
    '<html lang="en"><title>x</title><main><h1>x</h1><p style="color:#ccc">pale</p><input></main>',
  );
  const found = (await seriousViolations(page, 'all')).join();
  expect(found).toContain('color-contrast');
  expect(found).toContain('label');
  expect((await seriousViolations(page, 'colours')).join()).toContain('color-contrast');
  await page.close();
});
