import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Answer, events, json } from './support/upstream.ts';
import { call, chat, errorOf, type ProxyWorld, startWorld } from './support/world.ts';

let world: ProxyWorld;
let key: string;
beforeAll(async () => {
  world = await startWorld();
  await call(world, '/models');
  key = (world.upstream.requests.at(-1)?.headers.authorization ?? '').replace('Bearer ', '');
  expect(key).toMatch(/^sk-sandbox-/);
});
afterAll(async () => {
  await world.close();
});

const account = [
  'org-Canary00Organization',
  'proj_Canary00Project',
  'user-Canary00User',
  'req_canary00request',
];
const cookie = '__cf_bm=canary-cookie';

const accountHeaders = () => ({
  'openai-organization': account[0] ?? '',
  'openai-project': account[1] ?? '',
  'openai-processing-ms': '12',
  'openai-version': '2020-10-01',
  'x-request-id': account[3] ?? '',
  'x-ratelimit-limit-requests': '987654',
  'set-cookie': `${cookie}; path=/`,
  'cf-ray': 'canary-ray',
  'x-openai-proxy-wasm': 'canary',
  'alt-svc': 'h3=":443"',
  server: 'canary-server',
  via: 'canary-via',
  location: 'https://canary.example/',
  'access-control-expose-headers': 'x-request-id-canary',
});

const text = () => `Something about ${account.join(' and ')} with key ${key} in ft:gpt-4o:canary::x happened`;

const allowedHeaders = new Set([
  'access-control-allow-origin',
  'access-control-expose-headers',
  'cache-control',
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'retry-after',
  'retry-after-ms',
  'transfer-encoding',
  'x-content-type-options',
  'x-request-id',
  'x-should-retry',
]);

async function expectNothingTold(response: Response): Promise<string> {
  for (const name of response.headers.keys()) expect(allowedHeaders).toContain(name);
  const body = await response.text().catch((error: unknown) => inspect(error));
  const all = body + inspect([...response.headers]);
  for (const secret of [...account, key, key.slice(-8), 'canary']) expect(all).not.toContain(secret);
  expect(response.headers.get('x-request-id')).toMatch(/^call_[0-9a-z]{26}$/);
  return body;
}

/** The provider refused the key, which is put on record a moment later. */
function keyIsMarked(): Promise<void> {
  const { credentials } = world.broker.deps.store;
  return vi.waitFor(async () => {
    expect((await credentials.findCredential(world.credentialId))?.status).toBe('invalid');
  });
}

async function mendKey(): Promise<void> {
  await keyIsMarked();
  await world.broker.deps.store.credentials.markCredential(world.credentialId, 'verified');
}

