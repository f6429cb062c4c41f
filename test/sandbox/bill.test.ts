import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.ts';
import { chat, eventually, post, sandboxForTest, testKey } from './clients.ts';

/** "Hello there" is 3 tokens, and "Sandbox answer to: Hello there" 8. */
const input = 3;
const output = 8;
const hello = 'Hello there';

/** What the last request came to, in nano-USD, once it has ended. */
async function lastBill(sandbox: Sandbox): Promise<number | undefined> {
  await eventually(() => sandbox.received().at(-1)?.outcome !== 'open');
  return sandbox.received().at(-1)?.billed_nano_usd;
}

test.each([
  ['/chat/completions', chat('gpt-4o'), 2_500 * input + 10_000 * output],
  ['/chat/completions', chat('gpt-4o', { stream: true }), 2_500 * input + 10_000 * output],
  ['/chat/completions', chat('gpt-4o', { n: 2, max_tokens: 5, stream: true }), 2_500 * input + 10_000 * 10],
  ['/responses', { model: 'gpt-4o', input: hello, stream: true }, 2_500 * input + 10_000 * output],
  ['/responses', { model: 'gpt-4o', input: hello, max_output_tokens: 4 }, 2_500 * input + 10_000 * 4],
  [
    '/completions',
    { model: 'gpt-3.5-turbo-instruct', prompt: [hello, hello], stream: true },
    2 * (1_500 * input + 2_000 * output),
  ],
  ['/embeddings', { model: 'text-embedding-3-small', input: [hello, hello] }, 20 * 2 * input],
])('%s with %j is billed by its tokens', async (path, body, billed) => {
  const sandbox = await sandboxForTest();
  await (await post(sandbox, path, body)).text();
  expect(await lastBill(sandbox)).toBe(billed);
});

test('what is refused, or asks for nothing that is written, is not billed', async () => {
  const sandbox = await sandboxForTest();
  await post(sandbox, '/chat/completions', chat('sandbox-500'));
  expect(await lastBill(sandbox)).toBe(0);
  await (await post(sandbox, '/moderations', { input: hello })).text();
  expect(await lastBill(sandbox)).toBe(0);
  expect(sandbox.totals().billed_nano_usd).toEqual({});
});

test('a model without a price is billed at the one chosen for such', async () => {
  const sandbox = await sandboxForTest({ unpriced: { input: 7, output: 11 } });
  await (await post(sandbox, '/chat/completions', chat('sandbox-no-usage'))).text();
  expect(await lastBill(sandbox)).toBe(7_000 * input + 11_000 * output);
});

test('a stream that is left is billed for what was written, the token under way included', async () => {
  const sandbox = await sandboxForTest({ unpriced: { input: 0, output: 1 } });
  const left = new AbortController();
  const body = chat('sandbox-long-1000', { stream: true });
  await post(sandbox, '/chat/completions', body, { signal: left.signal });
  await eventually(() => (sandbox.received()[0]?.writes ?? 0) > 3);
  left.abort();
  const billed = (await lastBill(sandbox)) ?? 0;
  // The first event brings no token.
  expect(billed / 1_000).toBe(sandbox.received()[0]?.writes);
});

test('a stream that is left unread is billed whole: a model does not wait for its reader', async () => {
  const sandbox = await sandboxForTest({ unpriced: { input: 0, output: 1 } });
  const left = new AbortController();
  // Each event names the model: a long name soon fills whatever lies between.
  const model = `unknown-${'x'.repeat(10_000)}`;
  const prompt = { model, prompt: Array(100).fill('word '.repeat(60)), max_tokens: 50 };
  const body = { ...prompt, n: 4, stream: true };
  const unread = await post(sandbox, '/completions', body, { signal: left.signal });
  const seen: number[] = [];
  await expect
    .poll(
      () => {
        seen.push(sandbox.received()[0]?.writes ?? 0);
        return seen.length >= 10 && seen.at(-1) !== 0 && new Set(seen.slice(-10)).size === 1;
      },
      { interval: 50 },
    )
    .toBe(true);
  expect(unread.status).toBe(200);
  left.abort();
  const billed = (await lastBill(sandbox)) ?? 0;
  expect(billed / 1_000).toBe(100 * 4 * 50);
});

test('bills add up by key', async () => {
  const sandbox = await sandboxForTest();
  for (const key of [testKey, testKey, 'sk-sandbox-other']) {
    await (await post(sandbox, '/chat/completions', chat('gpt-4o'), { key })).text();
  }
  await lastBill(sandbox);
  const one = 2_500 * input + 10_000 * output;
  const hashOf = (key: string) => createHash('sha256').update(key).digest('hex').slice(0, 16);
  expect(sandbox.totals().billed_nano_usd).toEqual({
    [hashOf(testKey)]: 2 * one,
    [hashOf('sk-sandbox-other')]: one,
  });
});
