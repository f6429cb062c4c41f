import { describe, expect, it } from 'vitest';
import { apis, findProvider } from '../../src/catalog/catalog.ts';
import { estimatedCost } from '../../src/catalog/cost.ts';
import { costBound } from '../../src/catalog/cost_bound.ts';
import { applyPolicy } from '../../src/catalog/policy.ts';
import { azure } from '../../src/catalog/providers/azure.ts';
import { responsesFields } from '../../src/catalog/providers/azure_fields.ts';
import { responsesTree } from '../../src/catalog/providers/openai_trees.ts';
import type { JsonObject } from '../../src/lib/json.ts';

const openai = findProvider('openai') ?? expect.fail();
const state = 'openai:state';
const files = 'openai:files';
const code = 'openai:tools.code';

function apply(path: string, body: JsonObject, granted: readonly string[]) {
  const route = openai.routes.find((candidate) => candidate.path === path && candidate.method === 'POST');
  if (!route || route.body.kind === 'none') throw new Error(path);
  return applyPolicy(route.body.fields, body, { models: openai.models, pseudonym: 'pseudonym', granted });
}

function azureResponse(body: JsonObject) {
  return applyPolicy(responsesFields, body, { models: azure.models, pseudonym: 'pseudonym' });
}

const response = { model: 'gpt-5', input: 'Hi' };
const chat = { model: 'gpt-5' };
const item = (value: object) => ({ ...response, input: [{ role: 'user', content: 'Hi' }, value] });
const content = (value: object) => item({ role: 'user', content: [value] });
const inContainer = { type: 'container_reference', container_id: 'c' };
const searching = { type: 'file_search', vector_store_ids: ['vs_1', 'vs_2'] };

