import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../support/broker.ts';
import {
  openBoth,
  recordedCalls,
  refusedSocket,
  type SocketWorld,
  startSocketWorld,
} from './support/sockets.ts';

let world: SocketWorld;
beforeEach(async () => {
  world = await startSocketWorld({ scopes: ['openai:text', 'openai:tools.web', 'openai:state'] });
});
afterEach(async () => {
  await world.close();
});

const create = { type: 'response.create', model: 'gpt-5-mini', input: 'Good morning' };
const created = { type: 'response.created', sequence_number: 0, response: { id: 'resp_1' } };
const usage = { input_tokens: 12, output_tokens: 7, total_tokens: 19 };

/** The event that ends an answer. */
const ending = (type: string) => ({ type, sequence_number: 3, response: { id: 'resp_1', usage } });
const completed = ending('response.completed');

describe('the Responses WebSocket', () => {
  it('sends each response.create as a call of its own, with the key and without what is not lent', async () => {
    const { app, provider } = await openBoth(world, '/responses?beta=true&key=x');
    expect(provider.request.url).toBe('/v1/responses');
    expect(provider.request.headers.authorization).toMatch(/^Bearer sk-sandbox-/);
    app.send({ ...create, user: 'ada@example.com' });
    const sent = await provider.next();
    expect(sent).toMatchObject({ type: 'response.create', model: 'gpt-5-mini', store: false });
    expect(JSON.stringify(sent)).not.toContain('ada@example.com');
    provider.send(created);
    provider.send(completed);
    expect(await app.until('response.completed')).toEqual(completed);

    app.send(create);
    await provider.next();
    provider.send(completed);
    await app.until('response.completed');
    const calls = await recordedCalls(world, 3);
    expect(calls.map(({ route, model, status, outcome }) => [route, model, status, outcome])).toEqual([
      ['WS /responses', null, 101, 'answered'],
      ['WS /responses', 'gpt-5-mini', 200, 'answered'],
      ['WS /responses', 'gpt-5-mini', 200, 'answered'],
    ]);
    expect(calls[0]?.costNanoUsd).toBe(0);
    expect(calls[1]).toMatchObject({ usage: { input_tokens: 12, output_tokens: 7 } });
    expect(calls[1]?.costNanoUsd).toBeGreaterThan(0);
  });

  it.each(['response.completed', 'response.incomplete', 'response.failed'])(
    'settles a call by the usage of %s',
    async (type) => {
      const { app, provider } = await openBoth(world, '/responses');
      app.send(create);
      await provider.next();
      provider.send(created);
      provider.send(ending(type));
      await app.until(type);
      const [, call] = await recordedCalls(world, 2);
      expect(call).toMatchObject({ outcome: 'answered', usage: { input_tokens: 12, output_tokens: 7 } });
    },
  );

  it.each([
    ['a frame of another type', { ...create, type: 'response.steer' }, 'field_not_allowed', 'type'],
    ['what goes on without its caller', { ...create, background: true }, 'field_not_allowed', 'background'],
    ['a stored prompt', { ...create, prompt: { id: 'pmpt_1' } }, 'field_not_allowed', 'prompt'],
    ['a stream beside others', { ...create, stream_id: 's1' }, 'field_not_allowed', 'stream_id'],
    ['what is only prepared', { ...create, generate: false }, 'field_not_allowed', 'generate'],
    ['an unknown field', { ...create, surprise: 1 }, 'field_not_allowed', 'surprise'],
    [
      'a tool inside the input',
      {
        ...create,
        input: [{ type: 'additional_tools', tools: [{ type: 'programmatic_tool_calling' }] }],
      },
      'field_not_allowed',
      'input[0].tools[0].type',
    ],
    [
      'a tool of the provider without its scope',
      { ...create, tools: [{ type: 'code_interpreter' }] },
      'insufficient_scope',
      null,
    ],
    ['a model of the account', { ...create, model: 'ft:gpt-4o:acme::1' }, 'model_not_allowed', 'model'],
    ['what is no object', '[]', 'invalid_request', null],
    ['what is no JSON', '{"type":', 'invalid_request', null],
  ])('refuses %s with an event, and goes on', async (_, frame, code, param) => {
    const { app, provider } = await openBoth(world, '/responses');
    app.send(frame);
    expect(await app.next()).toMatchObject({
      type: 'error',
      status: code === 'invalid_request' ? 400 : 403,
      error: { code, param, source: 'coatcheck' },
    });
    app.send(create);
    expect(await provider.next()).toMatchObject({ type: 'response.create' });
    expect(provider.events).toHaveLength(1);
  });

  it('keeps what an app has had kept for that app, and has it continued on any socket of it', async () => {
    const { app, provider } = await openBoth(world, '/responses');
    app.send({ ...create, previous_response_id: 'resp_1' });
    const refused = {
      type: 'error',
      status: 404,
      error: { code: 'not_delegable', param: 'previous_response_id' },
    };
    expect(await app.next()).toMatchObject(refused);
    app.send({ ...create, store: true });
    expect(await provider.next()).toMatchObject({ store: true });
    provider.send(created);
    expect(await app.next()).toEqual(created);
    app.send({ type: 'response.create', model: 'm', input: [] });
    expect(await app.next()).toMatchObject({ error: { code: 'invalid_request' } });
    const added = { type: 'response.output_item.added', item: { id: 'msg_1' } };
    provider.send(added);
    expect(await app.next()).toEqual(added);
    provider.send(completed);
    expect(await app.next()).toEqual(completed);

    const again = await openBoth(world, '/responses');
    again.app.send({ ...create, previous_response_id: 'resp_1', input: [{ id: 'msg_1' }] });
    expect(await again.provider.next()).toMatchObject({ previous_response_id: 'resp_1' });
    again.provider.send(ending('response.failed'));
    await again.app.until('response.failed');
    again.app.send({ ...create, previous_response_id: 'resp_2' });
    expect(await again.app.next()).toMatchObject(refused);
  });

  it('shows no id that is another grant’s', async () => {
    const { broker, credentialId } = world;
    const { tokens } = await connect(broker);
    const origin = { provider: 'openai', grantId: tokens.grant_id, credentialId, callId: 'call_x' };
    await broker.deps.store.objects.recordObjects(origin, [{ kind: 'response', id: 'resp_1' }]);
    const { app, provider } = await openBoth(world, '/responses');
    app.send({ ...create, store: true });
    await provider.next();
    provider.send(created);
    expect(await app.next()).toMatchObject({ type: 'error', error: { code: 'broker_unavailable' } });
    await app.closed;
    expect(JSON.stringify(app.events)).not.toContain('resp_1');
  });

  it('sends a tool of the provider with its scope, bounded as in any other call', async () => {
    const { app, provider } = await openBoth(world, '/responses');
    app.send({ ...create, tools: [{ type: 'web_search' }] });
    expect(await provider.next()).toMatchObject({ tools: [{ type: 'web_search' }], max_tool_calls: 10 });
  });

  it('takes one response at a time', async () => {
    const { app, provider } = await openBoth(world, '/responses');
    app.send(create);
    app.send(create);
    expect(await app.next()).toMatchObject({ type: 'error', error: { code: 'invalid_request' } });
    provider.send(completed);
    await app.until('response.completed');
    app.send(create);
    await expect.poll(() => provider.events).toHaveLength(2);
  });

  it('takes a refusal of the provider for a call that cost nothing, and an error half-way for one that was cut', async () => {
    const { app, provider } = await openBoth(world, '/responses');
    const refusal = {
      type: 'error',
      status: 429,
      error: { code: 'rate_limit_exceeded', message: 'of org-Canary00' },
    };
    app.send(create);
    await provider.next();
    provider.send(refusal);
    expect(await app.next()).toMatchObject({
      status: 429,
      error: { code: 'rate_limit_exceeded', source: 'provider' },
    });
    app.send(create);
    await provider.next();
    provider.send(created);
    provider.send({ ...refusal, status: 500 });
    await app.until('error');
    expect(JSON.stringify(app.events)).not.toContain('Canary');
    const [, refused, cut] = await recordedCalls(world, 3);
    expect(refused).toMatchObject({ status: 429, outcome: 'answered', costNanoUsd: 0 });
    expect(cut).toMatchObject({ outcome: 'cut' });
  });

  it('needs its scope, and a grant that still stands for each call', async () => {
    const other = await startSocketWorld({ scopes: ['openai:embeddings'] });
    expect(await refusedSocket(other, '/responses')).toMatchObject({
      status: 403,
      error: { code: 'insufficient_scope' },
    });
    expect(other.opened).toEqual([]);
    await other.close();
  });
});
