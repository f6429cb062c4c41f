import { type AddressInfo, createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { PlainReason } from '../../src/store/admission.ts';
import { KeyringError } from '../../src/vault/keyring.ts';
import { connect, providerNamed, startBroker } from '../support/broker.ts';
import { dialects } from './support/dialects.ts';
import { json } from './support/upstream.ts';
import { call, chat, errorOf, type ProxyWorld, settledCall, startWorld } from './support/world.ts';

let world: ProxyWorld;
let upstreamOf: ProxyWorld['broker']['deps']['upstreamOf'];
beforeAll(async () => {
  world = await startWorld({
    env: { COATCHECK_UPSTREAM_HEADERS_TIMEOUT: '1', COATCHECK_UPSTREAM_CONNECT_TIMEOUT: '1' },
  });
  upstreamOf = world.broker.deps.upstreamOf;
});
afterEach(() => {
  Object.assign(world.broker.deps, { upstreamOf });
});
afterAll(async () => {
  await world.close();
});

const ask = (body: unknown = chat) => call(world, '/chat/completions', { body });

describe('what the ledger refuses', () => {
  it.each<[PlainReason, number, string]>([
    ['unknown_family', 401, 'invalid_token'],
    ['key_withdrawn', 401, 'invalid_token'],
    ['grant_revoked', 401, 'grant_revoked'],
    ['grant_expired', 401, 'grant_revoked'],
    ['user_suspended', 401, 'grant_revoked'],
    ['client_suspended', 401, 'grant_revoked'],
    ['insufficient_scope', 403, 'insufficient_scope'],
    ['no_credential', 403, 'no_credential'],
    ['credential_invalid', 403, 'provider_key_invalid'],
  ])('%s is told as %i %s', async (reason, status, code) => {
    const { ledger } = world.broker.deps.store;
    const { admit } = ledger;
    ledger.admit = async (batch, settlements = []) => {
      await ledger.settle(settlements);
      return batch.map(() => ({ kind: 'refused', reason }));
    };
    const response = await ask();
    ledger.admit = admit;
    expect(response.status).toBe(status);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(response.headers.has('www-authenticate')).toBe(status === 401 || code === 'insufficient_scope');
    const error = await errorOf(response);
    expect(error).toMatchObject({ code, source: 'coatcheck', param: null });
    expect(error.action_url !== undefined).toBe(
      ['grant_revoked', 'no_credential', 'provider_key_invalid'].includes(code),
    );
    expect(world.upstream.requests).toEqual([]);
  });
});

describe('a broker that cannot decide', () => {
  it('because its store fails forwards nothing', async () => {
    const { ledger } = world.broker.deps.store;
    const { admit } = ledger;
    ledger.admit = () => Promise.reject(new Error('the disk is full of canaries'));
    const response = await ask();
    ledger.admit = admit;
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(response.headers.get('x-should-retry')).toBeNull();
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: 'broker_unavailable', source: 'coatcheck' });
    expect(error.message).not.toContain('canaries');
    expect(world.broker.logs.join('')).toContain('canaries');
    expect(world.upstream.requests).toEqual([]);
  });

  it('because the key does not open forwards nothing', async () => {
    const { vault } = world.broker.deps;
    const { open } = vault;
    Object.assign(vault, {
      open: () => Promise.reject(new KeyringError('The master key 00000000 is missing')),
    });
    const response = await ask();
    Object.assign(vault, { open });
    expect(response.status).toBe(503);
    expect((await errorOf(response)).code).toBe('broker_unavailable');
    expect((await settledCall(world)).outcome).toBe('not_sent');
    expect(world.broker.logs.join('')).toContain('The master key 00000000 is missing');
    expect(world.upstream.requests).toEqual([]);
  });

  it('because the grant ends between admission and opening its key says so', async () => {
    const { vault } = world.broker.deps;
    const { open } = vault;
    Object.assign(vault, { open: async () => null });
    const response = await ask();
    Object.assign(vault, { open });
    expect(response.status).toBe(401);
    expect((await errorOf(response)).code).toBe('grant_revoked');
    expect((await settledCall(world)).outcome).toBe('not_sent');
    expect(world.upstream.requests).toEqual([]);
  });

  it('because its own code fails says nothing of it', async () => {
    Object.assign(world.broker.deps, {
      upstreamOf: () => {
        throw new Error('canary in the code');
      },
    });
    const response = await ask();
    expect(response.status).toBe(503);
    expect(await response.text()).not.toContain('canary');
    expect((await settledCall(world)).outcome).toBe('not_sent');
  });

  it('because the sandbox is off says so', async () => {
    Object.assign(world.broker.deps, { upstreamOf: () => null });
    const response = await ask();
    expect(response.status).toBe(403);
    expect((await errorOf(response)).code).toBe('no_credential');
    expect((await settledCall(world)).outcome).toBe('not_sent');
  });
});

