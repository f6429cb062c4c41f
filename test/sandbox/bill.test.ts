import { createHash } from 'node:crypto';
import type OpenAI from 'openai';
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

/** "Sandbox answer to: what to make of Hello there" */
const thought = 12;
const contents = [{ role: 'user', parts: [{ text: hello }] }];
const generate = '/v1beta/models/gemini-2.0-flash:generateContent';
const stream = '/v1beta/models/gemini-2.0-flash:streamGenerateContent';

const ofOthers: readonly (readonly [provider: string, path: string, body: object, billed: number])[] = [
  [
    'anthropic',
    '/v1/messages',
    chat('claude-opus-4-1', { max_tokens: 50 }),
    15_000 * input + 75_000 * output,
  ],
  [
    'anthropic',
    '/v1/messages',
    chat('claude-opus-4-1', { max_tokens: 15, stream: true, thinking: { type: 'adaptive' } }),
    15_000 * input + 75_000 * 15,
  ],
  [
    'anthropic',
    '/v1/messages',
    chat('claude-opus-4-1', { max_tokens: 50, thinking: { type: 'enabled', budget_tokens: 5 } }),
    15_000 * input + 75_000 * (5 + output),
  ],
  [
    'anthropic',
    '/v1/messages',
    chat('claude-opus-4-1', {
      max_tokens: 50,
      stream: true,
      tools: [{ type: 'web_search_20260318' }, { type: 'code_execution_20260521' }],
    }),
    15_000 * (input + 17) + 75_000 * output + 10_000_000 + 50_000_000,
  ],
  ['gemini', generate, { contents }, 100 * input + 400 * output],
  ['gemini', stream, { contents, generationConfig: { maxOutputTokens: 5 } }, 100 * input + 400 * 5],
  [
    'gemini',
    stream,
    { contents, tools: [{ googleSearch: {} }] },
    100 * (input + 6) + 400 * output + 35_000_000,
  ],
  [
    'gemini',
    stream,
    { contents, generationConfig: { thinkingConfig: { thinkingBudget: -1 } } },
    100 * input + 400 * (thought + output),
  ],
  [
    'gemini',
    generate,
    { contents, generationConfig: { maxOutputTokens: 9, thinkingConfig: { thinkingBudget: 4 } } },
    100 * input + 400 * 9,
  ],
  ['gemini', '/v1/models/gemini-embedding-001:embedContent', { content: contents[0] }, 150 * input],
  [
    'gemini',
    '/v1/models/gemini-embedding-001:batchEmbedContents',
    { requests: [{ content: contents[0] }, { content: contents[0] }] },
    150 * 2 * input,
  ],
  ['gemini-openai', '/chat/completions', chat('gemini-2.0-flash'), 100 * input + 400 * output],
  ['azure', '/openai/responses', { model: 'gpt-4o', input: hello }, 2_500 * input + 10_000 * output],
  [
    'mistral',
    '/v1/chat/completions',
    chat('mistral-large-2512', { stream: true }),
    500 * input + 1_500 * output,
  ],
  ['groq', '/openai/v1/chat/completions', chat('llama-3.3-70b-versatile'), 590 * input + 790 * output],
  ['deepseek', '/chat/completions', chat('deepseek-v4-pro'), 660 * input + 1_980 * output],
  ['together', '/chat/completions', chat('meta-llama/Llama-3.3-70B-Instruct-Turbo'), 880 * (input + output)],
  ['openrouter', '/chat/completions', chat('openai/gpt-4o', { stream: true }), 1_000 * (input + output)],
  ['xai', '/chat/completions', chat('grok-4', { stream: true }), 1_000 * (input + output)],
];

const keys: Readonly<Record<string, string>> = {
  anthropic: 'sk-ant-sandbox-bill',
  azure: 'azure-sandbox-bill',
  mistral: 'mistral-sandbox-bill',
  groq: 'gsk_sandbox_bill',
  deepseek: 'sk-deepseek-sandbox-bill',
  together: 'tgp_v1_sandbox_bill',
  openrouter: 'sk-or-sandbox-bill',
  xai: 'xai-sandbox-bill',
};

test.each(ofOthers)(
  '%s bills %s with %j by its tokens and its tools',
  async (provider, path, body, billed) => {
    const sandbox = await sandboxForTest();
    const key = keys[provider] ?? 'AIza-sandbox-bill';
    const response = await fetch(`${sandbox.urls[provider]}${path}`, {
      method: 'POST',
      headers: {
        ...{ authorization: `Bearer ${key}`, 'x-goog-api-key': key, 'api-key': key },
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
    });
    expect([response.status, await response.text()]).toEqual([200, expect.any(String)]);
    expect(await lastBill(sandbox)).toBe(billed);
  },
);

test.each([
  ['gpt-image-2', { output_tokens: 272 }],
  ['sandbox-no-usage', undefined],
])('a picture that a tool has %s draw is billed, told of or not', async (model, told) => {
  const sandbox = await sandboxForTest();
  const tool = { type: 'image_generation', model, quality: 'low', size: '1024x1024' };
  const answer = await post(sandbox, '/responses', { model: 'gpt-4o', input: hello, tools: [tool] });
  const { output: items, tool_usage, usage } = (await answer.json()) as OpenAI.Responses.Response;
  expect(items[0]).toMatchObject({ type: 'image_generation_call', quality: 'low', status: 'completed' });
  if (told) expect(tool_usage?.image_gen).toMatchObject(told);
  else expect(tool_usage).toBeUndefined();
  const text = 2_500 * (usage?.input_tokens ?? 0) + 10_000 * output;
  expect(await lastBill(sandbox)).toBe(text + 5_000 * input + 30_000 * 272);
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
  const sandbox = await sandboxForTest({ unpriced: { openai: { input: 7, output: 11 } } });
  await (await post(sandbox, '/chat/completions', chat('sandbox-no-usage'))).text();
  expect(await lastBill(sandbox)).toBe(7_000 * input + 11_000 * output);
});

test('a stream that is left is billed for what was written, the token under way included', async () => {
  const sandbox = await sandboxForTest({ unpriced: { openai: { input: 0, output: 1 } } });
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
  const sandbox = await sandboxForTest({ unpriced: { openai: { input: 0, output: 1 } } });
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
