import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { specialModels } from '../../src/sandbox/faults.ts';
import { chat, clientFor, collect, eventData, eventually, post, sandboxForTest } from './clients.ts';

const chatRoute = '/chat/completions';
const streaming = (model: string): object => chat(model, { stream: true });

test('every special model is on the list of models', async () => {
  const models = await collect(clientFor(await sandboxForTest()).models.list());
  expect(models.map(({ id }) => id)).toEqual(expect.arrayContaining(specialModels.map(({ name }) => name)));
});

test('sandbox-500 and sandbox-429 fail', async () => {
  const sandbox = await sandboxForTest();
  expect((await post(sandbox, chatRoute, chat('sandbox-500'))).status).toBe(500);
  const limited = await post(sandbox, chatRoute, chat('sandbox-429'));
  expect(limited.status).toBe(429);
  expect(limited.headers.get('retry-after')).toBe('2');
});

test('sandbox-slow-MS sends its first byte after that time', async () => {
  const sandbox = await sandboxForTest();
  const start = performance.now();
  const response = await post(sandbox, chatRoute, streaming('sandbox-slow-150'));
  expect(performance.now() - start).toBeGreaterThan(140);
  expect(eventData(await response.text()).at(-1)).toBe('[DONE]');
});

describe('sandbox-cut', () => {
  test('destroys the connection in the middle of a stream', async () => {
    const sandbox = await sandboxForTest();
    const stream = await clientFor(sandbox).chat.completions.create({
      model: 'sandbox-cut',
      messages: [{ role: 'user', content: 'Hello there' }],
      stream: true,
    });
    const seen: unknown[] = [];
    await expect(async () => {
      for await (const chunk of stream) seen.push(chunk);
    }).rejects.toThrow();
    expect(seen.length).toBeGreaterThan(1);
    await eventually(() => sandbox.received()[0]?.outcome === 'cut');
  });

  test('destroys the connection in the middle of a JSON answer', async () => {
    const sandbox = await sandboxForTest();
    const response = await post(sandbox, chatRoute, chat('sandbox-cut'));
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });
});

test('sandbox-stall goes silent half-way, until the client leaves', async () => {
  const sandbox = await sandboxForTest();
  const leave = new AbortController();
  const response = await post(sandbox, chatRoute, streaming('sandbox-stall'), { signal: leave.signal });
  const reader = response.body?.getReader();
  expect((await reader?.read())?.done).toBe(false);
  await eventually(() => (sandbox.received()[0]?.writes ?? 0) > 2);
  expect(sandbox.received()[0]?.outcome).toBe('open');
  leave.abort();
  await eventually(() => sandbox.received()[0]?.outcome === 'aborted');
});

test('sandbox-hang sends nothing, but is on record at once', async () => {
  const sandbox = await sandboxForTest();
  const leave = new AbortController();
  const pending = post(sandbox, chatRoute, chat('sandbox-hang'), { signal: leave.signal });
  await eventually(() => sandbox.received()[0]?.model === 'sandbox-hang');
  expect(sandbox.totals().requests).toBe(1);
  leave.abort();
  await expect(pending).rejects.toThrow();
  await eventually(() => sandbox.received()[0]?.outcome === 'aborted');
  expect(sandbox.received()[0]?.status).toBeNull();
});

describe('sandbox-stream-error', () => {
  test('ends a chat stream in an error that names an organization', async () => {
    const response = await post(await sandboxForTest(), chatRoute, streaming('sandbox-stream-error'));
    const events = eventData(await response.text());
    expect(events[0]).toMatchObject({ object: 'chat.completion.chunk' });
    expect(events.at(-1)).toMatchObject({ error: { message: expect.stringContaining('org-') } });
  });

  test('ends a response stream in a numbered error event', async () => {
    const request = { model: 'sandbox-stream-error', input: 'Hi', stream: true } as const;
    const sandbox = await sandboxForTest();
    const events = eventData(await (await post(sandbox, '/responses', request)).text());
    expect(events.at(-1)).toMatchObject({
      type: 'error',
      sequence_number: events.length - 1,
      code: 'server_error',
    });
    const stream = await clientFor(sandbox).responses.create(request);
    await expect(collect(stream)).rejects.toBeInstanceOf(OpenAI.APIError);
  });

  test('is a plain 500 without a stream', async () => {
    const response = await post(await sandboxForTest(), chatRoute, chat('sandbox-stream-error'));
    expect(response.status).toBe(500);
  });
});

test('sandbox-redirect points to another host', async () => {
  const response = await post(await sandboxForTest(), chatRoute, chat('sandbox-redirect'));
  expect(response.status).toBe(302);
  expect(new URL(response.headers.get('location') ?? '').hostname).toBe('elsewhere.sandbox.invalid');
});

test('sandbox-garbage answers 200 with what is neither JSON nor events', async () => {
  const sandbox = await sandboxForTest();
  const json = await post(sandbox, chatRoute, chat('sandbox-garbage'));
  expect(json.status).toBe(200);
  await expect(json.json()).rejects.toThrow();
  const stream = await post(sandbox, chatRoute, streaming('sandbox-garbage'));
  expect(stream.headers.get('content-type')).toMatch('text/event-stream');
  const text = await stream.text();
  expect(() => eventData(text)).toThrow();
});

test('sandbox-long-N streams N tokens, some 20 ms apart', async () => {
  const start = performance.now();
  const response = await post(await sandboxForTest(), chatRoute, streaming('sandbox-long-5'));
  const events = eventData(await response.text());
  expect(performance.now() - start).toBeGreaterThan(80);
  // The role, five tokens, the reason to stop, [DONE].
  expect(events).toHaveLength(8);
});

test('sandbox-no-usage never reports any', async () => {
  const sandbox = await sandboxForTest();
  const model = 'sandbox-no-usage';
  const asked = { stream: true, stream_options: { include_usage: true } };
  const requests: [string, object][] = [
    [chatRoute, chat(model)],
    [chatRoute, chat(model, asked)],
    ['/responses', { model, input: 'Hi' }],
    ['/responses', { model, input: 'Hi', stream: true }],
    ['/embeddings', { model, input: 'Hi' }],
    ['/images/generations', { model, prompt: 'Hi' }],
  ];
  for (const [path, body] of requests) {
    const response = await post(sandbox, path, body);
    expect(response.status).toBe(200);
    expect(await response.text()).not.toMatch(/"usage":\{|total_tokens/);
  }
});

test('faults work on every route that names a model', async () => {
  const sandbox = await sandboxForTest();
  const requests: [string, object][] = [
    ['/completions', { prompt: 'Hi' }],
    ['/responses', { input: 'Hi' }],
    ['/embeddings', { input: 'Hi' }],
    ['/moderations', { input: 'Hi' }],
    ['/images/generations', { prompt: 'Hi' }],
    ['/audio/speech', { input: 'Hi', voice: 'alloy' }],
  ];
  for (const [path, body] of requests) {
    expect((await post(sandbox, path, { ...body, model: 'sandbox-500' })).status).toBe(500);
  }
});