describe('a provider that does not answer', () => {
  it('because nobody listens is 502, and costs nothing', async () => {
    Object.assign(world.broker.deps, { upstreamOf: () => 'http://127.0.0.1:1/v1' });
    const response = await ask();
    expect(response.status).toBe(502);
    expect(await errorOf(response)).toMatchObject({ code: 'provider_error', source: 'coatcheck' });
    expect(await settledCall(world)).toMatchObject({ outcome: 'failed', status: null, costNanoUsd: 0 });
  });

  it('because connecting takes too long is 504, and costs nothing', async () => {
    const silent = createServer((socket) => socket.on('error', () => {}));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    Object.assign(world.broker.deps, { upstreamOf: () => `https://127.0.0.1:${port}/v1` });
    const response = await ask();
    expect(response.status).toBe(504);
    expect((await errorOf(response)).code).toBe('provider_timeout');
    expect(await settledCall(world)).toMatchObject({ outcome: 'failed', costNanoUsd: 0 });
    silent.close();
  });

  it('because thinking takes too long is 504, at a cost that nobody knows', async () => {
    world.upstream.answer = () => {};
    const response = await ask();
    expect(response.status).toBe(504);
    expect((await errorOf(response)).code).toBe('provider_timeout');
    expect(await settledCall(world)).toMatchObject({ outcome: 'failed', status: null, costNanoUsd: null });
  });

  it('because it breaks off before or in its answer is 502', async () => {
    for (const begin of [false, true]) {
      world.upstream.answer = (answer) => {
        if (begin) {
          answer.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
          answer.write('{"choices":');
          setTimeout(() => answer.destroy(), 20);
        } else answer.destroy();
      };
      const response = await ask();
      expect(response.status).toBe(502);
      expect((await errorOf(response)).code).toBe('provider_error');
      expect((await settledCall(world)).outcome).toBe(begin ? 'cut' : 'failed');
    }
  });

  it('with JSON where it should is 502', async () => {
    for (const body of ['{"id":', '', '<html>']) {
      world.upstream.answer = (answer) => {
        answer.writeHead(200, { 'content-type': 'application/json' });
        answer.end(body);
      };
      const response = await ask();
      expect(response.status).toBe(502);
      expect((await errorOf(response)).code).toBe('provider_error');
    }
  });

  it('with something large cut off in the middle breaks off too', async () => {
    world.upstream.answer = (answer) => {
      answer.writeHead(200, { 'content-type': 'audio/mpeg', 'content-length': '100000' });
      answer.write(Buffer.alloc(50_000));
      setTimeout(() => answer.destroy(), 20);
    };
    const response = await call(world, '/audio/speech', {
      body: { model: 'tts-1', input: 'Hi', voice: 'alloy' },
    });
    expect(response.status).toBe(200);
    await expect(response.arrayBuffer()).rejects.toThrow();
    expect((await settledCall(world)).outcome).toBe('cut');
  });

  it('before it has told what is early (103) still gets to answer', async () => {
    world.upstream.answer = (answer) => {
      answer.writeEarlyHints({ link: '</canary>; rel=preload' });
      json(200, { choices: [] })(answer, world.upstream.requests[0] ?? expect.fail());
    };
    const response = await ask();
    expect(response.status).toBe(200);
    expect(response.headers.get('link')).toBeNull();
  });
});

describe('models', () => {
  it('that name the organisation are not shown, and of the others only what is public', async () => {
    const card = {
      object: 'model',
      created: 1,
      owned_by: 'system',
      permission: [{ organization: 'org-abcdefgh' }],
    };
    const own = { ...card, id: 'gpt-acme', owned_by: 'acme-inc', parent: 'ft:x' };
    world.upstream.answer = json(200, {
      object: 'list',
      data: [
        { ...card, id: 'gpt-4o' },
        { ...card, id: 'ft:gpt-4o:acme::x' },
        { ...card, id: 'gpt:ft-acme' },
        own,
      ],
      has_more: false,
      organization: 'org-abcdefgh',
    });
    const listed = await (await call(world, '/models')).json();
    expect(listed).toEqual({
      object: 'list',
      data: [
        { id: 'gpt-4o', object: 'model', created: 1, owned_by: 'system' },
        { id: 'gpt-acme', object: 'model', created: 1, owned_by: 'user' },
      ],
    });
    world.upstream.answer = json(200, { ...card, id: 'ft:gpt-4o:acme::x' });
    const hidden = await call(world, '/models/gpt-4o');
    expect(hidden.status).toBe(404);
    expect((await errorOf(hidden)).code).toBe('not_delegable');
  });
});

