import { toFile } from 'openai';
import { describe, expect, test } from 'vitest';
import type { ReceivedRequest, Totals } from '../../src/sandbox/request_log.ts';
import { createRequestLog } from '../../src/sandbox/request_log.ts';
import { chat, clientFor, eventually, post, sandboxForTest, testKey } from './clients.ts';

test('a request is remembered by what it was, not by what it said', async () => {
  const sandbox = await sandboxForTest({ now: () => 1_800_000_000_000 });
  const secret = 'a very private question';
  const response = await post(sandbox, '/chat/completions?api-version=1', {
    model: 'gpt-4o',
    messages: [{ role: 'user', content: secret }],
    store: false,
    max_tokens: 5,
    user: 'somebody',
    stream: true,
    stream_options: { include_usage: true },
  });
  await response.text();
  const [request] = sandbox.received();
  expect(request).toMatchObject({
    number: 1,
    at: '2027-01-15T08:00:00.000Z',
    method: 'POST',
    path: '/v1/chat/completions',
    query_names: ['api-version'],
    headers: { 'content-type': 'application/json' },
    key_last4: '6789',
    key_sha256: expect.stringMatching(/^[0-9a-f]{16}$/),
    model: 'gpt-4o',
    stream: true,
    status: 200,
    outcome: 'answered',
    fields: {
      messages: { type: 'array', bytes: expect.any(Number) },
      store: false,
      max_tokens: 5,
      user: { type: 'string', bytes: 8 },
      'stream_options.include_usage': true,
    },
  });
  expect(request?.header_names).toContain('authorization');
  const everything = JSON.stringify([sandbox.received(), sandbox.totals()]);
  for (const word of [secret, 'somebody', testKey]) expect(everything).not.toContain(word);
});

test('an upload is remembered by its size and hash', async () => {
  const sandbox = await sandboxForTest();
  const file = await toFile(Buffer.from('private words'), 'private-name.wav');
  await clientFor(sandbox).audio.transcriptions.create({ model: 'whisper-1', file });
  expect(sandbox.received()[0]?.fields.file).toMatchObject({ type: 'file', bytes: 13 });
  expect(JSON.stringify(sandbox.received())).not.toContain('private');
});

async function readLog(address: URL): Promise<{ totals: Totals; requests: ReceivedRequest[] }> {
  return (await (await fetch(address)).json()) as { totals: Totals; requests: ReceivedRequest[] };
}

test('other processes on this machine can read the log, and only what is new', async () => {
  const sandbox = await sandboxForTest();
  await post(sandbox, '/chat/completions', chat('gpt-4o'));
  await post(sandbox, '/nowhere', {});
  const address = new URL('/_sandbox/requests', sandbox.url);
  const all = await readLog(address);
  expect(all.requests).toEqual(sandbox.received());
  expect(all.totals).toEqual({
    requests: 2,
    by_route: { 'POST /v1/chat/completions': 1, unknown: 1 },
    by_status: { 200: 1, 404: 1 },
    by_outcome: { answered: 2 },
    billed_nano_usd: { [all.requests[0]?.key_sha256 ?? '']: all.requests[0]?.billed_nano_usd },
  });
  address.searchParams.set('after', '1');
  const newer = await readLog(address);
  expect(newer.requests).toMatchObject([{ number: 2 }]);
});

test('each request is reported once, when it has ended', async () => {
  const reported: ReceivedRequest[] = [];
  const sandbox = await sandboxForTest({ onRequest: (request) => reported.push(request) });
  await (await post(sandbox, '/chat/completions', chat('gpt-4o'))).text();
  await (await post(sandbox, '/chat/completions', chat('sandbox-500'))).text();
  await eventually(() => reported.length === 2);
  expect(reported.map(({ status }) => status)).toEqual([200, 500]);
});

/** The value of a count once it has not changed for a while. */
async function settled(count: () => number): Promise<number> {
  for (let before = -1; ; ) {
    const now = count();
    if (now === before) return now;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

describe('when the client goes away', () => {
  test('a stream stops and is recorded as aborted', async () => {
    const sandbox = await sandboxForTest();
    const stream = await clientFor(sandbox).chat.completions.create({
      model: 'sandbox-long-1000',
      messages: [{ role: 'user', content: 'Hi' }],
      stream: true,
    });
    for await (const _ of stream) break;
    await eventually(() => sandbox.received()[0]?.outcome === 'aborted');
    const { writes } = sandbox.received()[0] ?? { writes: 0 };
    expect(writes).toBeLessThan(1000);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(sandbox.received()[0]?.writes).toBe(writes);
  });

  test('a reader that stops reading holds the stream back', async () => {
    const sandbox = await sandboxForTest();
    const leave = new AbortController();
    // Some 30 MB of numbers, more than sockets hold when nobody reads.
    const input = Array.from({ length: 512 }, (_, index) => `text ${index}`);
    const body = { model: 'text-embedding-3-large', input, encoding_format: 'float' };
    const response = await post(sandbox, '/embeddings', body, { signal: leave.signal });
    expect(response.status).toBe(200);
    const total = Math.ceil(Number(response.headers.get('content-length')) / 16_384);
    const writes = await settled(() => sandbox.received()[0]?.writes ?? 0);
    expect(writes).toBeGreaterThan(0);
    expect(writes).toBeLessThan(total);
    leave.abort();
    await eventually(() => sandbox.received()[0]?.outcome === 'aborted');
  });
});

test('the log forgets the oldest requests but counts them all', () => {
  const log = createRequestLog(3);
  for (const path of ['/1', '/2', '/3', '/4', '/5']) {
    const arrival = {
      at: new Date(0),
      method: 'GET',
      path,
      queryNames: [],
      headers: {},
      key: undefined,
      route: 'unknown',
    };
    log.close(log.open(arrival), 'answered');
  }
  expect(log.received().map(({ path }) => path)).toEqual(['/3', '/4', '/5']);
  expect(log.totals()).toMatchObject({ requests: 5, by_outcome: { answered: 5 } });
});

test('closing ends what is open and frees the port', async () => {
  const sandbox = await sandboxForTest();
  const pending = post(sandbox, '/chat/completions', chat('sandbox-hang'));
  await eventually(() => sandbox.totals().requests === 1);
  const closed = sandbox.close();
  await expect(pending).rejects.toThrow();
  await closed;
  await sandboxForTest({ port: Number(new URL(sandbox.url).port) });
});
