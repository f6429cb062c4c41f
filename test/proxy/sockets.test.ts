import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { revokeGrant } from '../../src/grants/revoke.ts';
import { replaceKey } from '../../src/vault/deposit.ts';
import { startBroker } from '../support/broker.ts';
import { createDpopKey } from '../support/dpop.ts';
import { createHome } from '../support/home.ts';
import { dial } from './support/raw.ts';
import {
  openBoth,
  openSocket,
  recordedCalls,
  refusedSocket,
  type SocketWorld,
  startSocketWorld,
} from './support/sockets.ts';
import { json } from './support/upstream.ts';

let world: SocketWorld;
beforeEach(async () => {
  world = await startSocketWorld();
});
afterEach(async () => {
  await world.close();
});

const realtime = '/realtime?model=gpt-realtime-2';
const create = { type: 'response.create', model: 'gpt-5-mini', input: 'Good morning' };
const created = { type: 'response.created', response: { id: 'resp_1' } };
const system = { kind: 'system' } as const;

describe('opening a socket', () => {
  it.each([
    ['without a token', { headers: {} }, 401, 'invalid_token'],
    ['with a wrong token', { token: 'wrong' }, 401, 'invalid_token'],
    [
      'with a cookie alone, from a page of the broker itself',
      { headers: { cookie: 'session=x', origin: 'http://127.0.0.1' } },
      401,
      'invalid_token',
    ],
  ])('%s is refused in the shape of the provider', async (_, options, status, code) => {
    const refused = await refusedSocket(world, realtime, options);
    expect(refused).toMatchObject({ status, error: { code, source: 'coatcheck' } });
    expect(refused.headers['www-authenticate']).toContain('resource_metadata=');
    expect(refused.headers['x-request-id']).toMatch(/^call_/);
    expect(world.opened).toEqual([]);
  });

  it('takes the token of a page among the subprotocols, gives none of it back and passes none on', async () => {
    const subprotocols = [
      'realtime',
      `openai-insecure-api-key.${world.token}`,
      'openai-organization.org-canary',
      'openai-project.proj_canary',
    ];
    const { app, provider } = await openBoth(world, realtime, {
      headers: {
        origin: 'https://app.example.com',
        'openai-beta': 'realtime=v1',
        'openai-organization': 'org-canary',
      },
      subprotocols,
    });
    expect(app.socket.protocol).toBe('realtime');
    const { rawHeaders, headers } = provider.request;
    expect(headers.authorization).toMatch(/^Bearer sk-sandbox-/);
    expect(rawHeaders.join()).not.toMatch(/canary|example\.com|realtime=v1/);
    expect(rawHeaders.join()).not.toContain(world.token);
    const logs = world.broker.logs.join();
    expect(logs).not.toContain(world.token);
    expect(logs).not.toContain('gpt-realtime-2');
  });

  it('takes one token, not two', async () => {
    const refused = await refusedSocket(world, realtime, {
      headers: { authorization: `Bearer ${world.token}` },
      subprotocols: ['realtime', `openai-insecure-api-key.${world.token}`],
    });
    expect(refused).toMatchObject({ status: 401, error: { code: 'invalid_token' } });
  });

  it('takes a token that is bound to a key with a proof for it, once', async () => {
    const { deps } = world.broker;
    const verified = (await deps.accessTokens.verify(world.token)) ?? expect.fail();
    const key = await createDpopKey();
    const { token } = await deps.accessTokens.mint(
      { ...verified.claims, cnf: { jkt: key.thumbprint } },
      null,
    );
    const url = `${world.url}/realtime`;
    const dpop = await key.prove({ method: 'GET', url, nonce: deps.dpop.nonce(), accessToken: token });
    const headers = { authorization: `DPoP ${token}`, dpop };
    const { app, provider } = await openBoth(world, realtime, { headers });
    provider.send({ type: 'response.done', response: {} });
    await app.until('response.done');
    app.send({ type: 'input_audio_buffer.clear' });
    await provider.next();
    expect(await refusedSocket(world, realtime, { headers })).toMatchObject({ status: 401 });
    const bare = await refusedSocket(world, realtime, { headers: { authorization: `Bearer ${token}` } });
    expect(bare).toMatchObject({ status: 401, error: { code: 'invalid_token' } });
    expect(provider.request.headers).not.toHaveProperty('dpop');
  });

  it('needs the scope for live voice', async () => {
    const other = await startSocketWorld({ scopes: ['openai:text', 'openai:audio.transcribe'] });
    onTestFinished(() => other.close());
    const refused = await refusedSocket(other, realtime);
    expect(refused).toMatchObject({ status: 403, error: { code: 'insufficient_scope' } });
    expect(refused.headers['www-authenticate']).toContain('scope="openai:realtime"');
  });

  it.each([
    [401, { code: 'invalid_api_key' }, 403, 'provider_key_invalid', 'invalid'],
    [429, { code: 'insufficient_quota' }, 429, 'provider_quota_exceeded', 'verified'],
    [
      400,
      { code: 'invalid_value', message: 'No such model for org-Canary00.' },
      400,
      'invalid_value',
      'verified',
    ],
    [302, {}, 502, 'provider_error', 'verified'],
    [500, { message: 'org-Canary00' }, 502, 'provider_error', 'verified'],
  ])('answers a %i of the provider with what it means', async (status, error, told, code, keyStatus) => {
    const upstream = await startSocketWorld();
    onTestFinished(() => upstream.close());
    upstream.upstream.server.removeAllListeners('upgrade');
    upstream.upstream.answer = json(
      status,
      { error: { message: 'No.', ...error } },
      { location: 'https://a.example' },
    );
    const refused = await refusedSocket(upstream, realtime);
    expect(refused).toMatchObject({ status: told, error: { code } });
    expect(JSON.stringify(refused)).not.toContain('Canary');
    const [call] = await recordedCalls(upstream, 1);
    expect(call).toMatchObject({ status, costNanoUsd: 0 });
    const { store } = upstream.broker.deps;
    await expect
      .poll(async () => (await store.credentials.findCredential(upstream.credentialId))?.status)
      .toBe(keyStatus);
  });

  it('is no other upgrade, nor a broken handshake', async () => {
    const head = (lines: readonly string[]) =>
      [
        `GET /openai/v1/responses HTTP/1.1`,
        'host: x',
        `authorization: Bearer ${world.token}`,
        ...lines,
        '',
        '',
      ].join('\r\n');
    for (const lines of [
      ['connection: upgrade', 'upgrade: websocket', 'sec-websocket-version: 13'],
      [
        'connection: upgrade',
        'upgrade: websocket',
        'sec-websocket-version: 12',
        'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
      ],
    ]) {
      const socket = dial(world.url);
      socket.write(head(lines));
      const [answer] = (await once(socket, 'data')) as [Buffer];
      expect(answer.toString()).toMatch(/^HTTP\/1.1 400 .*"code":"invalid_request"/s);
      await once(socket, 'close');
    }
    expect(world.opened).toEqual([]);
  });

  it('leaves nothing behind when its app goes away meanwhile', async () => {
    const { server } = world.upstream;
    server.removeAllListeners('upgrade');
    const asked = once(server, 'upgrade');
    const socket = new WebSocket(world.url.replace('http', 'ws') + realtime, {
      headers: { authorization: `Bearer ${world.token}` },
    });
    socket.on('error', () => {});
    const [, upstream] = (await asked) as [unknown, Socket];
    socket.terminate();
    await once(upstream.resume(), 'end');
    upstream.destroy();
    expect(await recordedCalls(world, 1)).toMatchObject([{ outcome: 'not_sent' }]);
  });
});

