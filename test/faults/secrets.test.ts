import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Browser, type Page } from '../../examples/demo/browser.ts';
import { createSetupLink } from '../../src/accounts/invitations.ts';
import { registerClient } from '../../src/grants/registration.ts';
import { sha256 } from '../../src/lib/hash.ts';
import { type Broker, startBroker } from '../support/broker.ts';

const email = 'ada@example.com';
const redirectUri = 'http://127.0.0.1/callback';

/** Everything that must never be found again, by what it is. */
const secrets = new Map<string, string>();
/** Everything the broker has shown to anybody who was not meant to see a secret. */
const shown: { readonly what: string; readonly text: string }[] = [];

let broker: Broker;
beforeAll(async () => {
  broker = await startBroker();
});
afterAll(() => broker.close());

const canary = (what: string, value: string): string => {
  secrets.set(what, value);
  return value;
};
const token = () => randomBytes(32).toString('base64url');

it('84 158 a full run leaves no secret and no prompt in database, logs, pages and errors', async () => {
  const { url, deps } = broker;
  const browser = new Browser();
  const see = (page: Page): Page => {
    shown.push({ what: page.url, text: page.text });
    return page;
  };

  // An account, a key, an app.
  const link = (await createSetupLink(deps))?.url ?? '';
  canary('set-up token', link.split('/').at(-1) ?? '');
  const password = canary('password', `password ${token()}`);
  const key = canary('provider key', `sk-sandbox-${token()}`);
  const replacement = canary('replaced provider key', `sk-sandbox-${token()}`);
  await browser.submit(await browser.open(link), new URL(link).pathname, { email, password });
  const newKey = see(await browser.open(`${url}/keys/new`));
  see(await browser.submit(newKey, '/keys/new', { provider: 'openai', key: `sk-admin-${key}` }));
  const saved = see(await browser.submit(newKey, '/keys/new', { provider: 'openai', key }));
  const keyPath = new URL(saved.url).pathname;
  const user = await deps.store.accounts.findUserByEmail(email);
  const registered = await registerClient(
    deps,
    user?.id ?? '',
    { name: 'Sweep', type: 'web', redirectUris: [redirectUri], scope: '', jwks: null },
    { kind: 'system' },
  );
  if (registered.kind !== 'registered' || !registered.secret) throw new Error('not registered');
  const client = {
    client_id: registered.client.id,
    client_secret: canary('client secret', registered.secret),
  };

  // Consent and tokens.
  const verifier = canary('code verifier', token());
  const authorize = new URL(`${url}/oauth/authorize`);
  authorize.search = new URLSearchParams({
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: redirectUri,
    state: 'xyz',
    scope: 'openai:text openai:embeddings openai:models.read',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString();
  const consent = see(await browser.open(authorize.href));
  // Nothing listens at the app's address: where the browser is sent is all that is wanted.
  const callback = await browser
    .submit(consent, new URL(consent.url).pathname, {
      scope: ['openai:text', 'openai:models.read'],
      life: 'day',
      decision: 'approve',
    })
    .then(
      () => '',
      () => browser.lastUrl,
    );
  const code = canary('code', new URL(callback).searchParams.get('code') ?? '');
  const exchange = async (form: Record<string, string>) => {
    const response = await fetch(`${url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({ ...client, ...form }),
    });
    return { status: response.status, text: await response.text() };
  };
  const codeForm = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  };
  const bad = await exchange({ ...codeForm, code_verifier: canary('wrong verifier', token()) });
  const first = JSON.parse((await exchange(codeForm)).text) as Record<string, string>;
  canary('access token', first.access_token ?? '');
  canary('refresh token', first.refresh_token ?? '');
  const refreshForm = { grant_type: 'refresh_token', refresh_token: first.refresh_token ?? '' };
  const second = JSON.parse((await exchange(refreshForm)).text) as Record<string, string>;
  canary('second access token', second.access_token ?? '');
  canary('second refresh token', second.refresh_token ?? '');
  shown.push({ what: 'token error', text: bad.text });

  // Calls that succeed and fail in every way.
  const prompt = canary('prompt', `prompt ${token()}`);
  const openai = new OpenAI({
    baseURL: `${url}/openai/v1`,
    apiKey: second.access_token ?? '',
    maxRetries: 0,
  });
  const ask = async (model: string, extra: Record<string, unknown> = {}) => {
    const messages = [{ role: 'user' as const, content: prompt }];
    const stream = await openai.chat.completions.create({ model, messages, stream: true, ...extra });
    for await (const _ of stream) {
      // Read to the end, wherever that is.
    }
  };
  await ask('gpt-5.6-mini');
  const faulty = ['sandbox-500', 'sandbox-429', 'sandbox-cut', 'sandbox-stream-error', 'sandbox-garbage'];
  for (const model of [...faulty, 'sandbox-redirect', 'nonexistent-model']) {
    const error = await ask(model).catch((thrown: unknown) => thrown);
    shown.push({ what: `error of ${model}`, text: describe(error) });
  }
  const refusedField = await ask('gpt-5.6-mini', { previous_response_id: prompt }).catch((e: unknown) => e);
  shown.push({ what: 'refused field', text: describe(refusedField) });
  const refusedScope = await openai.embeddings
    .create({ model: 'text-embedding-3-small', input: prompt })
    .catch((e: unknown) => e);
  shown.push({ what: 'refused scope', text: describe(refusedScope) });

  // Every page, then the end of everything.
  const keyPage = see(await browser.open(`${url}${keyPath}`));
  see(await browser.submit(keyPage, `${keyPath}/replace`, { key: replacement }));
  for (const path of ['/', '/keys', '/apps', '/activity', '/developer', '/operator', '/account', keyPath]) {
    const page = see(await browser.open(url + path));
    expect([path, page.status]).toEqual([path, 200]);
  }
  await exchange({ grant_type: 'refresh_token', refresh_token: first.refresh_token ?? '' });
  for (const [name, value] of browser.cookies(url)) canary(`cookie ${name}`, value);
  await fetch(`${url}/oauth/revoke`, {
    method: 'POST',
    body: new URLSearchParams({ ...client, token: second.refresh_token ?? '' }),
  });

  await deps.ledger.close();
  const outputs = [
    ...shown,
    { what: 'log', text: broker.logs.join('\n') },
    { what: 'what the sandbox kept', text: JSON.stringify(broker.sandbox.received()) },
    { what: 'database', text: await broker.home.contents() },
    ...readdirSync(broker.home.dataDir)
      .filter((name) => name !== 'master.key')
      .map((name) => ({ what: name, text: readFileSync(join(broker.home.dataDir, name), 'latin1') })),
  ];
  const found = outputs.flatMap(({ what, text }) =>
    [...secrets].filter(([, secret]) => holds(text, secret)).map(([secret]) => `${secret} in ${what}`),
  );
  expect([...secrets.values()].filter((secret) => secret.length < 20)).toEqual([]);
  expect(found).toEqual([]);
  // The search itself works: what may be kept is found, text and bytes.
  const sealed = await broker.home.query<{ ciphertext: Buffer }>('select ciphertext from credentials');
  for (const kept of [email, sha256(code), ...sealed.map(({ ciphertext }) => ciphertext)]) {
    expect(outputs.filter(({ text }) => holds(text, kept)).map(({ what }) => what)).toContain('database');
  }
});

/** Whether a text holds something, as it is or as bytes are often written. */
function holds(text: string, something: string | Buffer): boolean {
  const bytes = Buffer.from(something);
  return [
    bytes.toString('latin1'),
    encodeURIComponent(String(something)),
    bytes.toString('base64').slice(0, -4),
    bytes.toString('hex'),
  ].some((form) => text.includes(form));
}

function describe(error: unknown): string {
  if (!(error instanceof OpenAI.APIError)) return String(error);
  return `${error.message} ${JSON.stringify(error.error)} ${JSON.stringify([...(error.headers ?? [])])}`;
}
