import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGrant } from '../../src/grants/create.ts';
import { at } from '../../src/lib/json.ts';
import type { Client, User } from '../../src/store/records.ts';
import {
  type Broker,
  connect,
  createClient,
  grantTo,
  providerNamed,
  startBroker,
} from '../support/broker.ts';
import { type CallOptions, call } from './support/world.ts';

/** What one app has had made is out of reach for everybody else, though all of it lies on one key. */

interface Attempt extends CallOptions {
  readonly path: string;
}

interface Row {
  readonly kind: string;
  /** Has it made. @returns its id */
  readonly make: (token: string) => Promise<string>;
  /** Every way to name it. */
  readonly uses: (id: string) => Readonly<Record<string, Attempt>>;
}

let broker: Broker;
let url: string;
let user: User;
let client: Client;
let owner: string;
const others: Record<string, string> = {};
const scopes = providerNamed('openai').scopes.map(({ scope }) => scope);

beforeAll(async () => {
  broker = await startBroker();
  url = `${broker.url}/openai/v1`;
  const connected = await connect(broker);
  ({ user, client } = connected);
  owner = connected.tokens.access_token;
  const other = await createClient(broker, user.id, { name: 'Other app' });
  others['another app'] = (await grantTo(broker, user, other, scopes)).access_token;
  others['another grant of the app'] = await testGrant();
});
afterAll(async () => {
  await broker.close();
});

async function testGrant(): Promise<string> {
  const terms = { userId: user.id, test: true, scopes, authorizationDetails: [], expiresAt: null };
  const created = await createGrant(
    broker.deps,
    { ...terms, clientId: client.id, toldOfPayer: [], credentialIds: [] },
    { kind: 'system' },
  );
  if (created.kind !== 'created') throw new Error(created.kind);
  return created.tokens.access_token;
}

const send = (token: string, { path, ...options }: Attempt) => call({ url, token }, path, options);

/** @returns the id at a place of the answer */
async function made(token: string, attempt: Attempt, ...place: string[]): Promise<string> {
  const response = await send(token, attempt);
  const text = await response.text();
  expect([response.status, text]).toEqual([200, text]);
  const id = at(JSON.parse(text), place);
  if (typeof id !== 'string') throw new Error(`no id in ${text}`);
  return id;
}

const model = 'gpt-5';
const input = 'Hello';
const respond = (body: object): Attempt => ({ path: '/responses', body: { model, input, ...body } });
const items = [{ role: 'user', content: 'Hello' }];

