import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessTo, limitGrant } from '../support/limits.ts';
import { json } from './support/upstream.ts';
import { call, chat, errorOf, type ProxyWorld, settledCall, startWorld } from './support/world.ts';

const usage = { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 };
const answer = { object: 'chat.completion', model: 'gpt-4o-2024-08-06', choices: [], usage };
const path = '/openai/deployments/my-chat/chat/completions';

let world: ProxyWorld;
beforeAll(async () => {
  world = await startWorld({ provider: 'azure', answer: json(200, answer) });
});
afterAll(() => world.close());

/** What the provider gets of a call. */
async function arrived(target: string, options: Parameters<typeof call>[2] = { body: chat }) {
  const received = world.upstream.next();
  const response = await call(world, target, options);
  expect(response.status).toBe(200);
  return received;
}

describe('the version of the API', () => {
  const usual = '2025-04-01-preview';
  it.each([
    ['?api-version=2024-10-21', '2024-10-21'],
    ['?api-version=2025-01-01-preview&api-version=x', usual],
    ['', usual],
    ['?api-version=', usual],
    ['?api-version=2023-05-15', usual],
    ['?api-version=2024-10-21%26x=1', usual],
    ['?api-version=2024-10-21/../../files', usual],
    ['?x=1&api-version=2024-10-21&api-key=canary', '2024-10-21'],
    ['?api%2Dversion=2024-10-21#?api-version=canary', '2024-10-21'],
  ])('is one that is known, and nothing else of %j goes on', async (query, version) => {
    const { target } = await arrived(path + query);
    expect(target).toBe(`/azure${path}?api-version=${version}`);
  });
});

describe('the key', () => {
  it.each<[string, (token: string) => Readonly<Record<string, string>>]>([
    ['a bearer token', (token) => ({ authorization: `Bearer ${token}` })],
    ['a token in its own header', (token) => ({ 'api-key': token })],
  ])('goes where Azure has it, in the place of %s', async (_, tokenHeaders) => {
    const received = world.upstream.next();
    const headers = { ...tokenHeaders(world.token), 'content-type': 'application/json' };
    await fetch(world.url + path, { method: 'POST', headers, body: JSON.stringify(chat) });
    const sent = (await received).headers;
    expect(sent['api-key']).toMatch(/^azure-sandbox-/);
    expect(sent.authorization).toBeUndefined();
    expect(JSON.stringify(sent)).not.toContain(world.token);
  });

  it('takes no other way for what the caller sends', async () => {
    const { headers } = await arrived(path, {
      body: chat,
      headers: { 'x-ms-region': 'canary', 'x-forwarded-host': 'evil.example', 'x-azure-resource': 'canary' },
    });
    expect(JSON.stringify(headers)).not.toMatch(/evil|canary/);
  });
});

describe('a deployment', () => {
  it('is what the path says, whatever the body says', async () => {
    for (const model of ['gpt-4o', undefined]) {
      const { body } = await arrived(path, { body: { ...chat, model } });
      expect(JSON.parse(body).model).toBe(model && 'my-chat');
    }
    expect((await settledCall(world)).model).toBe('my-chat');
  });

  it.each([
    'dep%2F..%2Fx',
    'dep%20x',
    'dep%2fx',
    '%2e%2e',
    'dep;x',
    'dep/x',
    '',
    'a'.repeat(65),
    'dep@x',
    '{model}',
  ])('cannot be called %j', async (name) => {
    const before = world.upstream.requests.length;
    const response = await call(world, `/openai/deployments/${name}/chat/completions`, { body: chat });
    expect(response.status).toBe(404);
    expect(world.upstream.requests).toHaveLength(before);
  });

  it('is priced by the model that answers, not by its own name', async () => {
    await arrived('/openai/deployments/gpt-4o-mini/chat/completions');
    // 1,000 tokens at $2.50 and 100 at $10 a million.
    expect((await settledCall(world)).costNanoUsd).toBe(3_500_000);
  });

  it('has no price where the answer does not say which model it was', async () => {
    world.upstream.answer = json(200, { ...answer, model: undefined });
    await arrived('/openai/deployments/gpt-4o/chat/completions');
    expect((await settledCall(world)).costNanoUsd).toBeNull();
    world.upstream.answer = json(200, answer);
  });

  it('counts as a model where models are limited, in the path as in the body', async () => {
    const limited = await startWorld({ provider: 'azure', answer: json(200, answer) });
    try {
      await limitGrant(limited.broker, limited.token, accessTo('azure', { models: ['my-*'] }));
      expect((await call(limited, path, { body: { ...chat, model: 'gpt-4o' } })).status).toBe(200);
      const inPath = await call(limited, path.replace('my-', 'your-'), {
        body: { ...chat, model: 'my-chat' },
      });
      expect(await errorOf(inPath)).toMatchObject({ code: 'model_not_allowed', param: 'model' });
      const inBody = await call(limited, '/openai/responses', { body: { model: 'your-chat', input: 'Hi' } });
      expect(await errorOf(inBody)).toMatchObject({ code: 'model_not_allowed', param: 'model' });
    } finally {
      await limited.close();
    }
  });
});
