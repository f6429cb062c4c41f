import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessTo, limitGrant } from '../support/limits.ts';
import {
  openBoth,
  recordedCalls,
  refusedSocket,
  type SocketWorld,
  startSocketWorld,
} from './support/sockets.ts';

let world: SocketWorld;
beforeEach(async () => {
  world = await startSocketWorld();
});
afterEach(async () => {
  await world.close();
});

const path = '/realtime?model=gpt-realtime-2';
const transcription = '/realtime?intent=transcription';
const append = { type: 'input_audio_buffer.append', audio: 'AAAA' };

const usage = {
  total_tokens: 253,
  input_tokens: 127,
  output_tokens: 126,
  input_token_details: {
    text_tokens: 119,
    audio_tokens: 8,
    cached_tokens: 64,
    cached_tokens_details: { text_tokens: 64, audio_tokens: 0 },
  },
  output_token_details: { text_tokens: 30, audio_tokens: 96 },
};
const done = {
  type: 'response.done',
  event_id: 'event_9',
  response: { id: 'resp_1', status: 'completed', usage },
};
const transcribed = {
  type: 'conversation.item.input_audio_transcription.completed',
  event_id: 'event_8',
  item_id: 'item_1',
  transcript: 'Good morning',
  usage: { type: 'tokens', input_tokens: 20, input_token_details: { audio_tokens: 20 }, output_tokens: 4 },
};

/** What turns transcription on. */
const transcribeBy = (model: string, type = 'realtime') => ({
  type: 'session.update',
  session: { type, audio: { input: { transcription: { model } } } },
});

