import { type OpenAI, toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, connect, startBroker } from '../support/broker.ts';
import { openaiAt, refusalOf } from './support/limited_app.ts';
import { settledCall } from './support/world.ts';

/** Whole lives of what OpenAI keeps, by the SDK, through the broker. */

let broker: Broker;
let openai: OpenAI;
beforeAll(async () => {
  broker = await startBroker();
  openai = openaiAt(broker, (await connect(broker)).tokens.access_token);
});
afterAll(async () => {
  await broker.close();
});

const model = 'gpt-5';
const gone = { status: 404, code: 'not_delegable' };

describe('responses', () => {
  it('are kept, retrieved, listed, continued and deleted', async () => {
    const first = await openai.responses.create({ model, input: 'Good morning', store: true });
    expect(await openai.responses.retrieve(first.id)).toMatchObject({ id: first.id, output: first.output });
    const items = await Array.fromAsync(openai.responses.inputItems.list(first.id));
    expect(items).toMatchObject([{ type: 'message', content: 'Good morning' }]);
    const next = await openai.responses.create({
      model,
      input: 'And then?',
      previous_response_id: first.id,
      store: true,
    });
    expect(next.previous_response_id).toBe(first.id);
    await openai.responses.delete(first.id);
    expect(await refusalOf(openai.responses.retrieve(first.id))).toMatchObject(gone);
    expect(await openai.responses.retrieve(next.id)).toMatchObject({ id: next.id });
  });

  it('are known from their first event on when they come as a stream', async () => {
    const stream = await openai.responses.create({ model, input: 'Good morning', store: true, stream: true });
    let looked = 0;
    for await (const event of stream) {
      if (event.type === 'response.created') {
        expect((await openai.responses.retrieve(event.response.id)).id).toBe(event.response.id);
        looked += 1;
      }
      if (event.type === 'response.output_item.added') {
        const input = [{ type: 'item_reference' as const, id: event.item.id ?? '' }];
        expect((await openai.responses.create({ model, input })).status).toBe('completed');
        looked += 1;
      }
    }
    expect(looked).toBe(2);
  });

  it('go on in the background, and are asked for later', async () => {
    const begun = await openai.responses.create({ model, input: 'Hello', store: true, background: true });
    expect(begun).toMatchObject({ status: 'queued', usage: null });
    const finished = await openai.responses.retrieve(begun.id);
    expect(finished.status).toBe('completed');
    expect(finished.usage?.output_tokens).toBeGreaterThan(0);
    const calls = await broker.deps.store.records.listCalls({}, { before: null, limit: 2 });
    const { billed_nano_usd: billed } = broker.sandbox.received().at(-2) ?? expect.fail();
    expect(billed).toBeGreaterThan(0);
    expect(calls[1]).toMatchObject({ route: 'POST /responses', costNanoUsd: billed, countedNanoUsd: billed });
    expect(await openai.responses.cancel(begun.id)).toMatchObject({ status: 'cancelled' });
  });

  it('are given back item by item, by id alone where the provider has them', async () => {
    const { output } = await openai.responses.create({ model, input: 'Good morning', store: true });
    const again = [...output, { id: output[0]?.id ?? '' }, { role: 'user', content: 'Go on' }];
    const input = again as OpenAI.Responses.ResponseInput;
    expect(await openai.responses.create({ model, input })).toMatchObject({ model });
  });

  it('are not kept unless the app says so', async () => {
    const { id } = await openai.responses.create({ model, input: 'Good morning' });
    expect(await refusalOf(openai.responses.retrieve(id))).toMatchObject(gone);
    const sent = broker.sandbox.received().at(-1);
    expect(sent?.fields.store).toBe(false);
  });
});

describe('conversations', () => {
  it('are begun, told about, continued, listed and deleted', async () => {
    const conversation = await openai.conversations.create({
      items: [{ type: 'message', role: 'user', content: 'My name is Ada.' }],
      metadata: { topic: 'names' },
    });
    const { id } = conversation;
    expect(await openai.conversations.retrieve(id)).toEqual(conversation);
    await openai.conversations.update(id, { metadata: { topic: 'all names' } });
    const answer = await openai.responses.create({ model, input: 'Who am I?', conversation: { id } });
    await openai.responses.create({ model, input: 'Again, please', conversation: id });
    const added = await openai.conversations.items.create(id, {
      items: [{ type: 'message', role: 'user', content: 'Thank you' }],
    });
    const listed = await Array.fromAsync(openai.conversations.items.list(id, { limit: 2, order: 'asc' }));
    expect(listed).toHaveLength(6);
    expect(listed.map((item) => item.id)).toEqual(
      expect.arrayContaining([answer.output[0]?.id, added.data[0]?.id]),
    );
    const item = added.data[0]?.id ?? '';
    expect(await openai.conversations.items.retrieve(item, { conversation_id: id })).toMatchObject({
      id: item,
    });
    await openai.conversations.items.delete(item, { conversation_id: id });
    expect(await Array.fromAsync(openai.conversations.items.list(id))).toHaveLength(5);
    await openai.conversations.delete(id);
    expect(await refusalOf(openai.conversations.retrieve(id))).toMatchObject(gone);
  });
});