describe('models of Anthropic', () => {
  it('come all at once, however the app pages, with what is public of them', async () => {
    const anthropic = await startWorld({ provider: 'anthropic' });
    const card = {
      type: 'model',
      id: 'claude-opus-5',
      display_name: 'Claude Opus 5',
      created_at: '2026-01-01T00:00:00Z',
      max_tokens: 64_000,
    };
    const told = { ...card, workspace: 'wrkspc_01Canary00Workspace' };
    anthropic.upstream.answer = json(200, {
      data: [told, null],
      has_more: true,
      last_id: 'x',
      organization: 'y',
    });
    const listed = await call(anthropic, '/v1/models?limit=1&after_id=claude-opus-5');
    expect(await listed.json()).toEqual({
      data: [card],
      has_more: false,
      first_id: 'claude-opus-5',
      last_id: 'claude-opus-5',
    });
    expect(anthropic.upstream.requests.at(-1)?.target).toBe('/anthropic/v1/models?limit=1000');
    anthropic.upstream.answer = json(200, told);
    expect(await (await call(anthropic, '/v1/models/claude-opus-5')).json()).toEqual(card);
    await anthropic.close();
  });
});

describe('keys that fail in the sandbox', () => {
  it.each([
    ['sk-ant-sandbox-no-quota-1', 429, 'provider_quota_exceeded', 'verified'],
    ['sk-ant-sandbox-rate-limited-1', 429, 'provider_rate_limited', 'verified'],
    ['sk-ant-sandbox-error-1', 502, 'provider_error', 'verified'],
    ['sk-ant-sandbox-unavailable-1', 502, 'provider_error', 'unverified'],
    ['sk-ant-sandbox-restricted-1', 403, 'provider_key_invalid', 'verified'],
    ['AIza-sandbox-no-quota-1', 429, 'provider_quota_exceeded', 'verified'],
    ['AIza-sandbox-rate-limited-1', 429, 'provider_rate_limited', 'verified'],
    ['AIza-sandbox-error-1', 502, 'provider_error', 'verified'],
    ['AIza-sandbox-unavailable-1', 502, 'provider_error', 'unverified'],
    ['AIza-sandbox-restricted-1', 403, 'provider_key_invalid', 'verified'],
    ['sk-sandbox-no-quota-1', 429, 'provider_quota_exceeded', 'verified'],
    ['sk-sandbox-rate-limited-1', 429, 'provider_rate_limited', 'verified'],
    ['sk-sandbox-error-1', 502, 'provider_error', 'verified'],
    ['sk-sandbox-unavailable-1', 502, 'provider_error', 'unverified'],
    ['sk-sandbox-restricted-1', 403, 'provider_key_invalid', 'verified'],
  ])('%s', async (key, status, code, marked) => {
    const { provider, path, body } =
      dialects.find((one) => key.startsWith(providerNamed(one.provider).sandboxKeyPrefix)) ?? expect.fail();
    const broker = await startBroker();
    const { tokens, credential } = await connect(broker, { provider, key });
    const url = broker.url + providerNamed(provider).mount;
    const response = await call({ url, token: tokens.access_token }, path, { body });
    expect(response.status).toBe(status);
    expect(await errorOf(response.clone())).toMatchObject({ code, source: 'coatcheck' });
    expect(await response.text()).not.toMatch(/org-|proj_|sk-|wrkspc_|acc0a47a|req_|AIza|gen-lang|\d{9}/);
    const settled = await settledCall({ broker });
    expect(settled).toMatchObject({ outcome: 'answered', costNanoUsd: 0, usage: null });
    // Google names none.
    if (provider !== 'gemini') expect(settled.upstreamRequestId).toMatch(/^req_/);
    expect((await broker.deps.store.credentials.findCredential(credential.id))?.status).toBe(marked);
    await broker.close();
  });
});
