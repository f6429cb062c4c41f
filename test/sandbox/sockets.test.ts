import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Sandbox } from '../../src/sandbox/server.ts';
import { eventually, sandboxForTest, testKey } from './clients.ts';

type Event = Readonly<Record<string, unknown>>;

function open({ url }: Sandbox, path: string, key = testKey) {
  const socket = new WebSocket(url.replace('http', 'ws') + path, {
    headers: { authorization: `Bearer ${key}` },
  });
  const events: Event[] = [];
  socket.on('message', (data) => events.push(JSON.parse(String(data)) as Event));
  return {
    socket,
    events,
    send: (frame: Event) => socket.send(JSON.stringify(frame)),
    types: () => events.map(({ type }) => type),
  };
}

const ask = (model: string) => ({ type: 'response.create', model, input: 'Good morning' });

describe('the WebSockets of the sandbox', () => {
  test('answer each response.create with the events of a stream', async () => {
    const sandbox = await sandboxForTest();
    const { socket, send, types } = open(sandbox, '/responses');
    await once(socket, 'open');
    send(ask('gpt-5-mini'));
    send(ask('gpt-5-mini'));
    await eventually(() => types().filter((type) => type === 'response.completed').length === 2);
    socket.close();
    await eventually(() => sandbox.received()[0]?.outcome === 'answered');
    expect(sandbox.received()).toMatchObject([{ method: 'WS', path: '/v1/responses', status: 101 }]);
    expect(sandbox.totals().by_route).toEqual({ 'WS /v1/responses': 1 });
  });

  test.each([
    ['sandbox-429', { type: 'error', status: 429 }],
    ['sandbox-stream-error', { type: 'error', code: 'server_error' }],
  ])('fail on demand: %s', async (model, failure) => {
    const { socket, send, events, types } = open(await sandboxForTest(), '/responses');
    await once(socket, 'open');
    send(ask(model));
    await eventually(() => types().includes('error'));
    expect(events.at(-1)).toMatchObject(failure);
    socket.terminate();
  });

  test('break off half-way on demand', async () => {
    const { socket, send, types } = open(await sandboxForTest(), '/responses');
    await once(socket, 'open');
    send(ask('sandbox-cut'));
    const [code] = await once(socket, 'close');
    expect(code).toBe(1006);
    expect(types()).toContain('response.created');
    expect(types()).not.toContain('response.completed');
  });

  test('transcribe what is spoken, and answer it in a session of a model', async () => {
    const sandbox = await sandboxForTest();
    for (const [query, type] of [
      ['intent=transcription', 'transcription'],
      ['model=gpt-realtime-2', 'realtime'],
    ] as const) {
      const { socket, send, types } = open(sandbox, `/realtime?${query}`);
      await once(socket, 'open');
      send({
        type: 'session.update',
        session: { type, audio: { input: { transcription: { model: 'whisper-1' } } } },
      });
      send({ type: 'input_audio_buffer.append', audio: Buffer.alloc(4_800, 1).toString('base64') });
      send({ type: 'input_audio_buffer.append', audio: Buffer.alloc(4_800).toString('base64') });
      await eventually(() => types().includes('conversation.item.input_audio_transcription.completed'));
      if (type === 'realtime') await eventually(() => types().includes('response.done'));
      send({ type: 'surprise' });
      await eventually(() => types().includes('error'));
      expect(types().includes('response.created')).toBe(type === 'realtime');
      socket.terminate();
    }
  });

  test.each([
    ['/responses', 'sk-sandbox-invalid-0001', 401],
    ['/elsewhere', testKey, 404],
  ])('are not at %s for %s: %i', async (path, key, status) => {
    const { socket } = open(await sandboxForTest(), path, key);
    const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    expect(answer.statusCode).toBe(status);
    answer.resume();
  });
});