describe('files', () => {
  const text = Buffer.from('The tide comes in at six.');

  it('are uploaded, read, used and deleted', async () => {
    const file = await openai.files.create({ file: await toFile(text, 'tide.txt'), purpose: 'user_data' });
    expect(await openai.files.retrieve(file.id)).toEqual(file);
    const content = await openai.files.content(file.id);
    expect(Buffer.from(await content.arrayBuffer())).toEqual(text);
    const input = [{ role: 'user' as const, content: [{ type: 'input_file' as const, file_id: file.id }] }];
    expect(await openai.responses.create({ model, input })).toMatchObject({ status: 'completed' });
    await openai.files.delete(file.id);
    expect(await refusalOf(openai.files.retrieve(file.id))).toMatchObject(gone);
    expect(await refusalOf(openai.responses.create({ model, input }))).toMatchObject({
      ...gone,
      param: 'input[0].content[0].file_id',
    });
  });

  it('come in parts', async () => {
    const large = {
      bytes: text.length,
      filename: 'tide.txt',
      mime_type: 'text/plain',
      purpose: 'user_data',
    } as const;
    const upload = await openai.uploads.create(large);
    const halves = [text.subarray(0, 9), text.subarray(9)];
    const part_ids: string[] = [];
    for (const half of halves) {
      const part = await openai.uploads.parts.create(upload.id, { data: await toFile(half, 'part') });
      part_ids.push(part.id);
    }
    const { file } = await openai.uploads.complete(upload.id, { part_ids });
    const content = await openai.files.content(file?.id ?? '');
    expect(Buffer.from(await content.arrayBuffer())).toEqual(text);
    const other = await openai.uploads.create(large);
    expect(await openai.uploads.cancel(other.id)).toMatchObject({ status: 'cancelled' });
  });

  it('come in parts for nothing else than to be read: into parts nobody looks', async () => {
    const asked = { bytes: text.length, filename: 'a.jsonl', mime_type: 'text/plain' };
    expect(await refusalOf(openai.uploads.create({ ...asked, purpose: 'batch' }))).toMatchObject({
      status: 403,
      param: 'purpose',
    });
  });

  it('are for nothing else than to be read and run', async () => {
    for (const purpose of ['fine-tune', 'assistants', 'evals'] as const) {
      const file = await toFile(text, 'tide.txt');
      expect(await refusalOf(openai.files.create({ file, purpose }))).toMatchObject({
        status: 403,
        param: 'purpose',
      });
    }
  });

  it('are put into stores, searched there, and taken out', async () => {
    const upload = async () =>
      openai.files.create({ file: await toFile(text, 'tide.txt'), purpose: 'user_data' });
    const [one, two, three] = [await upload(), await upload(), await upload()];
    const { id } = await openai.vectorStores.create({ name: 'Tides', file_ids: [one.id] });
    await openai.vectorStores.files.createAndPoll(id, { file_id: two.id, attributes: { year: 2026 } });
    const batch = await openai.vectorStores.fileBatches.createAndPoll(id, { files: [{ file_id: three.id }] });
    expect(batch.file_counts.completed).toBe(1);
    const listed = await Array.fromAsync(openai.vectorStores.files.list(id, { limit: 1 }));
    expect(listed.map((file) => file.id)).toEqual([three.id, two.id, one.id]);
    const found = await Array.fromAsync(openai.vectorStores.search(id, { query: 'tide' }));
    expect(found).toHaveLength(3);
    const tools = [{ type: 'file_search' as const, vector_store_ids: [id] }];
    const answer = await openai.responses.create({ model, input: 'When is the tide?', tools });
    expect(answer.status).toBe('completed');
    await openai.vectorStores.files.delete(one.id, { vector_store_id: id });
    await openai.vectorStores.update(id, { name: 'Old tides' });
    expect(await openai.vectorStores.retrieve(id)).toMatchObject({ name: 'Old tides' });
    await openai.vectorStores.delete(id);
    expect(await refusalOf(openai.vectorStores.retrieve(id))).toMatchObject(gone);
    expect(await openai.files.retrieve(one.id)).toMatchObject({ id: one.id });
  });
});

