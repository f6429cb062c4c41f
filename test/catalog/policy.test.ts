import { describe, expect, it } from 'vitest';
import { findProvider } from '../../src/catalog/catalog.ts';
import { applyPolicy } from '../../src/catalog/policy.ts';
import type { JsonObject } from '../../src/lib/json.ts';

const openai = findProvider('openai') ?? expect.fail();
const context = { models: openai.models, pseudonym: 'pseudonym-of-the-grant' };

function apply(path: string, body: JsonObject) {
  const route = openai.routes.find((candidate) => candidate.path === path && candidate.method === 'POST');
  if (!route || route.body.kind === 'none') throw new Error(path);
  return applyPolicy(route.body.fields, body, context);
}

function checked(path: string, body: JsonObject) {
  const result = apply(path, body);
  if (result.kind === 'refused') throw new Error(`${result.param}: ${result.message}`);
  return result;
}

const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] };
const response = { model: 'gpt-5', input: 'Hi' };

describe('what is forced', () => {
  it('stores nothing with the provider, whatever was asked', () => {
    for (const store of [undefined, true, null, 'yes']) {
      expect(checked('/responses', { ...response, store }).body.store).toBe(false);
      expect(checked('/chat/completions', { ...chat, store }).body.store).toBe(false);
    }
  });

  it('replaces what tells users and apps apart with a pseudonym of the grant', () => {
    const { body } = checked('/responses', { ...response, user: 'u1', prompt_cache_key: 'k1' });
    expect(body).toMatchObject({
      user: 'pseudonym-of-the-grant',
      prompt_cache_key: 'pseudonym-of-the-grant',
      safety_identifier: 'pseudonym-of-the-grant',
    });
    expect(checked('/embeddings', { model: 'm', input: 'x' }).body.user).toBe('pseudonym-of-the-grant');
  });

  it('asks for usage on a chat stream, and knows whether the app did', () => {
    const stream = { ...chat, stream: true };
    const unasked = checked('/chat/completions', stream);
    expect(unasked.body.stream_options).toEqual({ include_usage: true });
    expect(unasked.usageIsExtra).toBe(true);
    const declined = checked('/chat/completions', { ...stream, stream_options: { include_usage: false } });
    expect(declined.body.stream_options).toEqual({ include_usage: true });
    expect(declined.usageIsExtra).toBe(true);
    const asked = checked('/chat/completions', {
      ...stream,
      stream_options: { include_usage: true, include_obfuscation: false },
    });
    expect(asked.body.stream_options).toEqual({ include_usage: true, include_obfuscation: false });
    expect(asked.usageIsExtra).toBe(false);
    expect(checked('/chat/completions', chat).body.stream_options).toBeUndefined();
  });

  it.each([[undefined], [null], ['auto']])('turns the service tier %s into the default one', (tier) => {
    expect(checked('/responses', { ...response, service_tier: tier }).body.service_tier).toBe('default');
  });

  it('leaves chat metadata out, which the provider takes only with store', () => {
    expect(checked('/chat/completions', { ...chat, metadata: { a: 'b' } }).body).not.toHaveProperty(
      'metadata',
    );
  });
});

