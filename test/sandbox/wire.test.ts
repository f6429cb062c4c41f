import { request as httpRequest } from 'node:http';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { chat, eventData, post, sandboxForTest, testKey } from './clients.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
  return () => sandbox.close();
});

const streamed = async (more: object = {}): Promise<unknown[]> =>
  eventData(
    await (await post(sandbox, '/chat/completions', chat('gpt-4o', { stream: true, ...more }))).text(),
  );

describe('usage in a chat stream', () => {
  test('is not mentioned when not asked for', async () => {
    const events = await streamed();
    expect(events.at(-1)).toBe('[DONE]');
    for (const event of events.slice(0, -1)) {
      expect(event).not.toHaveProperty('usage');
      expect(event).toMatchObject({ object: 'chat.completion.chunk', choices: [{}] });
    }
  });

  test('is null in every chunk but one without choices, just before the end, when asked for', async () => {
    const events = await streamed({ stream_options: { include_usage: true } });
    expect(events.at(-1)).toBe('[DONE]');
    expect(events.at(-2)).toMatchObject({ choices: [], usage: { total_tokens: 11 } });
    for (const event of events.slice(0, -2)) expect(event).toHaveProperty('usage', null);
  });

  test('works the same for the older completions', async () => {
    const request = {
      model: 'davinci-002',
      prompt: 'Hi',
      stream: true,
      stream_options: { include_usage: true },
    };
    const events = eventData(await (await post(sandbox, '/completions', request)).text());
    expect(events.at(-2)).toMatchObject({ choices: [], usage: { prompt_tokens: 1 } });
    for (const event of events.slice(0, -2)) expect(event).toHaveProperty('usage', null);
  });
});

test('response events carry their type as the name of the event too', async () => {
  const response = await post(sandbox, '/responses', { model: 'gpt-5', input: 'Hi', stream: true });
  const text = await response.text();
  expect(text.startsWith('event: response.created\ndata: {"type":"response.created",')).toBe(true);
  expect(text).not.toContain('[DONE]');
});

describe('the same request', () => {
  test.each([
    ['/chat/completions', chat('gpt-4o')],
    ['/chat/completions', chat('gpt-4o', { stream: true })],
    ['/responses', { model: 'gpt-5', input: 'Hi', stream: true }],
    ['/embeddings', { model: 'text-embedding-3-small', input: 'Hi' }],
    ['/images/generations', { model: 'gpt-image-2', prompt: 'Hi' }],
    ['/audio/speech', { model: 'tts-1', voice: 'alloy', input: 'Hi' }],
  ])('gets the same bytes, also from another sandbox: POST %s', async (path, body) => {
    const other = await sandboxForTest();
    const answers = [sandbox, sandbox, other].map(async (one) => (await post(one, path, body)).bytes());
    const [first, second, third] = await Promise.all(answers);
    expect(second).toEqual(first);
    expect(third).toEqual(first);
  });

  test('keeps its id when a broker reorders keys, forces options or adds attribution', async () => {
    const direct = await (await post(sandbox, '/responses', { model: 'gpt-5', input: 'Hi' })).json();
    const brokered = { store: false, safety_identifier: 'x', user: 'y', input: 'Hi', model: 'gpt-5' };
    expect(await (await post(sandbox, '/responses', brokered)).json()).toEqual(direct);
  });

  test('is dated by the clock when there is one', async () => {
    const dated = await sandboxForTest({ now: () => 1_800_000_000_999 });
    const answer = await (await post(dated, '/chat/completions', chat('gpt-4o'))).json();
    expect(answer).toMatchObject({ created: 1_800_000_000 });
  });
});

test('every answer carries the headers by which the real provider tells on the account', async () => {
  const ok = await post(sandbox, '/chat/completions', chat('gpt-4o'));
  const failed = await post(sandbox, '/chat/completions', chat('sandbox-500'));
  for (const { headers } of [ok, failed]) {
    expect(headers.get('openai-organization')).toMatch(/^org-/);
    expect(headers.get('openai-project')).toMatch(/^proj_/);
    expect(headers.get('openai-processing-ms')).toBe('12');
    expect(headers.get('x-request-id')).toMatch(/^req_/);
    expect(headers.get('x-ratelimit-remaining-tokens')).toBeTruthy();
    expect(headers.get('set-cookie')).toMatch(/^__cf_bm=/);
    expect(headers.get('cf-ray')).toBeTruthy();
  }
});

describe('what OpenAI would refuse is refused in its shape', () => {
  test.each<[string, string, unknown, number, string | null]>([
    ['an unknown path', '/assistants', {}, 404, null],
    ['a path that climbs', '/models/../assistants', {}, 404, null],
    ['a model that does not exist', '/chat/completions', chat('nonexistent-1'), 404, 'model_not_found'],
    ['no model', '/chat/completions', { messages: [] }, 400, null],
    ['no messages', '/chat/completions', { model: 'gpt-4o' }, 400, 'missing_required_parameter'],
    ['no input', '/responses', { model: 'gpt-5' }, 400, 'missing_required_parameter'],
    ['a limit of zero', '/chat/completions', chat('gpt-4o', { max_tokens: 0 }), 400, 'invalid_value'],
    ['too many alternatives', '/chat/completions', chat('gpt-4o', { n: 129 }), 400, 'invalid_value'],
    ['broken JSON', '/chat/completions', '{"model":', 400, null],
    ['JSON that is no object', '/chat/completions', '[1]', 400, null],
    ['JSON where a form belongs', '/audio/transcriptions', { model: 'whisper-1' }, 400, null],
    ['an empty list of inputs', '/embeddings', { model: 'text-embedding-3-small', input: [] }, 400, null],
    [
      'an unknown kind of question',
      '/decisions',
      { model: 'm', input: 'Hi', questions: [{}] },
      400,
      'invalid_value',
    ],
  ])('%s', async (_what, path, body, status, code) => {
    const response = await post(sandbox, path, body);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({
      error: {
        message: expect.any(String),
        type: 'invalid_request_error',
        param: expect.toSatisfy(isText),
        code,
      },
    });
  });

  const isText = (value: unknown): boolean => value === null || typeof value === 'string';

  test('nesting so deep that the sandbox itself gives up, which it admits', async () => {
    const depth = 20_000;
    const body = `{"model":"gpt-5","input":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    expect((await post(sandbox, '/responses', body)).status).toBe(500);
  });

  test('a form that is no form', async () => {
    const response = await fetch(`${sandbox.url}/audio/transcriptions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${testKey}`, 'content-type': 'multipart/form-data' },
      body: 'nonsense',
    });
    expect(response.status).toBe(400);
  });

  test('a method that a path does not have', async () => {
    const headers = { authorization: `Bearer ${testKey}` };
    expect((await fetch(`${sandbox.url}/chat/completions`, { headers })).status).toBe(404);
    expect((await fetch(`${sandbox.url}/models/gpt-4o`, { method: 'DELETE', headers })).status).toBe(404);
  });

  test('a path is judged as it was sent, not as it could be tidied up', async () => {
    const status = await new Promise((resolve) => {
      const { hostname, port } = new URL(sandbox.url);
      const options = {
        hostname,
        port,
        path: '/v1/files/../models',
        headers: { authorization: `Bearer ${testKey}` },
      };
      httpRequest(options, (response) => resolve(response.statusCode)).end();
    });
    expect(status).toBe(404);
    expect(sandbox.received().at(-1)?.path).toBe('/v1/files/../models');
  });
});
