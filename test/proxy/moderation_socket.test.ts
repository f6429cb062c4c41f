import { afterEach, describe, expect, it } from 'vitest';
import { harm, moderating, sent } from './support/moderated.ts';
import {
  openBoth,
  openSocket,
  recordedCalls,
  refusedSocket,
  type SocketWorld,
  startSocketWorld,
} from './support/sockets.ts';
import type { Answer } from './support/upstream.ts';

let world: SocketWorld;
afterEach(async () => {
  await world.close();
});

async function start(setting: 'flag' | 'block', moderation?: Answer): Promise<void> {
  world = await startSocketWorld({
    env: { COATCHECK_MODERATION: setting },
    answer: moderating(undefined, moderation),
  });
}

const asking = (input: string) => ({ type: 'response.create', model: 'gpt-5-mini', input });
const completed = {
  type: 'response.completed',
  sequence_number: 3,
  response: { id: 'resp_1', usage: { input_tokens: 12, output_tokens: 7, total_tokens: 19 } },
};

describe('the Responses WebSocket', () => {
  it('has each response.create judged before it is sent, and goes on after one that is refused', async () => {
    await start('block');
    const { app, provider } = await openBoth(world, '/responses');
    app.send(asking(harm));
    expect(await app.next()).toMatchObject({
      type: 'error',
      status: 400,
      error: { code: 'content_flagged', source: 'coatcheck' },
    });
    app.send(asking('Good morning'));
    expect(await provider.next()).toMatchObject({ input: 'Good morning' });
    provider.send(completed);
    await app.until('response.completed');
    expect(sent(world.upstream.requests).judged).toEqual([harm, 'Good morning']);
    const calls = await recordedCalls(world, 3);
    expect(calls.map(({ outcome, flags }) => [outcome, flags])).toEqual([
      ['answered', null],
      ['not_sent', 'violence'],
      ['answered', null],
    ]);
  });

  it('puts on record what is flagged and goes on', async () => {
    await start('flag');
    const { app, provider } = await openBoth(world, '/responses');
    app.send(asking(harm));
    await provider.next();
    provider.send(completed);
    await app.until('response.completed');
    const [, call] = await recordedCalls(world, 2);
    expect(call).toMatchObject({ outcome: 'answered', flags: 'violence' });
  });

  it('sends nothing that was being judged when it closed', async () => {
    await start('flag', () => {});
    const { app, provider } = await openBoth(world, '/responses');
    const judging = world.upstream.next();
    app.send(asking('Good morning'));
    const { closed } = await judging;
    app.socket.close();
    await closed;
    const [, call] = await recordedCalls(world, 2);
    expect(call).toMatchObject({ outcome: 'not_sent', countedNanoUsd: 0 });
    expect(provider.events).toEqual([]);
  });
});

describe('a realtime session', () => {
  const sessions = ['/realtime?model=gpt-realtime-2', '/realtime?intent=transcription'];

  it.each(sessions)('is not opened where flagged calls are blocked: %s', async (path) => {
    await start('block');
    const { status, error } = await refusedSocket(world, path);
    expect(status).toBe(400);
    expect(error).toMatchObject({ code: 'content_unchecked', source: 'coatcheck' });
    expect(world.opened).toEqual([]);
    expect(await recordedCalls(world, 1)).toMatchObject([{ outcome: 'not_sent', flags: 'unchecked' }]);
  });

  it.each(sessions)('goes on unchecked where they are only flagged: %s', async (path) => {
    await start('flag');
    const app = await openSocket(world, path);
    app.socket.close();
    await app.closed;
    expect(await recordedCalls(world, 1)).toMatchObject([{ flags: 'unchecked' }]);
  });
});
