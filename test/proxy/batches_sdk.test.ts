import { type OpenAI, toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/lib/json.ts';
import { type Broker, connect, startBroker } from '../support/broker.ts';
import { accessTo, limitGrant } from '../support/limits.ts';
import { openaiAt } from './support/limited_app.ts';
import { settledCall } from './support/world.ts';

/** Batches by the SDK, through the broker, from the upload to what they have cost. */

let broker: Broker;
let openai: OpenAI;
let token: string;
beforeAll(async () => {
  broker = await startBroker();
  const { tokens } = await connect(broker);
  token = tokens.access_token;
  openai = openaiAt(broker, token);
});
afterAll(() => broker.close());

const messages = [{ role: 'user', content: 'Good morning' }];
const asked = { completion_window: '24h' } as const;

type Endpoint = OpenAI.BatchCreateParams['endpoint'];

async function upload(url: Endpoint, ...bodies: readonly object[]): Promise<string> {
  const lines = bodies.map((body, index) =>
    JSON.stringify({ custom_id: `${index}`, method: 'POST', url, body }),
  );
  const file = await toFile(Buffer.from(lines.join('\n')), 'lines.jsonl');
  return (await openai.files.create({ file, purpose: 'batch' })).id;
}

async function run(endpoint: Endpoint, ...bodies: readonly object[]) {
  const input_file_id = await upload(endpoint, ...bodies);
  const { id } = await openai.batches.create({ ...asked, endpoint, input_file_id });
  const begun = await settledCall({ broker });
  await openai.batches.retrieve(id);
  return { begun, ended: await openai.batches.retrieve(id) };
}

async function callWith(id: string) {
  const calls = await broker.deps.store.records.listCalls({}, { before: null, limit: 20 });
  return calls.find((call) => call.id === id) ?? expect.fail();
}

async function linesOf(file: string | null | undefined): Promise<Record<string, unknown>[]> {
  const content = await openai.files.content(file ?? '');
  const text = (await content.text()).trimEnd();
  return text.split('\n').map((line) => JSON.parse(line));
}

const billedLast = () => broker.sandbox.received().at(-1)?.billed_nano_usd;

describe('a batch', () => {
  it.each<[Endpoint, readonly JsonObject[]]>([
    [
      '/v1/chat/completions',
      [
        { model: 'gpt-4o', messages },
        { model: 'gpt-4o', messages, max_tokens: 3 },
      ],
    ],
    [
      '/v1/responses',
      [
        { model: 'gpt-5-mini', input: 'Hello' },
        { model: 'gpt-5-mini', input: 'Bye' },
      ],
    ],
    ['/v1/completions', [{ model: 'gpt-3.5-turbo-instruct', prompt: ['Once', 'Twice'] }]],
    ['/v1/embeddings', [{ model: 'text-embedding-3-small', input: ['Hello', 'Bye'] }]],
  ])('of %s is run, read, and counts as what it came to', async (endpoint, bodies) => {
    const { begun, ended } = await run(endpoint, ...bodies);
    expect(ended).toMatchObject({ status: 'completed', request_counts: { completed: bodies.length } });
    const billed = billedLast();
    expect(billed).toBeGreaterThan(0);
    const { reservedNanoUsd, model } = begun;
    expect(begun).toMatchObject({
      route: 'POST /batches',
      costNanoUsd: null,
      countedNanoUsd: reservedNanoUsd,
    });
    expect(model).toBe(bodies[0]?.model);
    expect(await callWith(begun.id)).toMatchObject({ costNanoUsd: billed, countedNanoUsd: billed });
    expect(billed).toBeLessThan(reservedNanoUsd);
    const written = await linesOf(ended.output_file_id);
    expect(written.map(({ custom_id }) => custom_id)).toEqual(bodies.map((_, index) => `${index}`));
  });

  it('of moderations is free', async () => {
    const { begun, ended } = await run('/v1/moderations', { input: 'Hello' });
    expect(begun).toMatchObject({ reservedNanoUsd: 0, countedNanoUsd: 0 });
    expect(ended.status).toBe('completed');
  });

  it('whose lines fail costs nothing, and tells why in a file', async () => {
    const { begun, ended } = await run('/v1/chat/completions', { model: 'nonexistent', messages });
    expect(await linesOf(ended.error_file_id)).toMatchObject([{ response: { status_code: 404 } }]);
    expect(await callWith(begun.id)).toMatchObject({ costNanoUsd: 0, countedNanoUsd: 0 });
  });

  it('that is cancelled costs nothing', async () => {
    const endpoint = '/v1/chat/completions';
    const input_file_id = await upload(endpoint, { model: 'gpt-4o', messages });
    const { id } = await openai.batches.create({ ...asked, endpoint, input_file_id });
    const begun = await settledCall({ broker });
    expect(await openai.batches.cancel(id)).toMatchObject({ status: 'cancelling' });
    expect(await callWith(begun.id)).toMatchObject({ costNanoUsd: null });
    expect(await openai.batches.retrieve(id)).toMatchObject({ status: 'cancelled' });
    expect(await callWith(begun.id)).toMatchObject({ costNanoUsd: 0, countedNanoUsd: 0 });
  });

  it('of long lines is priced by the longest, not by all together', async () => {
    const content = 'word '.repeat(20_000);
    const body = { model: 'gpt-5.6-sol', messages: [{ role: 'user', content }], max_completion_tokens: 1 };
    const { begun, ended } = await run('/v1/chat/completions', ...Array.from({ length: 20 }, () => body));
    expect(ended.usage?.input_tokens).toBeGreaterThan(272_000);
    expect(await callWith(begun.id)).toMatchObject({ costNanoUsd: billedLast() });
  });
});

it('can be run again from the same file, and each holds its own', async () => {
  const endpoint = '/v1/responses';
  const input_file_id = await upload(endpoint, { model: 'gpt-4o', input: 'Hello' });
  const reserved: number[] = [];
  for (let round = 0; round < 2; round += 1) {
    await openai.batches.create({ ...asked, endpoint, input_file_id, metadata: { round: `${round}` } });
    reserved.push((await settledCall({ broker })).countedNanoUsd ?? 0);
  }
  expect(reserved[0]).toBeGreaterThan(0);
  expect(reserved[1]).toBe(reserved[0]);
});

it('writes a bound on each answer into the file, as short as the user allows', async () => {
  const endpoint = '/v1/chat/completions';
  const sent = async (...bodies: readonly object[]) => {
    const lines = await linesOf(await upload(endpoint, ...bodies));
    return lines.map(({ body }) => body);
  };
  const line = { model: 'gpt-4o', messages };
  expect(await sent(line, { ...line, max_tokens: 7 })).toMatchObject([
    { max_completion_tokens: 16_384, store: false, service_tier: 'default' },
    { max_tokens: 7 },
  ]);
  await limitGrant(broker, token, accessTo('openai', { max_output_tokens: 50 }));
  expect(await sent(line)).toMatchObject([{ max_completion_tokens: 50 }]);
  await expect(upload(endpoint, line, { ...line, max_tokens: 51 })).rejects.toMatchObject({
    status: 403,
    param: 'file[2].body.max_tokens',
  });
  await limitGrant(broker, token);
});