/** Path, body, the scope that it takes, and what it names: kind, id and where. */
const named: readonly (readonly [
  string,
  JsonObject,
  string,
  readonly (readonly [string, string, string])[],
])[] = [
  [
    '/responses',
    { ...response, previous_response_id: 'resp_1' },
    state,
    [['response', 'resp_1', 'previous_response_id']],
  ],
  [
    '/responses',
    { ...response, conversation: 'conv_1' },
    state,
    [['conversation', 'conv_1', 'conversation']],
  ],
  [
    '/responses',
    { ...response, conversation: { id: 'conv_1' } },
    state,
    [['conversation', 'conv_1', 'conversation']],
  ],
  [
    '/responses',
    { ...response, prompt_cache_options: { comparison_response_id: 'resp_1' } },
    state,
    [['response', 'resp_1', 'prompt_cache_options.comparison_response_id']],
  ],
  ['/responses', item({ type: 'item_reference', id: 'msg_1' }), state, [['item', 'msg_1', 'input[1].id']]],
  ['/responses', item({ id: 'msg_1' }), state, [['item', 'msg_1', 'input[1].id']]],
  ['/responses', item({ id: 'msg_1', type: null }), state, [['item', 'msg_1', 'input[1].id']]],
  ['/responses', content({ id: 'msg_1' }), state, [['item', 'msg_1', 'input[1].content[0].id']]],
  [
    '/responses',
    item({ type: 'reasoning', id: 'rs_1', summary: [] }),
    state,
    [['item', 'rs_1', 'input[1].encrypted_content']],
  ],
  [
    '/responses',
    item({ type: 'image_generation_call', id: 'ig_1', result: null }),
    state,
    [['item', 'ig_1', 'input[1].result']],
  ],
  ...['message', 'function_call', 'computer_call', 'shell_call_output', 'additional_tools'].map(
    (type) =>
      ['/responses', item({ type, id: 'item_1' }), state, [['item', 'item_1', 'input[1].id']]] as const,
  ),
  ['/responses', item({ role: 'user', id: 'msg_1' }), state, [['item', 'msg_1', 'input[1].id']]],
  [
    '/responses',
    item({ type: 'compaction', id: 'cmp_1', encrypted_content: '' }),
    state,
    [['item', 'cmp_1', 'input[1].encrypted_content']],
  ],
  [
    '/responses/compact',
    { model: 'm', previous_response_id: 'r' },
    state,
    [['response', 'r', 'previous_response_id']],
  ],
  ['/responses/input_tokens', { conversation: 'c' }, state, [['conversation', 'c', 'conversation']]],
  ['/conversations', { items: [{ type: 'item_reference', id: 'm' }] }, state, [['item', 'm', 'items[0].id']]],
  [
    '/responses',
    content({ type: 'input_file', file_id: 'f' }),
    files,
    [['file', 'f', 'input[1].content[0].file_id']],
  ],
  [
    '/responses',
    content({ type: 'input_image', file_id: 'f' }),
    files,
    [['file', 'f', 'input[1].content[0].file_id']],
  ],
  [
    '/responses',
    { ...response, tools: [searching] },
    files,
    [
      ['vector_store', 'vs_1', 'tools[0].vector_store_ids'],
      ['vector_store', 'vs_2', 'tools[0].vector_store_ids'],
    ],
  ],
  [
    '/responses',
    item({ type: 'additional_tools', tools: [searching] }),
    files,
    [
      ['vector_store', 'vs_1', 'input[1].tools[0].vector_store_ids'],
      ['vector_store', 'vs_2', 'input[1].tools[0].vector_store_ids'],
    ],
  ],
  [
    '/responses',
    content({ type: 'output_text', text: 'So', annotations: [{ type: 'file_citation', file_id: 'f' }] }),
    files,
    [['file', 'f', 'input[1].content[0].annotations[0].file_id']],
  ],
  [
    '/chat/completions',
    { ...chat, messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] }] },
    files,
    [['file', 'f', 'messages[0].content[0].file.file_id']],
  ],
  [
    '/responses',
    { ...response, tools: [{ type: 'code_interpreter', container: 'c' }] },
    code,
    [['container', 'c', 'tools[0].container']],
  ],
  [
    '/responses',
    { ...response, tools: [{ type: 'shell', environment: inContainer }] },
    code,
    [['container', 'c', 'tools[0].environment.container_id']],
  ],
  [
    '/responses',
    item({ type: 'code_interpreter_call', container_id: 'c' }),
    code,
    [['container', 'c', 'input[1].container_id']],
  ],
  ['/containers', { name: 'n', file_ids: ['f'] }, files, [['file', 'f', 'file_ids']]],
  ['/containers/{container_id}/files', { file_id: 'f' }, files, [['file', 'f', 'file_id']]],
];

describe('what the provider keeps', () => {
  it.each(named)('may be named with the scope, and is looked up: %s %j', (path, body, scope, names) => {
    const result = apply(path, body, [scope]);
    expect(result).toMatchObject({
      kind: 'checked',
      scopes: [scope],
      objects: names.map(([kind, id, param]) => ({ kind, id, param })),
    });
    expect(result).toMatchObject({ body });
  });

  it.each(named)('may not be named without the scope: %s %j', (path, body, scope) => {
    const others = openai.scopes.map((row) => row.scope).filter((one) => one !== scope);
    for (const granted of [[], others]) {
      expect(apply(path, body, granted)).toMatchObject({ kind: 'refused', code: 'field_not_allowed' });
    }
  });

  it.each<[string, JsonObject]>([
    ['/responses', { ...response, previous_response_id: 7 }],
    ['/responses', { ...response, previous_response_id: [['resp_1']] }],
    ['/responses', { ...response, conversation: { id: 'conv_1', items: [] } }],
    ['/responses', { ...response, conversation: { id: { id: 'conv_1' } } }],
    ['/responses', item({ type: 'item_reference' })],
    ['/responses', item({ type: 'item_reference', id: { id: 'm' } })],
    ['/responses', item({ id: 'msg_1', name: 'x' })],
    ['/responses', content({ type: 'input_file', file_id: { id: 'f' } })],
    ['/responses', { ...response, tools: [{ ...searching, vector_store_ids: [['vs_1']] }] }],
    ['/responses', { ...response, tools: [{ ...searching, container: 'c' }] }],
    ['/responses', { ...response, input: Array.from({ length: 1001 }, (_, id) => ({ id: `m${id}` })) }],
  ])('is named in no other way: %s %j', (path, body) => {
    expect(apply(path, body, [state, files])).toMatchObject({ kind: 'refused' });
  });
});

