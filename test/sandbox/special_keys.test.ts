import OpenAI from 'openai';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { specialKeys } from '../../src/sandbox/special_keys.ts';
import { chat, clientFor, errorOf, post } from './clients.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
  return () => sandbox.close();
});

const listModels = (key: string): Promise<Response> =>
  fetch(`${sandbox.url}/models`, { headers: { authorization: `Bearer ${key}` } });

describe.each([
  // key, GET /models, POST /moderations (free), POST /chat/completions (paid), code of the last
  ['sk-sandbox-ordinary-1', 200, 200, 200, undefined],
  ['sk-sandbox-invalid-1', 401, 401, 401, 'invalid_api_key'],
  ['sk-sandbox-no-quota-1', 200, 200, 429, 'insufficient_quota'],
  ['sk-sandbox-rate-limited-1', 200, 429, 429, 'rate_limit_exceeded'],
  ['sk-sandbox-error-1', 200, 500, 500, null],
  ['sk-sandbox-unavailable-1', 503, 503, 503, null],
  ['sk-sandbox-restricted-1', 403, 401, 401, null],
  ['sk-sandbox-no-moderation-1', 200, 401, 200, undefined],
  ['sk-proj-somebody-elses-key', 401, 401, 401, 'invalid_api_key'],
])('%s', (key, models, free, paid, code) => {
  test(`gets ${models} for models, ${free} for a free call, ${paid} for a paid one`, async () => {
    expect((await listModels(key)).status).toBe(models);
    expect((await post(sandbox, '/moderations', { input: 'Hi' }, { key })).status).toBe(free);
    const answer = await post(sandbox, '/chat/completions', chat('gpt-4o'), { key });
    expect(answer.status).toBe(paid);
    expect((await errorOf(answer))?.code).toBe(code);
  });
});

test('a key for text only gets no images and no sound, whatever is wrong with the call', async () => {
  const key = 'sk-sandbox-text-only-1';
  expect((await post(sandbox, '/chat/completions', chat('gpt-4o'), { key })).status).toBe(200);
  for (const path of ['/images/generations', '/audio/speech', '/audio/transcriptions']) {
    const refused = await post(sandbox, path, {}, { key });
    expect(refused.status).toBe(401);
    expect((await errorOf(refused))?.message).toContain('Missing scopes');
  }
});

test('every special key has a name that an ordinary sandbox key could have', () => {
  for (const { name } of specialKeys) expect(name).toMatch(/^[a-z-]+$/);
});

test('a wrong key is repeated in part, as the real provider does, but never whole', async () => {
  const key = 'sk-proj-abcdefghijklmnop-WXYZ';
  const error = await errorOf(await listModels(key));
  expect(error?.message).toContain('sk-proj-');
  expect(error?.message).toContain('WXYZ');
  expect(error?.message).not.toContain('abcdefgh');
});

test('without a key the answer says how to send one', async () => {
  const response = await fetch(`${sandbox.url}/models`);
  expect(response.status).toBe(401);
  expect((await errorOf(response))?.message).toMatch("didn't provide an API key");
});

test('the key is judged before the path and the body', async () => {
  const key = 'sk-sandbox-invalid-1';
  expect((await post(sandbox, '/nowhere', {}, { key })).status).toBe(401);
  expect((await post(sandbox, '/chat/completions', 'broken', { key })).status).toBe(401);
});

test('a rate limit says when to come back and names an organization', async () => {
  const response = await post(sandbox, '/chat/completions', chat('gpt-4o'), {
    key: 'sk-sandbox-rate-limited-1',
  });
  expect(response.headers.get('retry-after')).toBe('2');
  expect(response.headers.get('retry-after-ms')).toBe('2000');
  expect((await errorOf(response))?.message).toMatch(/organization org-/);
});

test('missing scopes are named', async () => {
  const key = 'sk-sandbox-restricted-1';
  expect(await (await listModels(key)).json()).toMatchObject({
    error: { code: 'missing_scope', message: expect.stringContaining('Missing scopes: api.model.read') },
  });
  const answer = await post(sandbox, '/chat/completions', chat('gpt-4o'), { key });
  expect((await errorOf(answer))?.message).toContain('Missing scopes: model.request');
});

test('the SDK raises the errors it raises for the real provider', async () => {
  const ask = (key: string) => clientFor(sandbox, key).responses.create({ model: 'gpt-5', input: 'Hi' });
  await expect(ask('sk-sandbox-invalid-1')).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  await expect(ask('sk-sandbox-rate-limited-1')).rejects.toBeInstanceOf(OpenAI.RateLimitError);
  await expect(ask('sk-sandbox-error-1')).rejects.toBeInstanceOf(OpenAI.InternalServerError);
});