const rows: readonly Row[] = [
  {
    kind: 'response',
    make: (token) => made(token, respond({ store: true }), 'id'),
    uses: (id) => ({
      read: { path: `/responses/${id}` },
      'read what went in': { path: `/responses/${id}/input_items` },
      cancel: { path: `/responses/${id}/cancel`, method: 'POST' },
      continue: respond({ previous_response_id: id }),
      'continue and stream': respond({ previous_response_id: id, stream: true }),
      compact: { path: '/responses/compact', body: { model, input, previous_response_id: id } },
      count: { path: '/responses/input_tokens', body: { model, input, previous_response_id: id } },
      'compare with its cache': respond({ prompt_cache_options: { comparison_response_id: id } }),
      delete: { path: `/responses/${id}`, method: 'DELETE' },
    }),
  },
  {
    kind: 'item of a response',
    make: async (token) => {
      const [item] = (await outputOf(token)) as { readonly id: string }[];
      return item?.id ?? '';
    },
    uses: (id) => ({
      'give back': respond({ input: [{ type: 'item_reference', id }] }),
      'give back without a type': respond({ input: [{ id }] }),
      'give back as reasoning': respond({ input: [{ type: 'reasoning', id, summary: [] }] }),
      'give back as a picture': respond({
        input: [{ type: 'image_generation_call', id, status: 'completed', result: null }],
      }),
      'give back deep inside': respond({ input: [...items, { role: 'user', content: [{ id }] }] }),
      'put into a conversation': {
        path: '/conversations',
        body: { items: [{ type: 'item_reference', id }] },
      },
    }),
  },
  {
    kind: 'conversation',
    make: (token) => made(token, { path: '/conversations', body: { items } }, 'id'),
    uses: (id) => ({
      read: { path: `/conversations/${id}` },
      list: { path: `/conversations/${id}/items` },
      'read an item': { path: `/conversations/${id}/items/msg_1` },
      'add to': { path: `/conversations/${id}/items`, body: { items } },
      rename: { path: `/conversations/${id}`, body: { metadata: { name: 'mine' } } },
      continue: respond({ conversation: id }),
      'continue by its object': respond({ conversation: { id } }),
      count: { path: '/responses/input_tokens', body: { model, input, conversation: id } },
      'delete an item': { path: `/conversations/${id}/items/msg_1`, method: 'DELETE' },
      delete: { path: `/conversations/${id}`, method: 'DELETE' },
    }),
  },
  {
    kind: 'file',
    make: (token) => made(token, { path: '/files', body: form({ purpose: 'user_data' }, 'file') }, 'id'),
    uses: (id) => ({
      read: { path: `/files/${id}` },
      'read its content': { path: `/files/${id}/content` },
      'give to a model': respond({
        input: [{ role: 'user', content: [{ type: 'input_file', file_id: id }] }],
      }),
      'show to a model': respond({
        input: [{ role: 'user', content: [{ type: 'input_image', file_id: id }] }],
      }),
      'give to a chat': {
        path: '/chat/completions',
        body: { model, messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: id } }] }] },
      },
      'use as a mask': respond({
        tools: [{ type: 'image_generation', model: 'gpt-image-2', input_image_mask: { file_id: id } }],
      }),
      'put into a conversation': {
        path: '/conversations',
        body: { items: [{ role: 'user', content: [{ type: 'input_file', file_id: id }] }] },
      },
      'put into a store': { path: '/vector_stores', body: { file_ids: [id] } },
      delete: { path: `/files/${id}`, method: 'DELETE' },
    }),
  },
  {
    kind: 'file of calls',
    make: (token) => made(token, { path: '/files', body: calls() }, 'id'),
    uses: (id) => ({
      read: { path: `/files/${id}` },
      'read its content': { path: `/files/${id}/content` },
      run: batchOf(id),
      delete: { path: `/files/${id}`, method: 'DELETE' },
    }),
  },
  {
    kind: 'batch',
    make: async (token) => {
      const file = await made(token, { path: '/files', body: calls() }, 'id');
      return made(token, batchOf(file), 'id');
    },
    uses: (id) => ({
      read: { path: `/batches/${id}` },
      cancel: { path: `/batches/${id}/cancel`, method: 'POST' },
    }),
  },
  {
    kind: 'file that a batch has written',
    make: async (token) => {
      const file = await made(token, { path: '/files', body: calls() }, 'id');
      const look = { path: `/batches/${await made(token, batchOf(file), 'id')}` };
      await send(token, look);
      return made(token, look, 'output_file_id');
    },
    uses: (id) => ({ read: { path: `/files/${id}` }, 'read its content': { path: `/files/${id}/content` } }),
  },
  {
    kind: 'upload',
    make: (token) => made(token, { path: '/uploads', body: upload }, 'id'),
    uses: (id) => ({
      'add to': { path: `/uploads/${id}/parts`, body: form({}, 'data') },
      complete: { path: `/uploads/${id}/complete`, body: { part_ids: [] } },
      cancel: { path: `/uploads/${id}/cancel`, method: 'POST' },
    }),
  },
  {
    kind: 'vector store',
    make: (token) => made(token, { path: '/vector_stores', body: { name: 'Notes' } }, 'id'),
    uses: (id) => ({
      read: { path: `/vector_stores/${id}` },
      rename: { path: `/vector_stores/${id}`, body: { name: 'Mine' } },
      list: { path: `/vector_stores/${id}/files` },
      search: { path: `/vector_stores/${id}/search`, body: { query: 'secret' } },
      'let a model search': respond({ tools: [{ type: 'file_search', vector_store_ids: [id] }] }),
      'let a model search, hidden in an item': respond({
        input: [{ type: 'additional_tools', tools: [{ type: 'file_search', vector_store_ids: [id] }] }],
      }),
      'read a file': { path: `/vector_stores/${id}/files/file-1` },
      'read the content of a file': { path: `/vector_stores/${id}/files/file-1/content` },
      'change a file': { path: `/vector_stores/${id}/files/file-1`, body: { attributes: {} } },
      'take a file out': { path: `/vector_stores/${id}/files/file-1`, method: 'DELETE' },
      'put many in': { path: `/vector_stores/${id}/file_batches`, body: { file_ids: [] } },
      'read how that went': { path: `/vector_stores/${id}/file_batches/vsfb_1` },
      'cancel that': { path: `/vector_stores/${id}/file_batches/vsfb_1/cancel`, method: 'POST' },
      'list those': { path: `/vector_stores/${id}/file_batches/vsfb_1/files` },
      delete: { path: `/vector_stores/${id}`, method: 'DELETE' },
    }),
  },
  {
    kind: 'video',
    make: (token) => made(token, { path: '/videos', body: form({ model: 'sora-2', prompt: 'Tide' }) }, 'id'),
    uses: (id) => ({
      read: { path: `/videos/${id}` },
      watch: { path: `/videos/${id}/content` },
      remix: { path: `/videos/${id}/remix`, body: { prompt: 'At night' } },
      edit: { path: '/videos/edits', body: form({ prompt: 'At night', 'video[id]': id }) },
      extend: { path: '/videos/extensions', body: form({ prompt: 'On', seconds: '4', 'video[id]': id }) },
      delete: { path: `/videos/${id}`, method: 'DELETE' },
    }),
  },
  {
    kind: 'container',
    make: async (token) => {
      const tools = [{ type: 'code_interpreter', container: { type: 'auto' } }];
      const answer = await (await send(token, respond({ tools }))).text();
      return /"container_id":"(\w+)"/.exec(answer)?.[1] ?? expect.fail();
    },
    uses: usesOfContainer,
  },
  {
    kind: 'container that was made before',
    make: (token) => made(token, { path: '/containers', body: { name: 'Sums' } }, 'id'),
    uses: usesOfContainer,
  },
  {
    kind: 'character of a video',
    make: (token) => made(token, { path: '/videos/characters', body: form({ name: 'Ada' }, 'video') }, 'id'),
    uses: (id) => ({ read: { path: `/videos/characters/${id}` } }),
  },
];