describe('what the provider says about the account', () => {
  const withHeaders = (answer: Answer): Answer => {
    return (response, request) => {
      for (const [name, value] of Object.entries(accountHeaders())) response.setHeader(name, value);
      answer(response, request);
    };
  };

  it('149 stays behind: headers of a good answer', async () => {
    world.upstream.answer = withHeaders(json(200, { object: 'chat.completion', choices: [] }));
    await expectNothingTold(await call(world, '/chat/completions', { body: chat }));
    world.upstream.answer = withHeaders(events('data: {"choices":[]}\n\n', 'data: [DONE]\n\n'));
    await expectNothingTold(await call(world, '/chat/completions', { body: { ...chat, stream: true } }));
    world.upstream.answer = withHeaders((response) => {
      response.writeHead(200, {
        'content-type': 'audio/mpeg',
        'content-disposition': 'attachment; filename=canary',
      });
      response.end('sound');
    });
    await expectNothingTold(
      await call(world, '/audio/speech', { body: { model: 'tts-1', input: 'Hi', voice: 'alloy' } }),
    );
  });

  it.each([400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529])(
    '149 stays behind: an error with status %i',
    async (status) => {
      for (const error of [
        { message: text(), type: 'invalid_request_error', code: 'x', param: text() },
        { message: text(), type: text(), code: text(), param: null, account: text() },
        text(),
      ]) {
        world.upstream.answer = withHeaders(json(status, { error, message: text() }));
        await expectNothingTold(await call(world, '/chat/completions', { body: chat }));
        if (status === 401) await mendKey();
      }
      world.upstream.answer = withHeaders((response) => {
        response.writeHead(status, { 'content-type': 'text/html' });
        response.end(`<html>${text()}</html>`);
      });
      await expectNothingTold(await call(world, '/chat/completions', { body: chat }));
      if (status === 401) await mendKey();
    },
  );

  it.each([
    ['an error as data', `data: ${'{"error":'}MESSAGE}\n\n`],
    ['an error event', 'event: error\ndata: {"type":"error","code":null,"message":TEXT,"param":null}\n\n'],
    ['an error event without a type', 'event: error\ndata: {"message":TEXT}\n\n'],
    [
      'a failed response',
      'event: response.failed\ndata: {"type":"response.failed","response":{"error":MESSAGE}}\n\n',
    ],
    ['an error written with spaces', 'data: { "error" : MESSAGE }\n\n'],
    ['an error on several lines', 'data: {"error":\ndata: MESSAGE}\n\n'],
    ['an error after a carriage return', 'data: {"error":MESSAGE}\r\r'],
    ['an error as text', 'data: {"error":TEXT}\n\n'],
  ])('149 stays behind in the middle of a stream: %s', async (_, template) => {
    const event = template
      .replace('MESSAGE', JSON.stringify({ message: text(), type: 'server_error', code: null }))
      .replace('TEXT', JSON.stringify(text()));
    for (const path of ['/chat/completions', '/responses']) {
      world.upstream.answer = withHeaders(events('data: {"choices":[]}\n\n', event));
      const body = path === '/responses' ? { model: 'gpt-5', input: 'Hi' } : chat;
      const told = await expectNothingTold(await call(world, path, { body: { ...body, stream: true } }));
      expect(told).toContain('The provider broke off with an error');
    }
  });

  it('149 stays behind in an answer that reports failure', async () => {
    world.upstream.answer = withHeaders(
      json(200, { id: 'resp_1', status: 'failed', error: { code: 'server_error', message: text() } }),
    );
    const told = await expectNothingTold(
      await call(world, '/responses', { body: { model: 'gpt-5', input: 'Hi' } }),
    );
    expect(JSON.parse(told)).toMatchObject({
      id: 'resp_1',
      status: 'failed',
      error: { code: 'server_error' },
    });
  });

  it('149 stays behind when the answer is not what the route answers', async () => {
    for (const type of ['text/html', 'application/xml', 'image/svg+xml', '']) {
      world.upstream.answer = withHeaders((response) => {
        response.writeHead(200, type ? { 'content-type': type } : {});
        response.end(text());
      });
      const response = await call(world, '/chat/completions', { body: chat });
      expect(response.status).toBe(502);
      await expectNothingTold(response);
    }
  });

  it('149 stays behind when it is compressed all the same', async () => {
    world.upstream.answer = withHeaders(json(200, {}, { 'content-encoding': 'gzip' }));
    const response = await call(world, '/chat/completions', { body: chat });
    expect(response.status).toBe(502);
    await expectNothingTold(response);
  });

  it('149 stays out of the logs', () => {
    const logs = world.broker.logs.join('');
    expect(logs).not.toContain(key);
    expect(logs).not.toContain(world.token);
    expect(logs).not.toContain('Good morning');
  });
});

