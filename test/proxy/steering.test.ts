import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { providers } from '../../src/catalog/catalog.ts';
import { rawRequest } from './support/raw.ts';
import { json } from './support/upstream.ts';
import { call, chat, errorOf, type ProxyWorld, startWorld } from './support/world.ts';

let world: ProxyWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  await world.close();
});

const authorized = () => [`authorization: Bearer ${world.token}`];

/** Sends a request line as it is, with a good token. */
function send(line: string, body = '') {
  const length = body ? ['content-type: application/json', `content-length: ${body.length}`] : [];
  return rawRequest(world.url, line, [...authorized(), ...length], body);
}

describe('the way upstream', () => {
  it.each([
    'GET /openai/v1/models/..%2ffiles',
    'GET /openai/v1/models/%2e%2e/files',
    'GET /openai/v1/models/../files',
    'GET /openai/v1/models/..\\files',
    'GET /openai/v1/models/.%2e/files',
    'GET /openai/v1/models/..%252ffiles',
    'GET /openai/v1//models',
    'GET //openai/v1/models',
    'GET /openai//v1/models',
    'GET /openai/v1/models/',
    'GET /openai/v1/models//gpt-4o',
    'GET /openai/v1/models%2fgpt-4o',
    'GET /openai/v1%2fmodels',
    'GET /openai/v1/models;x=1',
    'GET /openai/v1/models/%00',
    'GET /openai/v1/models/gpt-4o/../../files',
    'GET /openai/v1/files',
    'GET /openai/v1/me',
    'GET /openai/v1/dashboard/billing',
    'GET /openai/v1/organization/projects',
    'GET /openai/v1/chat/completions',
    'GET /openai/v1/responses/resp_1',
    'GET /openai/v1/models/ft:gpt-4o-mini:acme::abc',
    'DELETE /openai/v1/models/gpt-4o',
    'PUT /openai/v1/chat/completions',
    'GET /openai/v2/models',
    'GET /openai/models',
    'GET /openai',
    'GET /OpenAI/v1/models',
    'POST /openai/v1/assistants',
    'POST /openai/v1/agents',
    'POST /openai/v1/fine_tuning/jobs',
    'POST /openai/v1/realtime/client_secrets',
    'POST /openai/v1/audio/voices',
    'POST /openai/v1/evals',
    'POST /openai/v1/responses/resp_1/cancel',
  ])('150 151 leads nowhere, and only a token learns so: %s', async (line) => {
    const before = world.upstream.requests.length;
    const [method = ''] = line.split(' ');
    const withToken = await send(line, method === 'POST' ? '{}' : '');
    expect(withToken.status).toBe(404);
    expect(JSON.parse(withToken.body)).toMatchObject({
      error: { code: 'not_delegable', source: 'coatcheck' },
    });
    expect(withToken.head.toLowerCase()).toContain('x-should-retry: false');
    const without = await rawRequest(world.url, line);
    expect(without.status).toBe(401);
    expect(without.head.toLowerCase()).toContain('www-authenticate: bearer resource_metadata=');
    expect(world.upstream.requests.length).toBe(before);
  });

  it.each(providers.flatMap(({ mount, routes }) => routes.map((route) => ({ mount, ...route }))))(
    '151 no route answers without a token: $method $path',
    async ({ mount, method, path }) => {
      const target = mount + path.replace('{model}', 'gpt-4o');
      for (const other of [
        method,
        'GET',
        'POST',
        'PUT',
        'PATCH',
        'DELETE',
        'HEAD',
        'OPTIONS',
        'TRACE',
        'PROPFIND',
      ]) {
        const answer = await rawRequest(world.url, `${other} ${target}`);
        expect([other, answer.status]).toEqual([other, 401]);
      }
    },
  );

  it('150 goes to the provider, whatever host an absolute form names', async () => {
    const answer = await send('GET http://evil.example/openai/v1/models');
    expect(answer.status).toBe(200);
    expect(world.upstream.requests.at(-1)).toMatchObject({ target: '/v1/models' });
    expect((await send('GET http://evil.example/v1/files')).status).toBe(404);
    const bare = await rawRequest(world.url, 'GET http://evil.example/openai/v1/models');
    expect(bare.status).toBe(401);
    expect(bare.head).toContain(`resource_metadata="${world.broker.url}/`);
    expect(bare.head).not.toContain('evil');
  });

  it('150 is the catalog’s own path and query', async () => {
    await send('GET /openai/v1/models/gpt-4o?api-version=1&key=x&beta=true&model=o1#fragment');
    expect(world.upstream.requests.at(-1)?.target).toBe('/v1/models/gpt-4o');
  });

  it.each([
    'api_base',
    'base_url',
    'url',
    'endpoint',
    'host',
    'custom_llm_provider',
    'api_key',
    'extra_headers',
  ])('150 cannot be named in the body: %s', async (field) => {
    const response = await call(world, '/chat/completions', {
      body: { ...chat, [field]: 'http://evil.example' },
    });
    expect(response.status).toBe(403);
    expect(await errorOf(response)).toMatchObject({ code: 'field_not_allowed', param: field });
  });

  it('150 cannot be named in headers', async () => {
    const names = [
      'x-openai-host',
      'x-api-base',
      'x-forwarded-host',
      'x-portkey-custom-host',
      'x-litellm-api-base',
    ];
    const headers = Object.fromEntries(names.map((name) => [name, 'evil.example']));
    await call(world, '/chat/completions', { body: chat, headers });
    const sent = world.upstream.requests.at(-1) ?? expect.fail();
    expect(sent.rawHeaders.join('\n')).not.toContain('evil');
    expect(sent.headers.host).toBe(new URL(world.upstream.url).host);
  });

  it('150 cannot be named as a model', async () => {
    for (const model of ['http://evil.example/v1', 'gpt-4o/../files', 'gpt-4o?x', '..', 'a b', '']) {
      const response = await call(world, '/chat/completions', { body: { ...chat, model } });
      expect(await errorOf(response)).toMatchObject({ code: 'model_not_allowed', param: 'model' });
    }
  });

  it('150 follows no redirect with the key', async () => {
    const before = world.upstream.requests.length;
    for (const status of [301, 302, 303, 307, 308]) {
      world.upstream.answer = json(status, {}, { location: `${world.upstream.url}/elsewhere` });
      const response = await call(world, '/chat/completions', { body: chat });
      expect(response.status).toBe(502);
      expect(response.headers.get('location')).toBeNull();
      expect(await errorOf(response)).toMatchObject({ code: 'provider_error', source: 'coatcheck' });
    }
    expect(world.upstream.requests.length).toBe(before + 5);
    world.upstream.answer = json(200, { object: 'list', data: [] });
  });

  it('150 is not changed by a method override', async () => {
    await call(world, '/models', {
      headers: { 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE' },
    });
    const sent = world.upstream.requests.at(-1) ?? expect.fail();
    expect(sent.method).toBe('GET');
    expect(sent.rawHeaders.join('\n').toLowerCase()).not.toContain('override');
  });
});

describe('a browser', () => {
  const preflight = (path: string) =>
    fetch(world.url + path, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,x-stainless-os',
      },
    });

  it('may call from any origin, without credentials', async () => {
    for (const path of ['/chat/completions', '/nowhere']) {
      const response = await preflight(path);
      expect(response.status).toBe(204);
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(response.headers.get('access-control-allow-headers')).toBe(
        'authorization,content-type,x-stainless-os',
      );
      expect(response.headers.get('access-control-allow-credentials')).toBeNull();
    }
  });

  it('can read every answer, also a refusal', async () => {
    for (const token of [world.token, 'nonsense']) {
      const response = await call({ ...world, token }, '/models', {
        headers: { origin: 'https://app.example' },
      });
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      for (const name of ['x-request-id', 'retry-after', 'www-authenticate']) {
        expect(response.headers.get('access-control-expose-headers')).toContain(name);
      }
    }
  });

  it('is not told back header names that are none', async () => {
    const answer = await rawRequest(world.url, 'OPTIONS /openai/v1/models', [
      'origin: https://app.example',
      'access-control-request-method: GET',
      'access-control-request-headers: <script>',
    ]);
    expect(answer.status).toBe(204);
    expect(answer.head).not.toContain('script');
  });
});
