import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { connect } from '../support/broker.ts';
import { events, json } from './support/upstream.ts';
import { call, errorOf, type ProxyWorld, settledCall, startWorld } from './support/world.ts';

/** An app sees no id that is not on record for its grant by then. */

let world: ProxyWorld;
let ids = 0;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  await world.close();
});

/** An id that the provider has given out for another grant. */
async function ofAnother(): Promise<string> {
  const { broker, credentialId } = world;
  const { tokens } = await connect(broker);
  const origin = { provider: 'openai', grantId: tokens.grant_id, credentialId, callId: 'call_x' };
  const id = newId();
  await broker.deps.store.objects.recordObjects(origin, [{ kind: 'response', id }]);
  return id;
}

function newId(): string {
  ids += 1;
  return `resp_of_this_test_${ids}`;
}

const answer = (id: string) => json(200, { id, object: 'response', status: 'completed', output: [] });
const stream = (id: string) =>
  events(
    `event: response.created\ndata: {"type":"response.created","response":{"id":"${id}","output":[]}}\n\n`,
    `event: response.completed\ndata: {"type":"response.completed","response":{"id":"${id}","output":[]}}\n\n`,
  );
const kept = { model: 'gpt-5', input: 'Hello', store: true };
it('an answer with the id of another grant is not handed on', async () => {
  const foreign = await ofAnother();
  world.upstream.answer = answer(foreign);
  const response = await call(world, '/responses', { body: kept });
  expect(response.status).toBe(503);
  expect(await errorOf(response)).toMatchObject({ code: 'broker_unavailable' });
  expect(await settledCall(world)).toMatchObject({ outcome: 'cut', costNanoUsd: null });
});

it('a stream breaks off ahead of the id of another grant', async () => {
  world.upstream.answer = stream(await ofAnother());
  const response = await call(world, '/responses', { body: { ...kept, stream: true } });
  await expect(response.text()).rejects.toThrow();
});

it.each(['/responses/{}/input_items', '/conversations/{}/items'])(
  'an id that an app has put in itself names nothing else, though %s lists it',
  async (path) => {
    const { objects } = world.broker.deps.store;
    const id = newId();
    const origin = {
      provider: 'openai',
      grantId: world.grantId,
      credentialId: world.credentialId,
      callId: 'c',
    };
    await objects.recordObjects(origin, [
      { kind: 'response', id },
      { kind: 'conversation', id },
    ]);
    const foreign = `msg_of_the_user_${ids}`;
    world.upstream.answer = json(200, { object: 'list', data: [{ type: 'message', id: foreign }] });
    expect((await call(world, path.replace('{}', id))).status).toBe(200);
    const input = [{ type: 'item_reference', id: foreign }];
    const response = await call(world, '/responses', { body: { model: 'gpt-5', input } });
    expect(response.status).toBe(404);
  },
);

it('an app that keeps nothing gets its answer, whatever its id', async () => {
  const foreign = await ofAnother();
  world.upstream.answer = answer(foreign);
  const response = await call(world, '/responses', { body: { ...kept, store: false } });
  expect(await response.json()).toMatchObject({ id: foreign });
});

it.each(['an answer', 'a stream'])('%s waits for the record', async (kind) => {
  const id = newId();
  world.upstream.answer = kind === 'a stream' ? stream(id) : answer(id);
  const { objects } = world.broker.deps.store;
  const original = objects.recordObjects;
  const recording = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  vi.spyOn(objects, 'recordObjects').mockImplementationOnce(async (...values) => {
    asked.resolve();
    await recording.promise;
    return original(...values);
  });
  let seen = '';
  const body = { ...kept, stream: kind === 'a stream' };
  const reading = call(world, '/responses', { body }).then(async (response) => {
    for await (const chunk of response.body ?? []) seen += Buffer.from(chunk).toString();
  });
  await asked.promise;
  // Time enough for what does not wait.
  await fetch(`${world.broker.url}/healthz`);
  expect(seen).toBe('');
  recording.resolve();
  await reading;
  expect(seen).toContain(id);
  const owned = [{ kind: 'response', id }];
  expect(await objects.findUnowned(world.grantId, 'openai', owned)).toBeNull();
});

it('what is split over many chunks is on record before its end is sent', async () => {
  const id = newId();
  const item = `msg_${ids}`;
  const text = [
    `event: response.created\r\ndata: {"type":"response.created",\r\ndata: "response":{ "id" : "${id}" }}\r\n\r\n`,
    `event: response.output_item.added\ndata: {"item":{"id":"${item}"}}\n\n`,
    `event: response.completed\ndata: {"response":{"id":"${id}","output":[{"id":"${item}"},{"id":"${item}b"}]}}\n\n`,
  ].join('');
  world.upstream.answer = async (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let at = 0; at < text.length; at += 7) {
      response.write(text.slice(at, at + 7));
      await new Promise((resolve) => setImmediate(resolve));
    }
    response.end();
  };
  const response = await call(world, '/responses', { body: { ...kept, stream: true } });
  expect(await response.text()).toBe(text);
  const owned = [
    { kind: 'response', id },
    { kind: 'item', id: item },
    { kind: 'item', id: `${item}b` },
  ];
  const { objects } = world.broker.deps.store;
  expect(await objects.findUnowned(world.grantId, 'openai', owned)).toBeNull();
});

it('what could not be deleted stays on record', async () => {
  const id = newId();
  world.upstream.answer = answer(id);
  await call(world, '/responses', { body: kept });
  world.upstream.answer = json(500, { error: { message: 'no' } });
  expect((await call(world, `/responses/${id}`, { method: 'DELETE' })).status).toBe(502);
  world.upstream.answer = json(200, { id, deleted: true });
  expect((await call(world, `/responses/${id}`, { method: 'DELETE' })).status).toBe(200);
  expect((await call(world, `/responses/${id}`, { method: 'DELETE' })).status).toBe(404);
});

it.each([
  [204, {}],
  [200, { 'content-length': '0' }],
])(
  'a deletion that is answered with %i and nothing else is one, and nothing else is an answer',
  async (status, headers) => {
    const id = newId();
    const container = { kind: 'container', id };
    const { objects } = world.broker.deps.store;
    const origin = {
      provider: 'openai',
      grantId: world.grantId,
      credentialId: world.credentialId,
      callId: 'call_x',
    };
    await objects.recordObjects(origin, [container]);
    world.upstream.answer = (response) => response.writeHead(status, headers).end();
    expect((await call(world, `/containers/${id}`)).status).toBe(502);
    const deleted = await call(world, `/containers/${id}`, { method: 'DELETE' });
    expect([deleted.status, await deleted.text()]).toEqual([status, '']);
    expect(await settledCall(world)).toMatchObject({ outcome: 'answered' });
    expect(await objects.findUnowned(world.grantId, 'openai', [container])).toEqual(container);
  },
);