describe('what is refused', () => {
  const tool = (type: string, rest: object = {}) => ({ ...response, tools: [{ type, ...rest }] });
  const item = (value: object) => ({ ...response, input: [{ role: 'user', content: 'Hi' }, value] });

  it.each<[string, JsonObject, string]>([
    ['/responses', { ...response, background: true }, 'background'],
    ['/responses', { ...response, previous_response_id: 'resp_1' }, 'previous_response_id'],
    ['/responses', { ...response, conversation: 'conv_1' }, 'conversation'],
    ['/responses', { ...response, conversation: { id: 'conv_1' } }, 'conversation'],
    ['/responses', { ...response, prompt: { id: 'pmpt_1' } }, 'prompt'],
    ['/responses', { ...response, context_management: [{ type: 'compaction' }] }, 'context_management'],
    ['/responses', { ...response, access_programs: { cyber: 'standard' } }, 'access_programs'],
    ['/responses', { ...response, moderation: { model: 'omni' } }, 'moderation'],
    ['/responses', { ...response, service_tier: 'priority' }, 'service_tier'],
    ['/responses', { ...response, service_tier: 'fast' }, 'service_tier'],
    ['/responses', { ...response, instructions: [{ type: 'item_reference', id: 'm' }] }, 'instructions'],
    [
      '/responses',
      { ...response, prompt_cache_options: { comparison_response_id: 'resp_1' } },
      'prompt_cache_options.comparison_response_id',
    ],
    ['/responses', { ...response, multi_agent: {} }, 'multi_agent'],
    ['/responses', { ...response, stream: 'true' }, 'stream'],
    ['/responses', tool('file_search', { vector_store_ids: ['vs_1'] }), 'tools[0].type'],
    ['/responses', tool('web_search_2099_01_01'), 'tools[0].type'],
    ['/responses', tool('web_search', { store: 'mine' }), 'tools[0].store'],
    ['/responses', tool('code_interpreter', { container: 'cntr_1' }), 'tools[0].container'],
    [
      '/responses',
      tool('code_interpreter', { container: { type: 'auto', file_ids: ['file-1'] } }),
      'tools[0].container.file_ids',
    ],
    [
      '/responses',
      tool('code_interpreter', { container: { type: 'auto', memory_limit: '64g' } }),
      'tools[0].container.memory_limit',
    ],
    ['/responses', tool('mcp', { connector_id: 'connector_gmail' }), 'tools[0].server_url'],
    ['/responses', tool('mcp', { tunnel_id: 'tunnel_1' }), 'tools[0].server_url'],
    [
      '/responses',
      tool('mcp', { server_url: 'https://a.example', connector_id: 'connector_gmail' }),
      'tools[0].connector_id',
    ],
    [
      '/responses',
      tool('mcp', { server_url: 'https://a.example', tunnel_id: 'tunnel_1' }),
      'tools[0].tunnel_id',
    ],
    ['/responses', { ...tool('web_search'), max_tool_calls: -1 }, 'max_tool_calls'],
    ['/responses', { ...tool('web_search'), max_tool_calls: '3' }, 'max_tool_calls'],
    ['/responses', tool('programmatic_tool_calling'), 'tools[0].type'],
    ['/responses', tool('something_new'), 'tools[0].type'],
    ['/responses', tool('MCP'), 'tools[0].type'],
    ['/responses', tool('shell'), 'tools[0].environment.type'],
    [
      '/responses',
      tool('shell', { environment: { type: 'container_reference', container_id: 'cntr_1' } }),
      'tools[0].environment.container_id',
    ],
    [
      '/responses',
      tool('shell', { environment: { type: 'container_auto', file_ids: ['file-1'] } }),
      'tools[0].environment.file_ids',
    ],
    ['/responses', tool('tool_search'), 'tools[0].execution'],
    [
      '/responses',
      tool('image_generation', { input_image_mask: { file_id: 'f' } }),
      'tools[0].input_image_mask.file_id',
    ],
    [
      '/responses',
      tool('image_generation', { output_format: 'svg', svg: { reasoning: { mode: 'pro' } } }),
      'tools[0].svg.reasoning.mode',
    ],
    ['/responses', tool('image_generation', { service_tier: 'priority' }), 'tools[0].service_tier'],
    [
      '/responses',
      tool('namespace', { name: 'n', tools: [{ type: 'function', name: 'f' }, { type: 'mcp' }] }),
      'tools[0].tools[1].server_url',
    ],
    [
      '/responses',
      { ...response, tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'file_search' }] } },
      'tool_choice.tools[0].type',
    ],
    [
      '/responses',
      item({ type: 'additional_tools', tools: [{ type: 'file_search' }] }),
      'input[1].tools[0].type',
    ],
    [
      '/responses',
      item({ type: 'tool_search_output', tools: [{ type: 'mcp' }] }),
      'input[1].tools[0].server_url',
    ],
    ['/responses', item({ type: 'item_reference', id: 'msg_1' }), 'input[1].type'],
    ['/responses', item({ id: 'msg_1' }), 'input[1].id'],
    ['/responses', item({ type: null, id: 'msg_1' }), 'input[1].id'],
    ['/responses', item({ type: 'web_search_call', id: 'ws_1' }), 'input[1].action.type'],
    [
      '/responses',
      item({ type: 'code_interpreter_call', id: 'ci_1', code: '1', container_id: 'cntr_1' }),
      'input[1].container_id',
    ],
    ['/responses', item({ type: 'reasoning', id: 'rs_1', summary: [] }), 'input[1].encrypted_content'],
    ['/responses', item({ type: 'image_generation_call', id: 'ig_1', result: null }), 'input[1].result'],
    [
      '/responses',
      item({ type: 'reasoning', id: 'rs_1', encrypted_content: '' }),
      'input[1].encrypted_content',
    ],
    ['/responses', item({ type: 'compaction', id: 'cmp_1' }), 'input[1].encrypted_content'],
    ['/responses', item({ type: 'image_generation_call', id: 'ig_1', result: '' }), 'input[1].result'],
    ['/responses', item({ id: 'msg_1', role: 'assistant' }), 'input[1].id'],
    ['/responses', item({ id: 'msg_1', role: 'assistant', content: [] }), 'input[1].id'],
    ['/responses', item({ id: 'fc_1', type: 'function_call', call_id: 'c', name: 'f' }), 'input[1].id'],
    [
      '/responses',
      item({ type: 'configuration_update', reasoning: { effort: 'low', mode: 'pro' } }),
      'input[1].reasoning.mode',
    ],
    ['/responses', item({ type: 'configuration_update', model: 'o1-pro' }), 'input[1].model'],
    ['/responses', item({ type: 'configuration_update', service_tier: 'priority' }), 'input[1].service_tier'],
    ['/responses', { ...response, tools: { web_search: {} } }, 'tools'],
    ['/responses', { ...response, tools: [{ web_search: {} }] }, 'tools[0].type'],
    ['/responses', item({ type: 'additional_tools', tools: [{ name: 'x' }] }), 'input[1].tools[0].type'],
    ['/responses', tool('namespace', { tools: [{ type: null }] }), 'tools[0].tools[0].type'],
    ['/chat/completions', { ...chat, tools: ['web_search'] }, 'tools[0].type'],
    [
      '/conversations',
      { items: [{ type: 'tool_search_output', tools: [{ mcp: {} }] }] },
      'items[0].tools[0].type',
    ],
    [
      '/responses',
      item({ role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] }),
      'input[1].content[0].file_id',
    ],
    [
      '/responses',
      item({ type: 'function_call_output', call_id: 'c', output: [{ type: 'input_image', file_id: 'f' }] }),
      'input[1].output[0].file_id',
    ],
    [
      '/responses',
      item({ type: 'shell_call', environment: { type: 'container_reference', container_id: 'c' } }),
      'input[1].environment.container_id',
    ],
    ['/responses', item({ type: ['item_reference'], id: 'm' }), 'input[1].type'],
    ['/responses/compact', { ...response, previous_response_id: 'resp_1' }, 'previous_response_id'],
    ['/responses/input_tokens', { ...response, conversation: 'conv_1' }, 'conversation'],
    ['/chat/completions', { ...chat, moderation: { model: 'omni' } }, 'moderation'],
    ['/chat/completions', { ...chat, plugins: [] }, 'plugins'],
    ['/chat/completions', { ...chat, api_base: 'http://evil.example' }, 'api_base'],
    ['/chat/completions', { ...chat, tools: [{ type: 'web_search' }] }, 'tools[0].type'],
    [
      '/chat/completions',
      { ...chat, messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] }] },
      'messages[0].content[0].file.file_id',
    ],
    [
      '/chat/completions',
      { ...chat, messages: [{ role: 'assistant', audio: { id: 'audio_1' } }] },
      'messages[0].audio.id',
    ],
    ['/chat/completions', { ...chat, audio: { format: 'wav', voice: { id: 'voice_1' } } }, 'audio.voice'],
    ['/audio/speech', { model: 'tts-1', input: 'Hi', voice: { id: 'voice_1' } }, 'voice'],
    ['/audio/speech', { model: 'tts-1', input: 'Hi', voice: 'voice_1' }, 'voice'],
    ['/embeddings', { model: 'm', input: 'x', base_url: 'http://evil.example' }, 'base_url'],
  ])('%s %j', (path, body, param) => {
    expect(apply(path, body)).toMatchObject({ kind: 'refused', param });
    const refusal = apply(path, body);
    if (refusal.kind === 'refused') expect(refusal.message.length).toBeGreaterThan(10);
  });

  it.each([
    ['ft:gpt-4o:acme::abc'],
    ['davinci:ft-acme-2023-05-01'],
    ['http://evil.example/gpt'],
    ['gpt-4o/../../files'],
    [' gpt-4o'],
  ])('the model %s', (model) => {
    expect(apply('/chat/completions', { ...chat, model })).toMatchObject({
      kind: 'refused',
      code: 'model_not_allowed',
      param: 'model',
    });
    expect(apply('/responses', { ...response, tools: [{ type: 'image_generation', model }] })).toMatchObject({
      code: 'model_not_allowed',
      param: 'tools[0].model',
    });
  });

  it('a model that is no string', () => {
    expect(apply('/chat/completions', { ...chat, model: ['gpt-4o'] })).toMatchObject({
      code: 'invalid_request',
    });
  });

  it('nesting deeper than any conversation', () => {
    let deep: unknown = {};
    for (let level = 0; level < 5_000; level += 1) deep = { content: [deep] };
    expect(apply('/responses', { ...response, input: [deep] })).toMatchObject({
      kind: 'refused',
      param: 'input',
    });
  });

  it('hosted tools under keys that only look like the prototype', () => {
    const body = JSON.parse(
      '{"model":"m","input":[{"role":"user","__proto__":{"type":"file_search"}}]}',
    ) as JsonObject;
    expect(apply('/responses', body)).toMatchObject({ param: 'input[0].__proto__.type' });
    const top = JSON.parse('{"model":"m","input":"x","__proto__":{"store":true}}') as JsonObject;
    expect(apply('/responses', top)).toMatchObject({ param: '__proto__' });
  });
});