describe('an open socket', () => {
  it('is cut in the middle of an answer when its grant is revoked, by whichever process', async () => {
    const home = await createHome();
    const streaming = await startSocketWorld({ home });
    const revoking = await startBroker({ home });
    onTestFinished(async () => {
      await revoking.close();
      await streaming.close();
      await home.remove();
    });
    const { app, provider } = await openBoth(streaming, realtime);
    app.send({ type: 'response.create' });
    await provider.next();
    provider.send(created);
    await app.next();
    const revokedAt = performance.now();
    await revokeGrant(revoking.deps, streaming.grantId, 'user', system);
    expect(await app.next()).toMatchObject({
      type: 'error',
      error: { code: 'grant_revoked', source: 'coatcheck' },
    });
    expect(await app.closed).toEqual({ code: 4001, reason: 'grant_revoked' });
    await provider.closed;
    expect(performance.now() - revokedAt).toBeLessThan(1_000);
    expect(await recordedCalls(streaming, 1)).toMatchObject([{ outcome: 'cut', costNanoUsd: null }]);
    expect(await refusedSocket(streaming, realtime)).toMatchObject({
      status: 401,
      error: { code: 'grant_revoked' },
    });
  });

  it('ends when the provider breaks off, and its call is cut', async () => {
    const { app, provider } = await openBoth(world, '/responses');
    app.send(create);
    await provider.next();
    provider.send(created);
    await app.next();
    provider.socket.terminate();
    expect(await app.closed).toEqual({ code: 1011, reason: 'provider_error' });
    expect((await recordedCalls(world, 2))[1]).toMatchObject({ outcome: 'cut' });
  });

  it('ends when the provider sends what is no event', async () => {
    const { app, provider } = await openBoth(world, '/responses');
    provider.send('<html>org-Canary00</html>');
    expect(await app.closed).toEqual({ code: 1011, reason: 'provider_error' });
    expect(app.events).toEqual([]);
  });

  it('takes no frame that is too large, and names the setting', async () => {
    const small = await startSocketWorld({ env: { COATCHECK_MAX_FRAME: '2048' } });
    onTestFinished(() => small.close());
    const { app, provider } = await openBoth(small, '/responses');
    app.send({ ...create, input: 'x'.repeat(2048) });
    expect(await app.next()).toMatchObject({
      type: 'error',
      error: { code: 'body_too_large', message: expect.stringContaining('COATCHECK_MAX_FRAME') },
    });
    expect(await app.closed).toEqual({ code: 1009, reason: 'body_too_large' });
    const larger = await openSocket(small, '/responses');
    larger.send({ ...create, input: 'x'.repeat(20_480) });
    expect((await larger.closed).code).toBe(1009);
    expect(provider.events).toEqual([]);
  });

  it('takes no bytes that are no text', async () => {
    const { app, provider } = await openBoth(world, '/responses');
    app.socket.send(Buffer.from(JSON.stringify(create)));
    expect(await app.next()).toMatchObject({ type: 'error', error: { code: 'invalid_request' } });
    expect(provider.events).toEqual([]);
  });

  it('reads no more from the provider than a slow app takes, and cuts it off in the end', async () => {
    const hasty = await startSocketWorld({ env: { COATCHECK_STREAM_IDLE_TIMEOUT: '1' } });
    onTestFinished(() => hasty.close());
    const { app, provider } = await openBoth(hasty, realtime);
    app.socket.pause();
    const piece = JSON.stringify({ type: 'response.output_audio.delta', delta: 'A'.repeat(256 * 1024) });
    let sent = 0;
    while (provider.socket.bufferedAmount < 8 * 1024 ** 2 && sent < 400) {
      provider.socket.send(piece);
      sent += 1;
      await sleep(1);
    }
    expect(sent).toBeLessThan(400);
    expect(provider.socket.readyState).toBe(WebSocket.OPEN);
    await provider.closed;
  });

  it('reads no more from the app than a slow provider takes', async () => {
    const { app, provider } = await openBoth(world, realtime);
    provider.socket.pause();
    const frame = { type: 'input_audio_buffer.append', audio: 'A'.repeat(256 * 1024) };
    let sent = 0;
    while (app.socket.bufferedAmount < 8 * 1024 ** 2 && sent < 400) {
      app.send(frame);
      sent += 1;
      await sleep(1);
    }
    expect(sent).toBeLessThan(400);
    provider.socket.resume();
    await expect.poll(() => provider.events.length).toBe(sent);
  });

  it('ends when nothing is said for long', async () => {
    const hasty = await startSocketWorld({ env: { COATCHECK_STREAM_IDLE_TIMEOUT: '1' } });
    onTestFinished(() => hasty.close());
    const { app, provider } = await openBoth(hasty, '/responses');
    expect(await app.closed).toMatchObject({
      code: 1000,
      reason: expect.stringContaining('COATCHECK_STREAM_IDLE_TIMEOUT'),
    });
    await provider.closed;
  });

  it('has to be opened again when its key has been replaced', async () => {
    const { app, provider } = await openBoth(world, '/responses');
    const { deps } = world.broker;
    const credential = (await deps.store.credentials.findCredential(world.credentialId)) ?? expect.fail();
    world.upstream.answer = json(200, { object: 'list', data: [] });
    expect((await replaceKey(deps, credential, 'sk-sandbox-another-4321', system)).kind).toBe('saved');
    app.send(create);
    expect(await app.next()).toMatchObject({ type: 'error', error: { code: 'broker_unavailable' } });
    expect(await app.closed).toEqual({ code: 1013, reason: 'broker_unavailable' });
    expect(provider.events).toEqual([]);
    expect((await recordedCalls(world, 2))[1]).toMatchObject({ outcome: 'not_sent' });
  });
});

describe('a broker that stops', () => {
  it('ends idle sockets at once and others when their answer is done, and opens no more', async () => {
    const { app: idle } = await openBoth(world, realtime);
    const { app, provider } = await openBoth(world, realtime);
    app.send({ type: 'response.create' });
    await provider.next();
    let isDrained = false;
    const drained = world.broker.drain().then(() => {
      isDrained = true;
    });
    expect((await idle.closed).code).toBe(1012);
    expect(await refusedSocket(world, realtime)).toMatchObject({
      status: 503,
      error: { code: 'broker_unavailable' },
    });
    expect(isDrained).toBe(false);
    provider.send({ type: 'response.done', response: { usage: { input_tokens: 1, output_tokens: 1 } } });
    await app.until('response.done');
    expect((await app.closed).code).toBe(1012);
    await drained;
    const outcomes = (await recordedCalls(world, 2)).map(({ outcome }) => outcome);
    expect(outcomes.toSorted()).toEqual(['answered', 'not_sent']);
  });
});