describe('a realtime socket', () => {
  it('has a call on record for each answer, also for one that the provider begins by itself', async () => {
    const { app, provider } = await openBoth(world, `${path}&beta=true`);
    expect(provider.request.url).toBe('/v1/realtime?model=gpt-realtime-2');
    expect(provider.request.headers['sec-websocket-protocol']).toBeUndefined();
    provider.send({ type: 'session.created', event_id: 'event_1', session: { type: 'realtime' } });
    await app.until('session.created');
    app.send({ type: 'response.create' });
    expect(await provider.next()).toEqual({ type: 'response.create' });
    provider.send({ type: 'response.created', event_id: 'event_2', response: { id: 'resp_1' } });
    provider.send(done);
    expect(await app.until('response.done')).toEqual(done);

    app.send(append);
    expect(await provider.next()).toEqual(append);
    provider.send({ type: 'input_audio_buffer.committed', event_id: 'event_3', item_id: 'item_1' });
    provider.send({ type: 'response.created', event_id: 'event_4', response: { id: 'resp_2' } });
    provider.send(done);
    await app.until('response.done');
    app.socket.close();
    const calls = await recordedCalls(world, 3);
    expect(calls.map(({ route, model, outcome }) => [route, model, outcome])).toEqual([
      ['WS /realtime', 'gpt-realtime-2', 'answered'],
      ['WS /realtime', 'gpt-realtime-2', 'answered'],
      ['WS /realtime', 'gpt-realtime-2', 'not_sent'],
    ]);
    const [first] = calls;
    expect(first?.usage).toEqual({
      input_tokens: 127,
      cache_read_tokens: 64,
      input_audio_tokens: 8,
      cache_audio_read_tokens: 0,
      output_tokens: 126,
      output_audio_tokens: 96,
    });
    // 55 × $4 + 64 × $0.40 + 8 × $32 + 30 × $24 + 96 × $64, for a million each.
    expect(first?.costNanoUsd).toBe(220_000 + 25_600 + 256_000 + 720_000 + 6_144_000);
  });

  it('counts an answer as the most that it can cost where it does not say how much of it was spoken', async () => {
    const { app, provider } = await openBoth(world, path);
    const { output_token_details: _, ...untold } = usage;
    provider.send({ ...done, response: { ...done.response, usage: untold } });
    await app.until('response.done');
    app.socket.close();
    const answered = (await recordedCalls(world, 2)).find(({ outcome }) => outcome === 'answered');
    expect(answered).toMatchObject({ costNanoUsd: null, countedNanoUsd: answered?.reservedNanoUsd });
  });

  it('is not deceived about what ends an answer by what the app has chosen', async () => {
    const { app, provider } = await openBoth(world, path);
    const { type, event_id, response } = done;
    const metadata = { type: 'response.output_text.delta' };
    provider.send({ response: { metadata, ...response }, event_id, type });
    await app.until('response.done');
    provider.send({ event_id, response: { metadata, ...response }, type });
    await app.until('response.done');
    app.socket.close();
    const calls = await recordedCalls(world, 3);
    expect(calls.filter(({ outcome }) => outcome === 'answered')).toHaveLength(2);
  });

  it('has calls of their own for what is transcribed beside', async () => {
    const { app, provider } = await openBoth(world, path);
    app.send(transcribeBy('gpt-4o-transcribe'));
    await provider.next();
    provider.send({ type: 'input_audio_buffer.committed', item_id: 'item_1' });
    provider.send(transcribed);
    provider.send(done);
    await app.until('response.done');
    app.socket.close();
    const calls = await recordedCalls(world, 4);
    expect(calls.map(({ model, outcome }) => [model, outcome])).toEqual(
      expect.arrayContaining([
        ['gpt-realtime-2', 'answered'],
        ['gpt-4o-transcribe', 'answered'],
        ['gpt-realtime-2', 'not_sent'],
        ['gpt-4o-transcribe', 'not_sent'],
      ]),
    );
    expect(
      calls.find(({ model, outcome }) => model === 'gpt-4o-transcribe' && outcome === 'answered'),
    ).toMatchObject({
      usage: { input_tokens: 20, input_audio_tokens: 20, output_tokens: 4 },
    });
  });

  it('settles an answer that its app does not wait for as aborted, once', async () => {
    const { app, provider } = await openBoth(world, path);
    app.send({ type: 'response.create' });
    await provider.next();
    provider.send({ type: 'response.created', response: { id: 'resp_1' } });
    await app.next();
    app.socket.terminate();
    await provider.closed;
    const [call] = await recordedCalls(world, 1);
    expect(call).toMatchObject({ outcome: 'aborted', costNanoUsd: null });
  });

  it.each([
    ['another type', { type: 'transcription_session.update', session: {} }, 'type'],
    ['the type of an object', { type: 'constructor' }, 'type'],
    [
      'a server',
      { type: 'session.update', session: { tools: [{ type: 'mcp', server_label: 'a' }] } },
      'session.tools[0].type',
    ],
    ['a stored prompt', { type: 'session.update', session: { prompt: { id: 'pmpt_1' } } }, 'session.prompt'],
    ['traces', { type: 'session.update', session: { tracing: 'auto' } }, 'session.tracing'],
    ['another model', { type: 'session.update', session: { model: 'gpt-realtime' } }, 'session.model'],
    [
      'another kind of session',
      { type: 'session.update', session: { type: 'transcription' } },
      'session.type',
    ],
    [
      'a voice of the account',
      { type: 'session.update', session: { audio: { output: { voice: { id: 'voice_1' } } } } },
      'session.audio.output.voice',
    ],
    ['a model of the account', transcribeBy('ft:whisper-1:acme'), 'model'],
    [
      'a server for one answer',
      { type: 'response.create', response: { tools: [{ type: 'mcp' }] } },
      'response.tools[0].type',
    ],
    [
      'a prompt for one answer',
      { type: 'response.create', response: { prompt: { id: 'pmpt_1' } } },
      'response.prompt',
    ],
    [
      'an answer beside others',
      { type: 'response.create', response: { conversation: 'none' } },
      'response.conversation',
    ],
    [
      'what approves a server',
      { type: 'conversation.item.create', item: { type: 'mcp_approval_response', approve: true } },
      'item.type',
    ],
    ['an unknown field', { type: 'input_audio_buffer.append', audio: '', surprise: 1 }, 'surprise'],
  ])('refuses %s with an event that names the frame, and goes on', async (_, frame, param) => {
    const { app, provider } = await openBoth(world, path);
    app.send({ ...frame, event_id: 'mine_1' });
    const refusal = await app.next();
    expect(refusal).toMatchObject({
      type: 'error',
      error: { param, source: 'coatcheck', event_id: 'mine_1' },
    });
    app.send(append);
    expect(await provider.next()).toEqual(append);
    expect(provider.events).toHaveLength(1);
  });

  it.each([
    {
      type: 'session.update',
      session: {
        type: 'realtime',
        model: 'gpt-realtime-2',
        tools: [{ type: 'function', name: 'f', parameters: { type: 'mcp' } }],
        audio: { input: { turn_detection: null }, output: { voice: 'marin' } },
      },
    },
    {
      type: 'response.create',
      event_id: 'mine_2',
      response: {
        conversation: 'auto',
        output_modalities: ['text'],
        input: [{ type: 'item_reference', id: 'item_1' }],
      },
    },
    { type: 'response.cancel', response_id: 'resp_1' },
    {
      type: 'conversation.item.create',
      previous_item_id: 'root',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello' }] },
    },
    {
      type: 'conversation.item.create',
      item: { type: 'function_call_output', call_id: 'call_1', output: '{}' },
    },
    { type: 'conversation.item.truncate', item_id: 'item_1', content_index: 0, audio_end_ms: 100 },
    { type: 'conversation.item.delete', item_id: 'item_1' },
    { type: 'conversation.item.retrieve', item_id: 'item_1' },
    { type: 'input_audio_buffer.commit' },
    { type: 'input_audio_buffer.clear' },
    { type: 'output_audio_buffer.clear' },
  ])('passes on $type', async (frame) => {
    const { app, provider } = await openBoth(world, path);
    app.send(frame);
    expect(await provider.next()).toEqual(frame);
  });

  it('shows nothing of the account: no limits, no secret of the session, no names in errors', async () => {
    const { app, provider } = await openBoth(world, path);
    const message = 'Rate limit reached in organization org-Canary00 of user-Canary00User.';
    provider.send({
      type: 'session.created',
      session: { type: 'realtime', client_secret: { value: 'ek_Canary00' } },
    });
    provider.send({ type: 'rate_limits.updated', rate_limits: [{ name: 'tokens', limit: 987_654 }] });
    provider.send({
      type: 'error',
      event_id: 'event_1',
      error: { type: 'tokens', code: 'rate_limit_exceeded', message, param: null, event_id: 'mine_1' },
    });
    const failed = { type: 'conversation.item.input_audio_transcription.failed', item_id: 'item_1' };
    provider.send({ ...failed, error: { type: 'server_error', code: 'x', message } });
    provider.send({
      ...done,
      response: {
        ...done.response,
        status: 'failed',
        status_details: { type: 'failed', error: { type: 'server_error', code: 'x', message } },
      },
    });
    await app.until('response.done');
    const types = ['session.created', 'error', failed.type, 'response.done'];
    expect(app.events.map(({ type }) => type)).toEqual(types);
    expect(app.events[2]).toMatchObject({ ...failed, error: { code: 'x', source: 'provider' } });
    expect(app.events[1]).toMatchObject({
      event_id: 'event_1',
      error: { code: 'rate_limit_exceeded', event_id: 'mine_1', source: 'provider' },
    });
    provider.socket.close(4000, message);
    expect(await app.closed).toEqual({ code: 1011, reason: 'provider_error' });
    expect(JSON.stringify(app.events)).not.toMatch(/Canary|987654/);
  });
});