describe('what goes on', () => {
  it('tools that the app runs itself, with schemas that are not looked into', () => {
    const parameters = {
      type: 'object',
      properties: { file_id: { type: 'string' }, container: { type: 'mcp' }, id: { type: 'integer' } },
    };
    const tools = [
      { type: 'function', name: 'f', parameters, strict: true },
      { type: 'custom', name: 'c', format: { type: 'grammar', syntax: 'lark', definition: 'x' } },
      { type: 'shell', environment: { type: 'local' } },
      { type: 'local_shell' },
      { type: 'apply_patch' },
      { type: 'computer' },
      { type: 'tool_search', execution: 'client' },
      {
        type: 'namespace',
        name: 'n',
        description: 'd',
        tools: [{ type: 'function', name: 'g', parameters }],
      },
    ];
    expect(checked('/responses', { ...response, tools }).body.tools).toEqual(tools);
    const chatTools = [{ type: 'function', function: { name: 'f', parameters } }];
    expect(checked('/chat/completions', { ...chat, tools: chatTools }).body.tools).toEqual(chatTools);
  });

  it('a conversation with everything that a model without hosted tools says', () => {
    const input = [
      { role: 'developer', content: 'Be kind' },
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'Hi' },
          { type: 'input_image', image_url: 'data:,' },
        ],
      },
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 't' }],
        encrypted_content: 'e',
      },
      { type: 'function_call', id: 'fc_1', call_id: 'c1', name: 'f', arguments: '{"file_id":"x"}' },
      { type: 'function_call_output', call_id: 'c1', output: '{}' },
      {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: 'Hello', annotations: [], logprobs: [] }],
      },
      {
        type: 'computer_call',
        id: 'cc',
        call_id: 'c2',
        action: { type: 'click', x: 1, y: 2, button: 'left' },
      },
      {
        type: 'local_shell_call',
        id: 'l',
        call_id: 'c3',
        action: { type: 'exec', command: [], env: { id: 'x' } },
      },
      { type: 'local_shell_call_output', id: 'c3', output: '' },
      { type: 'custom_tool_call', id: 'ctc', call_id: 'c4', name: 'x', input: 'y' },
      { type: 'apply_patch_call_output', id: 'apo', call_id: 'c5', status: 'completed' },
      { type: 'compaction', id: 'cmp', encrypted_content: 'e' },
      {
        type: 'configuration_update',
        id: 'cu',
        reasoning: { effort: 'low' },
        text: { format: { type: 'text' } },
      },
    ];
    expect(checked('/responses', { ...response, input }).body.input).toEqual(input);
  });

  it('needs a further scope for speech and for pictures', () => {
    const audio = { ...chat, modalities: ['text', 'audio'], audio: { format: 'wav', voice: 'alloy' } };
    expect(checked('/chat/completions', audio).scopes).toEqual(['openai:audio.speech']);
    const picture = { ...response, tools: [{ type: 'image_generation', model: 'gpt-image-2' }] };
    expect(checked('/responses', picture)).toMatchObject({
      scopes: ['openai:images'],
      otherModels: ['gpt-image-2'],
      model: 'gpt-5',
    });
    const hidden = {
      ...response,
      input: [{ type: 'additional_tools', tools: [{ type: 'image_generation' }] }],
    };
    expect(checked('/responses', hidden).scopes).toEqual(['openai:images']);
  });

  it('tells every model that the call makes use of, and where it stands first', () => {
    const tools = [
      { type: 'image_generation', model: 'gpt-image-2' },
      { type: 'namespace', tools: [{ type: 'image_generation', model: 'gpt-image-2' }] },
      { type: 'image_generation', svg: { model: 'gpt-4o' } },
    ];
    const tool_choice = { type: 'image_generation' };
    expect([...checked('/responses', { ...response, tools, tool_choice }).usedModels]).toEqual([
      ['gpt-5', 'model'],
      [null, 'tools[2].model'],
      ['gpt-image-2', 'tools[0].model'],
      ['gpt-4o', 'tools[2].svg.model'],
    ]);
    expect([...checked('/moderations', { input: 'Hi' }).usedModels]).toEqual([[null, 'model']]);
    expect([...checked('/images/generations', { model: 'm', svg: { model: 'n' } }).usedModels]).toEqual([
      ['m', 'model'],
      ['n', 'svg.model'],
    ]);
    expect([...checked('/images/edits', { model: 'm', 'svg[model]': 'n' }).usedModels]).toEqual([
      ['m', 'model'],
      ['n', 'svg[model]'],
    ]);
  });

  it.each([
    ['/images/generations', {}, 'svg.model'],
    ['/images/generations', { svg: { reasoning: {} } }, 'svg.model'],
    ['/images/edits', {}, 'svg[model]'],
  ])('tells of the author of a drawing that nobody names, at %s with %j', (path, author, place) => {
    const drawn = (format: string | null) =>
      checked(path, { model: 'm', output_format: format, ...author }).usedModels.get(null);
    expect(drawn('svg')).toBe(place);
    expect([drawn('png'), drawn(null)]).toEqual([undefined, undefined]);
  });

  it('tells of the author that a tool leaves to the provider', () => {
    const tool = { type: 'image_generation', model: 'gpt-image-2', output_format: 'svg' };
    const placeIn = (...tools: object[]) =>
      checked('/responses', { ...response, tools }).usedModels.get(null);
    expect(placeIn({ ...tool, output_format: 'png' }, tool)).toBe('tools[1].svg.model');
    expect(placeIn({ ...tool, svg: { model: 'gpt-5' } })).toBeUndefined();
  });

  it('leaves the body that came in as it was', () => {
    const body = Object.freeze({ ...chat, stream: true, store: true, user: 'u' });
    checked('/chat/completions', body);
    expect(body.store).toBe(true);
  });
});
