import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { lendKey, withdrawKey } from '../../src/grants/lend_key.ts';
import type { Credential, User } from '../../src/store/records.ts';
import { createClient, createUser, deposit, grantTo, type RegisteredClient } from '../support/broker.ts';
import { accessTo, type Limits, limitGrant } from '../support/limits.ts';
import { type Answer, json } from './support/upstream.ts';
import { call, chat, errorOf, type ProxyWorld, settledCall, startWorld } from './support/world.ts';

let world: ProxyWorld;
let owner: User;
let client: RegisteredClient;
let lent: Credential;
beforeAll(async () => {
  world = await startWorld();
  owner = await createUser(world.broker);
});
afterAll(() => world.close());

const usage = { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 };
const good = json(200, { object: 'chat.completion', model: chat.model, choices: [], usage });
const refusal = json(401, { error: { message: 'Incorrect API key provided', code: 'invalid_api_key' } });
const noQuota = json(429, { error: { message: 'You exceeded your quota', code: 'insufficient_quota' } });

const actor = { kind: 'system' } as const;
const appsKey = 'sk-sandbox-of-the-app-0001';

beforeEach(async () => {
  world.upstream.answer = good;
  client = await createClient(world.broker, owner.id, { name: 'Notes' });
  lent = await deposit(world.broker, owner.id, `${appsKey}${client.id}`);
  await lendKey(world.broker.deps, client.id, lent.id, actor);
});

/** An app connected by somebody without a key, unless told otherwise. */
const connectTo = async (keys = 0) => {
  const user = await createUser(world.broker);
  for (let i = 0; i < keys; i += 1) await deposit(world.broker, user.id);
  const { access_token: token } = await grantTo(world.broker, user, client, ['openai:text']);
  const allow = (limits: Limits) => limitGrant(world.broker, token, accessTo('openai', limits));
  return { url: world.url, token, allow, user };
};
const ask = (app: Pick<ProxyWorld, 'url' | 'token'>) => call(app, '/chat/completions', { body: chat });
const keySent = () => world.upstream.requests.at(-1)?.headers.authorization;
const grantOf = async ({ token }: { readonly token: string }) => {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${world.broker.url}/grant`, { headers });
  const { providers } = (await response.json()) as {
    providers: readonly { readonly payer: string | null; readonly key_status: string }[];
  };
  return providers[0];
};
const stepIn = () => world.broker.deps.store.clients.updateClient(client.id, { paysWhenUsedUp: true }, actor);

describe('whoever pays', () => {
  it('is named on the answer, on record and beforehand: the app where the user has no key', async () => {
    const app = await connectTo();
    expect(await grantOf(app)).toMatchObject({ payer: 'app' });
    const response = await ask(app);
    expect(response.status).toBe(200);
    expect(response.headers.get('coatcheck-payer')).toBe('app');
    expect(response.headers.get('access-control-expose-headers')).toContain('coatcheck-payer');
    expect(keySent()).toBe(`Bearer ${appsKey}${client.id}`);
    expect(await settledCall(world)).toMatchObject({ payer: 'app', credentialId: lent.id });
  });

  it('is the user where there is a key of theirs', async () => {
    const app = await connectTo(1);
    expect(await grantOf(app)).toMatchObject({ payer: 'user' });
    const response = await ask(app);
    expect(response.headers.get('coatcheck-payer')).toBe('user');
    expect(keySent()).not.toContain(appsKey);
    expect(await settledCall(world)).toMatchObject({ payer: 'user' });
  });

  it('is nobody once the app has stopped, from the very next call on', async () => {
    const app = await connectTo();
    await ask(app);
    await withdrawKey(world.broker.deps, client.id, 'openai', actor);
    const refused = await ask(app);
    expect(refused.status).toBe(403);
    expect(await errorOf(refused)).toMatchObject({ code: 'no_credential' });
    expect(refused.headers.get('coatcheck-payer')).toBeNull();
    expect(await grantOf(app)).toMatchObject({ payer: null, key_status: 'missing' });
  });

  it('is the app when the limit of the user is used up and it chose so; the calls that they allow still hold', async () => {
    const app = await connectTo(1);
    await app.allow({
      budgets: [
        { limit_usd: '0.000000001', period: 'month' },
        { limit_requests: 1, period: 'day' },
      ],
    });
    expect(await errorOf(await ask(app))).toMatchObject({ code: 'budget_exceeded' });
    await stepIn();
    const stepped = await ask(app);
    expect(stepped.headers.get('coatcheck-payer')).toBe('app');
    expect(keySent()).toContain(appsKey);
    const refused = await ask(app);
    expect(await errorOf(refused)).toMatchObject({ code: 'budget_exceeded' });
  });

  it('is told beforehand to be the app when nothing is left of the limit', async () => {
    const app = await connectTo(1);
    await stepIn();
    await app.allow({ budgets: [{ limit_usd: '0.10', period: 'month' }] });
    await ask(app);
    await settledCall(world);
    expect(await grantOf(app)).toMatchObject({ payer: 'user' });
    await app.allow({ budgets: [{ limit_usd: '0.000000001', period: 'month' }] });
    expect(await grantOf(app)).toMatchObject({ payer: 'app' });
  });
});

describe('the key that an app pays with', () => {
  const answerWith = (calls: Answer, check: Answer) => {
    world.upstream.answer = (response, request) =>
      (request.target.endsWith('/models') ? check : calls)(response, request);
  };

  it('is marked when the provider refuses it, and the user is asked for nothing', async () => {
    const app = await connectTo();
    answerWith(refusal, refusal);
    const first = await ask(app);
    const error = await errorOf(first);
    expect(first.headers.get('coatcheck-payer')).toBe('app');
    expect(error).toMatchObject({ code: 'provider_key_invalid' });
    expect(error.message).toContain("the app's own key");
    expect(error).not.toHaveProperty('action_url');
    const { credentials } = world.broker.deps.store;
    await vi.waitFor(async () =>
      expect(await credentials.findCredential(lent.id)).toMatchObject({ status: 'invalid' }),
    );
    const next = await errorOf(await ask(app));
    expect(next).toMatchObject({ code: 'provider_key_invalid' });
    expect(next.message).toContain('Whoever makes the app');
    expect(next).not.toHaveProperty('action_url');
    expect(await grantOf(app)).toMatchObject({ payer: 'app', key_status: 'invalid' });
  });

  it('that has no quota left is the business of whoever makes the app', async () => {
    const app = await connectTo();
    answerWith(noQuota, good);
    const error = await errorOf(await ask(app));
    expect(error).toMatchObject({ code: 'provider_quota_exceeded' });
    expect(error.message).toContain("The app's own account");
    expect(error).not.toHaveProperty('action_url');
  });

  it('has budgets that hold, and that no user is asked to raise', async () => {
    const app = await connectTo();
    const budget = { provider: null, unit: 'nano_usd', period: 'month', limit: 1, strict: false } as const;
    await world.broker.deps.store.budgets.setBudget({ holder: lent.id, ...budget }, owner.id, actor);
    const error = await errorOf(await ask(app));
    expect(error).toMatchObject({ code: 'budget_exceeded' });
    expect(error.message).toContain('Whoever makes the app pays');
    expect(error).not.toHaveProperty('action_url');
  });
});