describe('an id that stands alone', () => {
  const allButState = openai.scopes.map(({ scope }) => scope).filter((scope) => scope !== state);
  // Its id is that of the call, which the conversation holds.
  const types = Object.keys(responsesTree.types).filter((type) => type !== 'local_shell_call_output');

  it.each(types)('is not taken for an object of the type %s', (type) => {
    for (const rest of [{}, { role: 'user', call_id: 'c' }, { content: '', arguments: '', output: '' }]) {
      const body = item({ type, id: 'item_1', ...rest });
      expect(apply('/responses', body, allButState)).toMatchObject({ kind: 'refused' });
      expect(azureResponse(body)).toMatchObject({ kind: 'refused' });
    }
  });

  it.each<[string, JsonObject]>([
    ['mcp_call', { server_label: 'a', name: 'n' }],
    ['mcp_list_tools', { server_label: 'a', tools: [] }],
    ['mcp_approval_request', { server_label: 'a', name: 'n' }],
    ['file_search_call', { queries: [], status: 'completed' }],
    ['code_interpreter_call', { code: null, outputs: [] }],
  ])('is not taken for what a tool has left: %s', (type, rest) => {
    const body = item({ type, id: 'item_1', ...rest });
    expect(apply('/responses', body, allButState)).toMatchObject({ param: 'input[1].id' });
  });

  const approval = { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: true };
  const asked = { type: 'mcp_approval_request', id: 'mcpr_1', name: 'n', server_label: 'a', arguments: '{}' };

  it('is approved where the call has what is approved, or where that is kept', () => {
    const mcp = 'openai:tools.mcp';
    const approve = (input: JsonObject[], granted: string[]) =>
      apply('/responses', { ...response, input }, granted);
    expect(approve([asked, approval], [mcp])).toMatchObject({ kind: 'checked', objects: [] });
    const kept = [{ kind: 'item', id: 'mcpr_1', param: 'input[0].approval_request_id' }];
    expect(approve([approval], [mcp, state])).toMatchObject({ kind: 'checked', objects: kept });
    for (const input of [
      [approval],
      [{ ...asked, id: 'mcpr_2' }, approval],
      [{ ...asked, type: 'function_call' }, approval],
    ]) {
      expect(approve(input, allButState)).toMatchObject({ kind: 'refused' });
    }
    const call = { ...asked, type: 'mcp_call', approval_request_id: 'mcpr_9', output: 'x' };
    expect(JSON.stringify(approve([call], [mcp]))).not.toContain('mcpr_9');
  });
});

describe('the file of a form', () => {
  const file = { filename: 'a.mp4', contentType: 'video/mp4', bytes: Buffer.from('film') };
  const names = ['image', 'image[]', 'mask', 'file', 'data', 'video', 'input_reference'];
  const forms = apis.flatMap((api) =>
    api.routes.flatMap(({ path, body }) =>
      body.kind === 'multipart'
        ? names.flatMap((field) =>
            Object.hasOwn(body.fields, field)
              ? { mount: api.mount, path, field, api, rules: body.fields }
              : [],
          )
        : [],
    ),
  );

  it.each(forms)('is no text that could name what is kept: $mount$path $field', ({ field, api, rules }) => {
    const send = (value: unknown) =>
      applyPolicy(rules, { [field]: value }, { models: api.models, pseudonym: 'pseudonym', pathModel: 'm' });
    for (const value of [file, [file, file]]) {
      expect(send(value)).toMatchObject({ kind: 'checked', body: { [field]: value } });
    }
    for (const value of [
      'video_1',
      '{"id":"video_1"}',
      '{"file_id":"file-1"}',
      ['file-1'],
      [file, 'file-1'],
    ]) {
      expect(send(value)).toMatchObject({ kind: 'refused', param: field });
    }
  });
});