describe('what goes to the provider', () => {
  it('149 is the key and what the call needs, nothing else of the app', async () => {
    world.upstream.answer = json(200, { choices: [] });
    await call(world, '/chat/completions', {
      body: chat,
      headers: {
        accept: 'application/json',
        'accept-encoding': 'gzip, br',
        cookie: 'session=canary',
        dpop: 'canary',
        forwarded: 'for=canary',
        'x-forwarded-for': 'canary',
        'x-real-ip': 'canary',
        'openai-organization': 'canary',
        'openai-project': 'canary',
        'openai-beta': 'responses_multi_agent=v1',
        'x-api-key': 'canary',
        'api-key': 'canary',
        'proxy-authorization': 'Basic canary',
        te: 'trailers',
        'x-stainless-lang': 'canary',
        'user-agent': 'canary',
        'idempotency-key': 'app-key-1',
      },
    });
    const sent = world.upstream.requests.at(-1) ?? expect.fail();
    expect(sent.headers).toEqual({
      host: new URL(world.upstream.url).host,
      connection: 'keep-alive',
      accept: 'application/json',
      'user-agent': 'coatcheck',
      'content-type': 'application/json',
      'content-length': String(sent.body.length),
      'idempotency-key': `${world.grantId}-app-key-1`,
      authorization: `Bearer ${key}`,
    });
    expect(sent.body).not.toContain(world.token);
  });

  it('names organisation and project where the deposit does', async () => {
    await world.broker.deps.store.credentials.updateCredential(
      world.credentialId,
      { organization: 'org-billing', project: 'proj_billing' },
      { kind: 'system' },
    );
    const fresh = await call(world, '/chat/completions', { body: chat });
    expect(fresh.status).toBe(200);
    // The opened key is kept for a few seconds, with where it bills to.
    world.broker.deps.vault.forget(world.grantId);
    await call(world, '/chat/completions', { body: chat });
    expect(world.upstream.requests.at(-1)?.headers).toMatchObject({
      'openai-organization': 'org-billing',
      'openai-project': 'proj_billing',
    });
  });
});

describe('errors of the provider', () => {
  it('152 a refused key is not told as a refused token', async () => {
    world.upstream.answer = json(401, { error: { message: text(), code: 'invalid_api_key' } });
    const response = await call(world, '/chat/completions', { body: chat });
    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(await errorOf(response)).toMatchObject({
      code: 'provider_key_invalid',
      source: 'coatcheck',
      action_url: `${world.broker.url}/keys`,
    });
    await keyIsMarked();
    const next = await call(world, '/chat/completions', { body: chat });
    expect((await errorOf(next)).code).toBe('provider_key_invalid');
    await mendKey();
  });

  it('152 a rate limit keeps when to come back', async () => {
    const error = { message: text(), type: 'tokens', code: 'rate_limit_exceeded' };
    world.upstream.answer = json(429, { error }, { 'retry-after': '7', 'retry-after-ms': '7000' });
    const response = await call(world, '/chat/completions', { body: chat });
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(response.headers.get('retry-after-ms')).toBe('7000');
    expect(response.headers.get('x-should-retry')).toBeNull();
    expect((await errorOf(response)).code).toBe('provider_rate_limited');
    world.upstream.answer = json(429, { error });
    expect((await call(world, '/chat/completions', { body: chat })).headers.get('retry-after')).toBe('1');
  });

  it('152 an exhausted quota is not worth another attempt', async () => {
    const error = { message: text(), type: 'insufficient_quota', code: 'insufficient_quota' };
    world.upstream.answer = json(429, { error }, { 'x-should-retry': 'true' });
    const response = await call(world, '/chat/completions', { body: chat });
    expect(response.status).toBe(429);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(await errorOf(response)).toMatchObject({
      code: 'provider_quota_exceeded',
      action_url: expect.stringContaining('https://'),
    });
  });

  it('keeps what is about the request in the provider’s words', async () => {
    const error = {
      message: "Invalid 'temperature': 9 is above 2. Ask org-Canary00Organization.",
      type: 'invalid_request_error',
      code: 'decimal_above_max_value',
      param: 'temperature',
    };
    world.upstream.answer = json(400, { error });
    const response = await call(world, '/chat/completions', { body: chat });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toEqual({
      ...error,
      message: "Invalid 'temperature': 9 is above 2. Ask [redacted].",
      source: 'provider',
    });
  });
});