it('what code has written is read from its container', async () => {
  const tools = [{ type: 'code_interpreter' as const, container: { type: 'auto' as const } }];
  for (const stream of [false, true]) {
    const asked = { model, input: 'What is 6 × 7?', tools };
    const { output } = stream
      ? await openai.responses.stream(asked).finalResponse()
      : await openai.responses.create(asked);
    const run = output.find(({ type }) => type === 'code_interpreter_call');
    const container = run?.type === 'code_interpreter_call' ? run.container_id : '';
    expect(await openai.containers.retrieve(container)).toMatchObject({ status: 'running' });
    const [file] = await Array.fromAsync(openai.containers.files.list(container));
    const place = { container_id: container };
    expect(await openai.containers.files.retrieve(file?.id ?? '', place)).toEqual(file);
    const content = await openai.containers.files.content.retrieve(file?.id ?? '', place);
    expect(await content.text()).toBe('42');
  }
});

describe('containers', () => {
  const text = Buffer.from('1,2,3');

  it('are made, used, filled, emptied and deleted', async () => {
    const { id } = await openai.containers.create({ name: 'Sums', memory_limit: '1g' });
    expect(await settledCall({ broker })).toMatchObject({
      route: 'POST /containers',
      countedNanoUsd: 60_000_000,
    });
    expect(await openai.containers.retrieve(id)).toMatchObject({ network_policy: { type: 'disabled' } });
    const kept = await openai.files.create({ file: await toFile(text, 'a.txt'), purpose: 'user_data' });
    await openai.containers.files.create(id, { file_id: kept.id });
    const sent = await openai.containers.files.create(id, { file: await toFile(text, 'b.txt') });
    const tools = [{ type: 'code_interpreter' as const, container: id }];
    const { output } = await openai.responses.create({ model, input: 'What is 6 × 7?', tools });
    expect(output[0]).toMatchObject({ type: 'code_interpreter_call', container_id: id });
    const again = await openai.responses.create({ model, input: output as OpenAI.Responses.ResponseInput });
    expect(again.status).toBe('completed');
    const list = () => Array.fromAsync(openai.containers.files.list(id));
    expect(await list()).toHaveLength(3);
    await openai.containers.files.delete(sent.id, { container_id: id });
    expect(await list()).toHaveLength(2);
    await openai.containers.delete(id);
    expect(await refusalOf(openai.containers.retrieve(id))).toMatchObject(gone);
  });

  it.each<[string, Partial<OpenAI.ContainerCreateParams>, string]>([
    ['no larger ones', { memory_limit: '4g' }, 'memory_limit'],
    ['for no longer', { expires_after: { anchor: 'last_active_at', minutes: 21 } }, 'expires_after.minutes'],
    ['without skills', { skills: [{ type: 'skill_reference', skill_id: 's' }] }, 'skills'],
  ])('are lent %s', async (_, more, param) => {
    expect(await refusalOf(openai.containers.create({ name: 'Sums', ...more }))).toMatchObject({
      status: 403,
      param,
    });
  });

  it('have no network, whatever is asked for', async () => {
    const { id } = await openai.containers.create({
      name: 'Sums',
      network_policy: { type: 'allowlist', allowed_domains: ['example.com'] },
    });
    expect((await openai.containers.retrieve(id)).network_policy).toEqual({ type: 'disabled' });
  });
});

describe('videos', () => {
  it('are made, looked at, changed and deleted', async () => {
    const video = await openai.videos.create({ model: 'sora-2', prompt: 'The tide', seconds: '8' });
    expect(await settledCall({ broker })).toMatchObject({
      route: 'POST /videos',
      countedNanoUsd: 800_000_000,
    });
    expect(await openai.videos.retrieve(video.id)).toMatchObject({ status: 'completed', seconds: '8' });
    const content = await openai.videos.downloadContent(video.id, { variant: 'thumbnail' });
    expect((await content.arrayBuffer()).byteLength).toBeGreaterThan(0);
    const remix = await openai.videos.remix(video.id, { prompt: 'At night' });
    expect(remix.remixed_from_video_id).toBe(video.id);
    const edit = await openai.videos.edit({ prompt: 'In colour', video: { id: remix.id } });
    const extension = await openai.videos.extend({ prompt: 'On', seconds: '4', video: { id: edit.id } });
    expect(await openai.videos.retrieve(extension.id)).toMatchObject({ seconds: '4' });
    await openai.videos.delete(video.id);
    expect(await refusalOf(openai.videos.retrieve(video.id))).toMatchObject(gone);
    const film = await toFile(Buffer.from('film'), 'ada.mp4');
    const { id } = await openai.videos.createCharacter({ name: 'Ada', video: film });
    expect(await openai.videos.getCharacter(id ?? '')).toMatchObject({ name: 'Ada' });
  });
});

it.each<[string, () => PromiseLike<unknown>]>([
  ['files', () => openai.files.list()],
  ['vector stores', () => openai.vectorStores.list()],
  ['batches', () => openai.batches.list()],
  ['videos', () => openai.videos.list()],
  ['containers', () => openai.containers.list()],
])('a list of all %s of the account is refused', async (_, list) => {
  expect(await refusalOf(list())).toMatchObject(gone);
});
