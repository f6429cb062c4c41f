import { toFile } from 'openai';
import { expect, test } from 'vitest';
import { chat, clientFor, sandboxForTest } from './clients.ts';

const lines = (...bodies: readonly object[]) =>
  bodies
    .map((body, index) => ({ custom_id: `line-${index}`, method: 'POST', url: '/v1/chat/completions', body }))
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('');

async function begin(...bodies: readonly object[]) {
  const sandbox = await sandboxForTest();
  const openai = clientFor(sandbox);
  const file = await toFile(Buffer.from(lines(...bodies)), 'lines.jsonl');
  const { id: input_file_id } = await openai.files.create({ file, purpose: 'batch' });
  const asked = { endpoint: '/v1/chat/completions', completion_window: '24h', input_file_id } as const;
  return { sandbox, openai, asked, batch: await openai.batches.create(asked) };
}

const text = async (content: Promise<Response>) =>
  (await (await content).text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('a batch runs its lines by the second look, and bills half of what they cost', async () => {
  const { sandbox, openai, batch } = await begin(chat('gpt-4o'), chat('gpt-4o', { max_tokens: 4 }));
  expect(batch.status).toBe('validating');
  expect(await openai.batches.retrieve(batch.id)).toMatchObject({ status: 'in_progress' });
  const done = await openai.batches.retrieve(batch.id);
  expect(done).toMatchObject({
    status: 'completed',
    error_file_id: null,
    request_counts: { total: 2, completed: 2, failed: 0 },
    usage: { input_tokens: 6, output_tokens: 12, total_tokens: 18 },
  });
  const written = await text(openai.files.content(done.output_file_id ?? ''));
  expect(written).toMatchObject([
    { custom_id: 'line-0', response: { status_code: 200, body: { usage: { completion_tokens: 8 } } } },
    { custom_id: 'line-1', response: { status_code: 200, body: { usage: { completion_tokens: 4 } } } },
  ]);
  expect(await openai.batches.retrieve(batch.id)).toEqual(done);
  const billed = sandbox.received().map(({ billed_nano_usd: amount }) => amount);
  expect(billed.filter((amount) => amount > 0)).toEqual([(6 * 2_500 + 12 * 10_000) / 2]);
});

test('lines that fail are in a file of their own, and cost nothing', async () => {
  const { sandbox, openai, batch } = await begin(chat('sandbox-500'), chat('nonexistent'));
  await openai.batches.retrieve(batch.id);
  const done = await openai.batches.retrieve(batch.id);
  expect(done).toMatchObject({ output_file_id: null, request_counts: { completed: 0, failed: 2 } });
  const written = await text(openai.files.content(done.error_file_id ?? ''));
  expect(written).toMatchObject([{ response: { status_code: 500 } }, { response: { status_code: 404 } }]);
  expect(sandbox.totals().billed_nano_usd).toEqual({});
});

test('a batch that is cancelled in time does nothing', async () => {
  const { openai, batch } = await begin(chat('gpt-4o'));
  expect(await openai.batches.cancel(batch.id)).toMatchObject({ status: 'cancelling' });
  const cancelled = await openai.batches.retrieve(batch.id);
  expect(cancelled).toMatchObject({ status: 'cancelled', request_counts: { completed: 0 } });
  await expect(openai.batches.cancel(batch.id)).rejects.toThrow(/Cannot cancel/);
});

test('only a file that was uploaded for it is taken', async () => {
  const { openai, asked } = await begin(chat('gpt-4o'));
  const file = await toFile(Buffer.from(lines(chat('gpt-4o'))), 'lines.jsonl');
  const { id } = await openai.files.create({ file, purpose: 'user_data' });
  await expect(openai.batches.create({ ...asked, input_file_id: id })).rejects.toThrow(/purpose/);
});
