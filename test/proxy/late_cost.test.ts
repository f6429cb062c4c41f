import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/lib/json.ts';
import { counterOf } from '../../src/store/budget.ts';
import type { Call } from '../../src/store/records.ts';
import { accessTo, limitGrant } from '../support/limits.ts';
import { events, json } from './support/upstream.ts';
import { call, type ProxyWorld, settledCall, startWorld } from './support/world.ts';

/** What a call comes to is put right as soon as the provider tells. */

let world: ProxyWorld;
let ids = 0;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const usage = {
  input_tokens: 100,
  input_tokens_details: { cached_tokens: 40 },
  output_tokens: 10,
  output_tokens_details: { reasoning_tokens: 0 },
};
/** gpt-4o: 2.50 USD for a million tokens that are read, half of it from the cache, and 10 for those written. */
const cost = 60 * 2_500 + 40 * 1_250 + 10 * 10_000;

const queued = { object: 'response', status: 'queued', output: [], usage: null };
const asked = { model: 'gpt-4o', input: 'Hello', store: true, background: true };
const inStream = (type: string, response: JsonObject) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, response })}\n\n`;

/** Has a response begun in the background. */
async function begin(body: JsonObject = {}, answer: JsonObject = {}): Promise<{ id: string; before: Call }> {
  ids += 1;
  const id = `resp_late_${ids}`;
  world.upstream.answer = json(200, { ...queued, id, ...answer });
  expect((await call(world, '/responses', { body: { ...asked, ...body } })).status).toBe(200);
  return { id, before: await settledCall(world) };
}

async function recordOf({ id }: Pick<Call, 'id'>): Promise<Call> {
  const calls = await world.broker.deps.store.records.listCalls({}, { before: null, limit: 20 });
  return calls.find((one) => one.id === id) ?? expect.fail();
}

/** What counts against the grant's budget. */
async function spent(): Promise<number> {
  const { grantId: holder, broker } = world;
  const own = {
    holder,
    provider: 'openai',
    unit: 'nano_usd',
    period: 'total',
    limit: 0,
    strict: false,
  } as const;
  const [counter] = await broker.deps.store.budgets.readCounters([counterOf(own, 0)]);
  return counter?.spent ?? expect.fail();
}

async function look(id: string, answer: JsonObject, path = ''): Promise<void> {
  world.upstream.answer = json(200, { ...queued, id, ...answer });
  const options = path === '' ? {} : { method: 'POST' };
  expect((await call(world, `/responses/${id}${path}`, options)).status).toBe(200);
}

describe('a response in the background', () => {
  it('counts as the most that it can cost until it has ended, and then as what it came to', async () => {
    const { id, before } = await begin();
    expect(before).toMatchObject({ costNanoUsd: null, countedNanoUsd: before.reservedNanoUsd });
    await look(id, { status: 'in_progress' });
    expect(await recordOf(before)).toEqual(before);
    await look(id, { status: 'completed', model: 'gpt-4o', usage });
    const counted = { costNanoUsd: cost, countedNanoUsd: cost };
    const corrected = await recordOf(before);
    expect(corrected).toMatchObject({ ...counted, usage: { input_tokens: 100, output_tokens: 10 } });
    expect(corrected).toMatchObject({ startedAt: before.startedAt, endedAt: before.endedAt });
    await look(id, { status: 'completed', usage: { ...usage, output_tokens: 11 } });
    expect(await recordOf(before)).toEqual(corrected);
  });

  it('tells it in a stream as well, before the app sees the end', async () => {
    const { id, before } = await begin();
    world.upstream.answer = events(
      inStream('response.created', { ...queued, id, status: 'in_progress' }),
      inStream('response.completed', { ...queued, id, status: 'completed', usage }),
    );
    const response = await call(world, `/responses/${id}?stream=true`);
    expect(await response.text()).toContain('response.completed');
    expect(await recordOf(before)).toMatchObject({ costNanoUsd: cost });
  });

  it('tells it when it is cancelled, where the provider does', async () => {
    const { id, before } = await begin();
    await look(id, { status: 'cancelled' }, '/cancel');
    expect(await recordOf(before)).toEqual(before);
    await look(id, { status: 'cancelled', usage }, '/cancel');
    expect(await recordOf(before)).toMatchObject({ costNanoUsd: cost });
  });

  it('costs what its tools do, and the most of them where nobody counts', async () => {
    const search = { tools: [{ type: 'web_search' }] };
    const counted = await begin(search);
    await look(counted.id, { status: 'completed', usage, tool_usage: { web_search: { num_requests: 2 } } });
    expect((await recordOf(counted.before)).costNanoUsd).toBe(cost + 2 * 10_000_000);
    const uncounted = await begin(search);
    await look(uncounted.id, { status: 'completed', usage });
    const { costNanoUsd, countedNanoUsd } = await recordOf(uncounted.before);
    expect(costNanoUsd).toBeNull();
    expect(countedNanoUsd).toBeGreaterThan(cost + 2 * 10_000_000);
    expect(countedNanoUsd).toBeLessThanOrEqual(uncounted.before.reservedNanoUsd);
  });

  it('stays at the most where it does not tell of a picture that a tool has drawn', async () => {
    const { id, before } = await begin({ tools: [{ type: 'image_generation', model: 'gpt-image-2' }] });
    const output = [{ type: 'image_generation_call', id: 'ig_1', status: 'completed', result: 'AAAA' }];
    await look(id, { status: 'completed', usage, output });
    expect(await recordOf(before)).toEqual(before);
    const image_gen = { input_tokens: 8, output_tokens: 90 };
    await look(id, { status: 'completed', usage, output, tool_usage: { image_gen } });
    expect((await recordOf(before)).costNanoUsd).toBe(cost + 8 * 5_000 + 90 * 30_000);
  });

  it('of which another is told is not taken for it', async () => {
    const [one, other] = [await begin(), await begin()];
    world.upstream.answer = json(200, { ...queued, id: other.id, status: 'completed', usage });
    await call(world, `/responses/${one.id}`);
    expect(await recordOf(one.before)).toEqual(one.before);
    expect(await recordOf(other.before)).toEqual(other.before);
  });

  it('is corrected once by looks at the same time', async () => {
    const budget = { limit_usd: '100.00', period: 'total' } as const;
    await limitGrant(world.broker, world.token, accessTo('openai', { budgets: [budget] }));
    const { id, before } = await begin();
    const spentBefore = await spent();
    world.upstream.answer = json(200, { ...queued, id, status: 'completed', usage });
    await Promise.all(Array.from({ length: 10 }, () => call(world, `/responses/${id}`)));
    expect(spentBefore - (await spent())).toBe(before.reservedNanoUsd - cost);
  });
});

it('a stream that its app has left is put right by a look at what became of it', async () => {
  const id = 'resp_left';
  world.upstream.answer = (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(inStream('response.created', { ...queued, id, status: 'in_progress' }));
  };
  const stop = new AbortController();
  const body = { ...asked, background: false, stream: true };
  const response = await call(world, '/responses', { body, signal: stop.signal });
  await response.body?.getReader().read();
  stop.abort();
  const before = await settledCall(world);
  expect(before).toMatchObject({ outcome: 'aborted', costNanoUsd: null });
  await look(id, { status: 'incomplete', usage });
  expect(await recordOf(before)).toMatchObject({ outcome: 'aborted', costNanoUsd: cost });
});

it('a response that told its usage at once stays as it is', async () => {
  const { id, before } = await begin({ background: false }, { status: 'completed', usage });
  expect(before.costNanoUsd).toBe(cost);
  await look(id, { status: 'completed', usage: { ...usage, output_tokens: 9_999 } });
  expect(await recordOf(before)).toEqual(before);
});

it('a batch that tells of usage counts as half of it, though no line of it was done when it was cancelled', async () => {
  const line = {
    custom_id: 'a',
    method: 'POST',
    url: '/v1/responses',
    body: { model: 'gpt-4o', input: 'Hello' },
  };
  const form = new FormData();
  form.set('purpose', 'batch');
  form.set('file', new Blob([JSON.stringify(line)]), 'calls.jsonl');
  world.upstream.answer = json(200, { object: 'file', id: 'file-late' });
  expect((await call(world, '/files', { body: form })).status).toBe(200);
  const batch = { object: 'batch', id: 'batch_late', status: 'validating' };
  world.upstream.answer = json(200, batch);
  const body = { input_file_id: 'file-late', endpoint: '/v1/responses', completion_window: '24h' };
  expect((await call(world, '/batches', { body })).status).toBe(200);
  const before = await settledCall(world);
  const cancelled = { ...batch, status: 'cancelled', request_counts: { total: 1, completed: 0, failed: 0 } };
  world.upstream.answer = json(200, { ...cancelled, usage });
  expect((await call(world, '/batches/batch_late')).status).toBe(200);
  expect(await recordOf(before)).toMatchObject({ costNanoUsd: cost / 2 });
});