function usesOfContainer(id: string): Readonly<Record<string, Attempt>> {
  const reference = { type: 'container_reference', container_id: id };
  return {
    read: { path: `/containers/${id}` },
    list: { path: `/containers/${id}/files` },
    'read about a file': { path: `/containers/${id}/files/cfile_1` },
    'read a file': { path: `/containers/${id}/files/cfile_1/content` },
    'put a file in': { path: `/containers/${id}/files`, body: form({}, 'file') },
    'delete a file': { path: `/containers/${id}/files/cfile_1`, method: 'DELETE' },
    'run code in': respond({ tools: [{ type: 'code_interpreter', container: id }] }),
    'run a shell in': respond({ tools: [{ type: 'shell', environment: reference }] }),
    'give back what was run in it': respond({
      input: [{ type: 'code_interpreter_call', id: 'ci_1', container_id: id, code: '1', outputs: null }],
    }),
    delete: { path: `/containers/${id}`, method: 'DELETE' },
  };
}

const upload = { bytes: 4, filename: 'a.txt', mime_type: 'text/plain', purpose: 'user_data' };

function form(fields: Readonly<Record<string, string>>, file?: string): FormData {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  if (file !== undefined) body.set(file, new Blob(['text']), 'a.txt');
  return body;
}

function calls(): FormData {
  const line = { custom_id: 'a', method: 'POST', url: '/v1/responses', body: { model, input } };
  const body = form({ purpose: 'batch' });
  body.set('file', new Blob([JSON.stringify(line)]), 'calls.jsonl');
  return body;
}

function batchOf(input_file_id: string): Attempt {
  return { path: '/batches', body: { input_file_id, endpoint: '/v1/responses', completion_window: '24h' } };
}

async function outputOf(token: string): Promise<unknown> {
  return at(await (await send(token, respond({ store: true }))).json(), ['output']);
}