describe('a realtime socket under limits', () => {
  const limit = (limits: Parameters<typeof accessTo>[1]) =>
    limitGrant(world.broker, world.token, accessTo('openai', limits));

  it('gives no longer answers than are allowed', async () => {
    await limit({ max_output_tokens: 300 });
    const { app, provider } = await openBoth(world, path);
    const bound = { type: 'session.update', session: { type: 'realtime', max_output_tokens: 300 } };
    expect(await provider.next()).toEqual(bound);
    app.send({ type: 'session.update', session: { type: 'realtime', max_output_tokens: 'inf' } });
    expect(await provider.next()).toEqual(bound);
    app.send({ type: 'session.update', session: { type: 'realtime', max_output_tokens: null } });
    expect(await provider.next()).toEqual(bound);
    app.send({ type: 'response.create', response: { max_output_tokens: 0 } });
    expect(await app.next()).toMatchObject({ error: { param: 'response.max_output_tokens' } });
    app.send({ type: 'response.create', response: { max_output_tokens: 301 } });
    expect(await app.next()).toMatchObject({
      error: { code: 'field_not_allowed', param: 'response.max_output_tokens' },
    });
    app.send({ type: 'response.create', response: { max_output_tokens: 300 } });
    expect(await provider.next()).toMatchObject({ type: 'response.create' });
    await limit({ max_output_tokens: 100 });
    provider.send(done);
    expect(await provider.next()).toEqual({
      ...bound,
      session: { ...bound.session, max_output_tokens: 100 },
    });
  });

  it('is closed when the next answer is not allowed any more, with a reason that names the code', async () => {
    const { app, provider } = await openBoth(world, path);
    await limit({ models: ['gpt-5-mini'] });
    provider.send(done);
    expect(await app.until('error')).toMatchObject({
      error: { code: 'model_not_allowed', source: 'coatcheck' },
    });
    expect(await app.closed).toEqual({ code: 1008, reason: 'model_not_allowed' });
    await provider.closed;
    expect(await recordedCalls(world, 1)).toMatchObject([{ outcome: 'answered' }]);
  });

  it('goes on as long as its budget has room for the next answer, one call at a time', async () => {
    await limit({
      budgets: [{ limit_usd: '10.00', period: 'day' }],
      rate: { requests_per_minute: 60, concurrent_requests: 1 },
    });
    const { app, provider } = await openBoth(world, path);
    // As long as the ledger makes an answer at least.
    expect(await provider.next()).toMatchObject({ session: { max_output_tokens: 1_024 } });
    for (let answered = 0; answered < 3; answered += 1) {
      provider.send(done);
      await app.until('response.done');
    }
    const spoken = { ...usage, output_tokens: 100_000, output_token_details: { audio_tokens: 100_000 } };
    provider.send({ ...done, response: { ...done.response, usage: spoken } });
    expect(await app.until('error')).toMatchObject({
      error: { code: 'budget_exceeded', source: 'coatcheck' },
    });
    expect(await app.closed).toEqual({ code: 1008, reason: 'budget_exceeded' });
    expect(await refusedSocket(world, path)).toMatchObject({
      status: 402,
      error: { code: 'budget_exceeded' },
    });
    const calls = await recordedCalls(world, 4);
    expect(calls.filter(({ outcome }) => outcome === 'answered')).toHaveLength(4);
  });

  it('opens only by a model that is allowed, and transcribes only by one', async () => {
    await limit({ models: ['gpt-realtime-2'] });
    expect(await refusedSocket(world, '/realtime?model=gpt-realtime')).toMatchObject({
      status: 403,
      error: { code: 'model_not_allowed' },
    });
    const { app, provider } = await openBoth(world, path);
    app.send(transcribeBy('whisper-1'));
    expect(await app.next()).toMatchObject({ type: 'error', error: { code: 'model_not_allowed' } });
    expect(provider.events).toEqual([]);
  });

  it('counts each answer, and says when to open again', async () => {
    await limit({ rate: { requests_per_minute: 1 } });
    const { app, provider } = await openBoth(world, path);
    provider.send(done);
    expect(await app.until('error')).toMatchObject({ error: { code: 'rate_limited' } });
    expect(await app.closed).toEqual({ code: 1008, reason: 'rate_limited' });
    const refused = await refusedSocket(world, path);
    expect(refused).toMatchObject({ status: 429, error: { code: 'rate_limited' } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  });
});

describe('a transcription socket', () => {
  it('takes sound once it is said which model hears it, and has a call for each transcript', async () => {
    const { app, provider } = await openBoth(world, transcription);
    expect(provider.request.url).toBe('/v1/realtime?intent=transcription');
    app.send(append);
    expect(await app.next()).toMatchObject({ type: 'error', error: { code: 'invalid_request' } });
    app.send(transcribeBy('gpt-4o-transcribe', 'transcription'));
    await provider.next();
    app.send(append);
    expect(await provider.next()).toEqual(append);
    provider.send({ type: 'input_audio_buffer.committed', item_id: 'item_1' });
    provider.send(transcribed);
    await app.until(transcribed.type);
    app.send({ ...transcribeBy('whisper-1', 'transcription'), event_id: 'mine_1' });
    await provider.next();
    provider.send({ ...transcribed, usage: { type: 'duration', seconds: 90 } });
    await app.until(transcribed.type);
    app.send({ type: 'session.update', session: { audio: { input: { transcription: null } } } });
    await provider.next();
    app.send(append);
    expect(await app.next()).toMatchObject({ type: 'error', error: { code: 'invalid_request' } });
    app.socket.close();
    const calls = await recordedCalls(world, 5);
    expect(calls.map(({ model, outcome }) => `${outcome} ${model}`).toSorted()).toEqual([
      'answered gpt-4o-transcribe',
      'answered null',
      'answered whisper-1',
      'not_sent gpt-4o-transcribe',
      'not_sent whisper-1',
    ]);
    // $0.36 an hour.
    expect(calls.map(({ costNanoUsd }) => costNanoUsd)).toContain(9_000_000);
  });

  it('takes no answers', async () => {
    const { app } = await openBoth(world, transcription);
    app.send({ type: 'response.create' });
    expect(await app.next()).toMatchObject({
      type: 'error',
      error: { code: 'field_not_allowed', param: 'type' },
    });
  });
});

describe('the query of a realtime socket', () => {
  it.each([
    ['', 400, 'invalid_request'],
    ['?model=a&model=b', 400, 'invalid_request'],
    ['?model=gpt-realtime-2&intent=transcription', 400, 'invalid_request'],
    ['?intent=conversation', 400, 'invalid_request'],
    ['?model=ft:gpt-realtime:acme::1', 400, 'invalid_request'],
    ['?call_id=rtc_1', 404, 'not_delegable'],
    ['?model=gpt-realtime-2&call_id=rtc_1', 404, 'not_delegable'],
    ['/translations?model=gpt-realtime-2', 404, 'not_delegable'],
  ])('%s opens nothing', async (query, status, code) => {
    expect(await refusedSocket(world, `/realtime${query}`)).toMatchObject({ status, error: { code } });
    expect(world.opened).toEqual([]);
  });
});
