import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { apis } from '../../src/catalog/catalog.ts';
import { providerNamed } from '../support/broker.ts';
import { dialects } from './support/dialects.ts';
import { partsThatTell } from './support/private_parts.ts';
import { type Answer, events, json } from './support/upstream.ts';
import { call, errorOf, type ProxyWorld, startWorld } from './support/world.ts';

const allowedHeaders = new Set([
  'access-control-allow-origin',
  'access-control-expose-headers',
  'cache-control',
  'coatcheck-payer',
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'retry-after',
  'retry-after-ms',
  'transfer-encoding',
  'x-content-type-options',
  'request-id',
  'x-request-id',
  'x-should-retry',
]);

const spoken = dialects.map((dialect) => ({ mount: providerNamed(dialect.provider).mount, ...dialect }));

describe.each(spoken)('at $mount', (dialect) => {
  const api = apis.find(({ mount }) => mount === dialect.mount) ?? expect.fail();
  const { path, body, account } = dialect;
  const streamed = dialect.streamPath ? body : { ...body, stream: true };
  const streamPath = dialect.streamPath ?? path;
  let world: ProxyWorld;
  let key: string;
  beforeAll(async () => {
    world = await startWorld({ api });
    await call(world, path, { body });
    key = dialect.keyIn(world.upstream.requests.at(-1) ?? expect.fail());
    expect(key.startsWith(api.sandboxKeyPrefix)).toBe(true);
  });
  afterAll(async () => {
    await world.close();
  });

  const text = () => `Something about ${account.join(' and ')} with key ${key} happened`;

  const withHeaders = (answer: Answer): Answer => {
    return (response, request) => {
      for (const [name, value] of Object.entries(dialect.headers)) response.setHeader(name, value);
      answer(response, request);
    };
  };

  async function expectNothingTold(response: Response): Promise<string> {
    for (const name of response.headers.keys()) expect(allowedHeaders).toContain(name);
    const told = await response.text().catch((error: unknown) => inspect(error));
    const all = told + inspect([...response.headers]);
    for (const secret of [...account, key, key.slice(-8), 'anary', '987654'])
      expect(all).not.toContain(secret);
    for (const name of ['x-request-id', 'request-id']) {
      expect(response.headers.get(name) ?? world.grantId).toMatch(/^(call|grt)_[0-9a-z]{26}$/);
    }
    expect(response.headers.get('x-request-id')).toMatch(/^call_/);
    return told;
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
    it('149 stays behind: headers of a good answer', async () => {
      world.upstream.answer = withHeaders(json(200, dialect.answer));
      await expectNothingTold(await call(world, path, { body }));
      world.upstream.answer = withHeaders(events(...dialect.events));
      await expectNothingTold(await call(world, streamPath, { body: streamed }));
    });

    it.each([400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529])(
      '149 stays behind: an error with status %i',
      async (status) => {
        for (const error of [
          { message: text(), type: 'invalid_request_error', code: 'x', param: text() },
          { message: text(), type: text(), code: text(), param: null, account: text(), details: text() },
          { message: text(), type: 'x', details: { error_code: text(), url: text() } },
          text(),
        ]) {
          world.upstream.answer = withHeaders(json(status, { ...dialect.error(error), message: text() }));
          await expectNothingTold(await call(world, path, { body }));
          if (status === 401) await mendKey();
        }
        world.upstream.answer = withHeaders((response) => {
          response.writeHead(status, { 'content-type': 'text/html' });
          response.end(`<html>${text()}</html>`);
        });
        await expectNothingTold(await call(world, path, { body }));
        if (status === 401) await mendKey();
      },
    );

    it.each(dialect.brokenStreams)('149 stays behind in the middle of a stream: %s', async (_, template) => {
      const event = template
        .replace('MESSAGE', JSON.stringify({ message: text(), type: 'server_error', code: null }))
        .replace('TEXT', JSON.stringify(text()));
      world.upstream.answer = withHeaders(events(dialect.events[0] ?? '', event));
      const told = await expectNothingTold(await call(world, streamPath, { body: streamed }));
      expect(told).toContain('The provider broke off with an error');
    });

    it.each(partsThatTell)('149 stays behind in a good answer: %s', async (_, part) => {
      const told = part(text(), account[0] ?? '');
      world.upstream.answer = withHeaders(json(200, { ...dialect.answer, id: 'good-1', ...told }));
      const answer = await call(world, path, { body });
      expect(answer.status).toBe(200);
      expect(await expectNothingTold(answer)).toContain('good-1');
      const event = `data: ${JSON.stringify({ id: 'good-1', ...told })}\n\n`;
      world.upstream.answer = withHeaders(events(...dialect.events.toSpliced(1, 0, event)));
      const stream = await expectNothingTold(await call(world, streamPath, { body: streamed }));
      expect(stream).toContain('good-1');
      expect(stream).toContain(dialect.events.at(-1));
    });

    it('149 stays behind when the answer is not what the route answers', async () => {
      for (const type of ['text/html', 'application/xml', 'image/svg+xml', '']) {
        world.upstream.answer = withHeaders((response) => {
          response.writeHead(200, type ? { 'content-type': type } : {});
          response.end(text());
        });
        const response = await call(world, path, { body });
        expect(response.status).toBe(502);
        await expectNothingTold(response);
      }
    });

    it('149 stays behind when it is compressed all the same', async () => {
      world.upstream.answer = withHeaders(json(200, {}, { 'content-encoding': 'gzip' }));
      const response = await call(world, path, { body });
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

  const otherKeyHeaders = ['x-api-key', 'x-goog-api-key', 'api-key'].filter(
    (name) => !api.tokenHeaders.includes(name),
  );

  it('149 the provider gets the key and what the call needs, nothing else of the app', async () => {
    world.upstream.answer = json(200, dialect.answer);
    await call(world, `${path}?beta=true&key=canary&model=canary`, {
      body,
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
        'anthropic-beta': 'files-api-2025-04-14,mcp-client-2025-11-20',
        'anthropic-version': '1999-01-01',
        'anthropic-workspace-id': 'canary',
        'anthropic-user-profile-id': 'canary',
        'anthropic-dangerous-direct-browser-access': 'true',
        'x-goog-user-project': 'canary',
        ...Object.fromEntries(otherKeyHeaders.map((name) => [name, 'canary'])),
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
      ...dialect.keyHeaders(key),
    });
    expect(sent.target.replace(/^[^?]*/, '')).toBe(dialect.query ?? '');
    expect(sent.body).not.toContain(world.token);
  });

  describe('errors of the provider', () => {
    it('152 a refused key is not told as a refused token', async () => {
      world.upstream.answer = json(401, dialect.error({ ...dialect.refusedKey, message: text() }));
      const response = await call(world, path, { body });
      expect(response.status).toBe(403);
      expect(response.headers.get('www-authenticate')).toBeNull();
      expect(response.headers.get('x-should-retry')).toBe('false');
      expect(await errorOf(response)).toMatchObject({
        code: 'provider_key_invalid',
        type: dialect.refusedType ?? 'permission_error',
        source: 'coatcheck',
        action_url: `${world.broker.url}/keys`,
      });
      await keyIsMarked();
      const next = await call(world, path, { body });
      expect((await errorOf(next)).code).toBe('provider_key_invalid');
      await mendKey();
    });

    it('152 a rate limit keeps when to come back', async () => {
      const error = dialect.error({ ...dialect.rateLimit, message: text() });
      world.upstream.answer = json(429, error, { 'retry-after': '7', 'retry-after-ms': '7000' });
      const response = await call(world, path, { body });
      expect(response.status).toBe(429);
      expect(response.headers.get('retry-after')).toBe('7');
      expect(response.headers.get('retry-after-ms')).toBe('7000');
      expect(response.headers.get('x-should-retry')).toBeNull();
      expect((await errorOf(response)).code).toBe('provider_rate_limited');
      world.upstream.answer = json(429, error);
      expect((await call(world, path, { body })).headers.get('retry-after')).toBe('1');
    });

    it('152 an exhausted quota is not worth another attempt', async () => {
      const { status, error } = dialect.quota;
      const answer = dialect.error({ message: text(), ...error });
      world.upstream.answer = json(status, answer, { 'x-should-retry': 'true' });
      const response = await call(world, path, { body });
      expect(response.status).toBe(429);
      expect(response.headers.get('x-should-retry')).toBe('false');
      expect(await errorOf(response)).toMatchObject({
        code: 'provider_quota_exceeded',
        action_url: expect.stringContaining('https://'),
      });
    });

    it('keeps what is about the request in the provider’s words', async () => {
      const error = {
        message: `Invalid 'temperature': 9 is above 2. Ask ${account[0]}.`,
        type: 'invalid_request_error',
      };
      world.upstream.answer = json(400, dialect.error(error));
      const response = await call(world, path, { body });
      expect(response.status).toBe(400);
      const shown = api.errors.body(
        {
          ...error,
          message: "Invalid 'temperature': 9 is above 2. Ask [redacted].",
          code: null,
          param: null,
          source: 'provider',
        },
        { status: 400, requestId: response.headers.get('x-request-id') ?? '' },
      );
      expect(await response.json()).toEqual(shown);
    });
  });
});