describe('tools of the provider', () => {
  const search = { type: 'web_search' };
  const offering = item({ type: 'additional_tools', tools: [search] });
  const granted = [state, 'openai:tools.web'];

  it.each<[string, JsonObject]>([
    ['/responses', { ...offering, store: true }],
    ['/responses', { ...offering, background: true }],
    ['/responses', { ...offering, conversation: 'conv_1' }],
    ['/responses', { ...offering, previous_response_id: 'resp_1' }],
    ['/responses', { ...item({ type: 'tool_search_output', tools: [search] }), store: true }],
    ['/conversations', { items: [{ type: 'additional_tools', tools: [search] }] }],
    ['/conversations/{conversation_id}/items', { items: [{ type: 'additional_tools', tools: [search] }] }],
  ])('are not left behind for calls that do not say so: %s %j', (path, body) => {
    expect(apply(path, body, granted)).toMatchObject({ kind: 'refused', code: 'field_not_allowed' });
  });

  it('are offered in a call of their own, and among the items where nothing is kept', () => {
    expect(apply('/responses', { ...response, store: true, tools: [search] }, granted)).toMatchObject({
      ...{ kind: 'checked', hostedTools: [{ unit: 'web_searches', most: 10 }] },
    });
    expect(apply('/responses', offering, granted)).toMatchObject({ kind: 'checked' });
  });
});

describe('what is left with the provider', () => {
  it.each([
    [true, [state], true, [state]],
    [true, [], false, []],
    [false, [state], false, []],
    [undefined, [state], false, []],
    [null, [state], false, []],
  ])('store %j with %j goes on as %j', (store, granted, sent, scopes) => {
    expect(apply('/responses', { ...response, store }, granted)).toMatchObject({
      kind: 'checked',
      body: { store: sent },
      scopes,
    });
  });

  it.each([['yes'], [1], [{}]])('a store that is %j is refused', (store) => {
    expect(apply('/responses', { ...response, store }, [state])).toMatchObject({ param: 'store' });
  });

  it('a chat is never kept: nobody could come back to it', () => {
    const body = { ...chat, messages: [], store: true };
    expect(apply('/chat/completions', body, [state])).toMatchObject({ body: { store: false }, scopes: [] });
  });

  it('only with the scope a call goes on without its caller', () => {
    const background = { ...response, background: true, store: true };
    expect(apply('/responses', background, [state])).toMatchObject({ body: background, scopes: [state] });
    expect(apply('/responses', background, [files])).toMatchObject({ kind: 'refused', param: 'background' });
    for (const value of [false, null, undefined]) {
      expect(apply('/responses', { ...response, background: value }, [])).toMatchObject({ kind: 'checked' });
    }
    expect(apply('/responses', { ...response, background: 'true' }, [state])).toMatchObject({
      param: 'background',
    });
  });
});

describe('what a call costs that names what is kept', () => {
  const route = openai.routes.find(({ method, path }) => method === 'POST' && path === '/responses');
  const boundOf = (body: JsonObject) => {
    const checked = apply('/responses', { ...response, ...body }, [state, files]);
    if (!route || checked.kind === 'refused') return expect.fail();
    return { checked, bound: costBound(openai, route, checked, null) };
  };

  it.each([
    { previous_response_id: 'resp_1' },
    { conversation: { id: 'conv_1' } },
    { input: [{ id: 'msg_1' }] },
    { input: [{ type: 'reasoning', id: 'rs_1', summary: [] }] },
    { tools: [searching] },
  ])('is bound by all that the model can read: %j', (body) => {
    const window = boundOf({ input: [{ type: 'input_image', image_url: 'https://example.com/a.png' }] });
    expect(boundOf(body).bound.base).toBeGreaterThanOrEqual(window.bound.base);
    expect(boundOf({}).bound.base).toBeLessThan(window.bound.base);
  });

  it('is not known by what has come of it where it goes on without its caller', () => {
    const model = 'gpt-4.1';
    const plain = boundOf({ model });
    expect(estimatedCost(plain.bound, openai, plain.checked, 100)).toBeGreaterThan(0);
    const background = boundOf({ model, background: true });
    expect(estimatedCost(background.bound, openai, background.checked, 100)).toBeNull();
  });
});