/** Everything in a refusal but the id of the call. */
async function refusalOf(token: string, attempt: Attempt): Promise<unknown> {
  const response = await send(token, attempt);
  return { status: response.status, body: await response.json() };
}

/** Another of the kind that nobody has ever had made. */
const neverMade = (id: string) => id.replace(/[0-9a-f]{4}$/, (end) => (end === '0000' ? '0001' : '0000'));

describe.each(rows)('a $kind', ({ make, uses }) => {
  let id: string;
  beforeAll(async () => {
    id = await make(owner);
  });
  const received = () => broker.sandbox.received().length;
  const attempts = Object.keys(uses('id'));

  describe.each(['another app', 'another grant of the app'])('is out of reach for %s', (attacker) => {
    const token = () => others[attacker] ?? expect.fail();

    it.each(attempts)('to %s, and looks as if it did not exist', async (use) => {
      const before = received();
      const refusal = await refusalOf(token(), uses(id)[use] ?? expect.fail());
      expect(refusal).toMatchObject({ status: 404, body: { error: { code: 'not_delegable' } } });
      const unknown = await refusalOf(token(), uses(neverMade(id))[use] ?? expect.fail());
      expect(refusal).toEqual(unknown);
      expect(received()).toBe(before);
    });
  });

  it.each(attempts)('is not had by another spelling of its id, not even by its owner: %s', async (use) => {
    const before = received();
    const inPath = uses(id)[use]?.path.includes(id);
    const spellings = inPath
      ? [
          id.toUpperCase(),
          `%${id.charCodeAt(0).toString(16)}${id.slice(1)}`,
          `${id}%00`,
          `${id}%20`,
          `${id};x`,
        ]
      : [id.toUpperCase(), ` ${id}`, `${id} `, `${id}\u0000`, `${id}\n`, `./${id}`, '', '*', '%'];
    for (const spelling of spellings) {
      const refusal = await refusalOf(owner, uses(spelling)[use] ?? expect.fail());
      expect([spelling, refusal]).toMatchObject([
        spelling,
        { status: 404, body: { error: { code: 'not_delegable' } } },
      ]);
    }
    expect(received()).toBe(before);
  });

  it('is within reach for its owner all the while, until it is deleted', async () => {
    for (const [use, attempt] of Object.entries(uses(id))) {
      const before = received();
      await send(owner, attempt);
      expect([use, received()]).toEqual([use, before + 1]);
    }
  });
});

it.each(['another app', 'another grant of the app'])(
  'a part of an upload goes into none of %s',
  async (name) => {
    const begin = (token: string) => made(token, { path: '/uploads', body: upload }, 'id');
    const own = await begin(owner);
    const part = await made(owner, { path: `/uploads/${own}/parts`, body: form({}, 'data') }, 'id');
    const other = others[name] ?? expect.fail();
    const path = `/uploads/${await begin(other)}/complete`;
    expect(await refusalOf(other, { path, body: { part_ids: [part] } })).toMatchObject({
      status: 404,
      body: { error: { param: 'part_ids' } },
    });
    const complete = { path: `/uploads/${own}/complete`, body: { part_ids: [part] } };
    expect(await made(owner, complete, 'file', 'id')).toMatch(/^file-/);
  },
);

describe('when a grant has ended', () => {
  it.each(rows)('a $kind is out of reach for the next one of the same app', async ({ make, uses }) => {
    const app = await createClient(broker, user.id, { name: 'App that comes again' });
    const first = await grantTo(broker, user, app, scopes);
    const id = await make(first.access_token);
    await broker.deps.store.grants.revokeGrant(first.grant_id, 'user', { kind: 'system' });
    const next = await grantTo(broker, user, app, scopes);
    expect(next.grant_id).not.toBe(first.grant_id);
    const before = broker.sandbox.received().length;
    for (const attempt of Object.values(uses(id))) {
      expect(await refusalOf(first.access_token, attempt)).toMatchObject({ status: 401 });
      expect(await refusalOf(next.access_token, attempt)).toMatchObject({ status: 404 });
    }
    expect(broker.sandbox.received()).toHaveLength(before);
  });
});
