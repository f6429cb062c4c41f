import { expect } from 'vitest';
import type { JsonObject } from '../../../src/lib/json.ts';
import type { PowerField, Row } from './power_fields.ts';

const pseudonym = expect.stringMatching(/^[\w-]{40,}$/);
const disabled = { type: 'disabled' };

const response = (body: JsonObject, row: Row): PowerField => ({
  provider: 'openai',
  path: '/responses',
  body: { model: 'gpt-5', input: 'Hi', ...body },
  ...row,
});
const chat = (body: JsonObject, row: Row): PowerField => ({
  provider: 'openai',
  path: '/chat/completions',
  body: { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }], ...body },
  ...row,
});
const tool = (type: string, fields: JsonObject, row: Omit<Row, 'what'> & { readonly what?: string }) =>
  response({ tools: [{ type, ...fields }] }, { what: `the tool ${type}`, ...row });
const item = (fields: JsonObject, row: Row) =>
  response({ input: [{ role: 'user', content: 'Hi' }, fields] }, row);

const web = ['tools.web'];
const code = ['tools.code'];
const servers = ['tools.mcp'];

const searches = [
  'web_search',
  'web_search_2025_08_26',
  'web_search_preview',
  'web_search_preview_2025_03_11',
];
const asked = { type: 'mcp_approval_request', id: 'mcpr_1', server_label: 'a', name: 'n', arguments: '{}' };
const approval = { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: true };
const server = { server_label: 'a', server_url: 'https://a.example/mcp' };
const own = [
  ['computer', {}],
  ['computer_use_preview', { display_width: 1, display_height: 1, environment: 'linux' }],
  ['local_shell', {}],
  ['apply_patch', {}],
  ['custom', { name: 'c' }],
  ['function', { name: 'f', parameters: {} }],
  ['shell', { environment: { type: 'local' } }],
  ['tool_search', { execution: 'client' }],
  ['namespace', { name: 'n', tools: [] }],
] as const;

export const openaiFields: readonly PowerField[] = [
  response({}, { what: 'store, left out', neutral: { store: false } }),
  response({ store: true }, { what: 'store', neutral: { store: false } }),
  response({ background: true }, { what: 'background', needs: ['state'] }),
  response({ previous_response_id: 'resp_1' }, { what: 'an earlier response' }),
  response({ conversation: 'conv_1' }, { what: 'a stored conversation' }),
  item({ type: 'item_reference', id: 'msg_1' }, { what: 'a stored item' }),
  item({ id: 'msg_1' }, { what: 'a stored item without its type' }),
  response(
    { prompt_cache_options: { comparison_response_id: 'resp_1' } },
    { what: 'a response to compare with' },
  ),
  response({ reasoning: { mode: 'pro' } }, { what: 'the dearer mode of reasoning' }),
  response({ prompt_cache_options: { ttl: '12h' } }, { what: 'a cache for longer' }),
  item(
    {
      role: 'user',
      content: [
        { type: 'input_text', text: 'Hi', prompt_cache_breakpoint: { mode: 'explicit', ttl: '12h' } },
      ],
    },
    { what: 'a part of the cache for longer' },
  ),
  item({ id: 'msg_1', role: 'assistant' }, { what: 'a stored message' }),
  item({ type: 'reasoning', id: 'rs_1', encrypted_content: '' }, { what: 'stored reasoning' }),
  item({ type: 'compaction', id: 'cmp_1' }, { what: 'a stored summary' }),
  item({ type: 'image_generation_call', id: 'ig_1', result: '' }, { what: 'a stored picture' }),
  item(
    { type: 'configuration_update', reasoning: { effort: 'high', mode: 'pro' } },
    { what: 'the dearer mode of reasoning from here on' },
  ),
  response({ tools: [{ web_search: {} }] }, { what: 'a tool without a type' }),
  response({ prompt: { id: 'pmpt_1', version: '2' } }, { what: 'a stored prompt' }),
  ...searches.map((type) => tool(type, {}, { needs: web, sent: { tools: [{ type }], max_tool_calls: 10 } })),
  tool(
    'code_interpreter',
    { container: { type: 'auto', network_policy: { type: 'allowlist', allowed_domains: ['a.example'] } } },
    {
      needs: code,
      sent: { tools: [{ container: { type: 'auto', network_policy: disabled } }], max_tool_calls: 10 },
    },
  ),
  tool('code_interpreter', { container: 'cntr_1' }, { what: 'the container of another' }),
  tool(
    'code_interpreter',
    { container: { type: 'auto', file_ids: ['file-1'] } },
    { what: 'files in a container' },
  ),
  tool(
    'code_interpreter',
    { container: { type: 'auto', memory_limit: '64g' } },
    { what: 'a large container' },
  ),
  tool(
    'shell',
    {
      environment: {
        type: 'container_auto',
        skills: [{ type: 'skill_reference', skill_id: 'skill_1' }],
        network_policy: {
          type: 'allowlist',
          allowed_domains: ['a.example'],
          domain_secrets: [{ domain: 'a.example', name: 'TOKEN', value: 'secret' }],
        },
      },
    },
    {
      what: 'a shell in a container',
      needs: code,
      sent: {
        tools: [{ type: 'shell', environment: { type: 'container_auto', network_policy: disabled } }],
        max_tool_calls: 10,
      },
    },
  ),
  tool(
    'shell',
    { environment: { type: 'container_reference', container_id: 'cntr_1' } },
    { what: 'a shell in the container of another' },
  ),
  tool('file_search', { vector_store_ids: ['vs_1'] }, {}),
  tool('mcp', server, { needs: servers }),
  tool(
    'mcp',
    { ...server, authorization: 'token', headers: { 'x-key': 'k' }, require_approval: 'never' },
    { what: 'a server that is called without approval', needs: servers },
  ),
  tool('mcp', { server_label: 'a', connector_id: 'connector_gmail' }, { what: 'a connected service' }),
  tool(
    'mcp',
    { ...server, connector_id: 'connector_gmail' },
    { what: 'a connected service beside a server' },
  ),
  tool('mcp', { server_label: 'a', tunnel_id: 'tunnel_1' }, { what: 'a tunnel' }),
  tool('image_generation', { model: 'gpt-image-2' }, { needs: ['images'] }),
  tool(
    'image_generation',
    { output_format: 'svg', svg: { model: 'gpt-5' } },
    { what: 'a model that draws', needs: ['images'] },
  ),
  tool(
    'image_generation',
    { output_format: 'svg', svg: { reasoning: { mode: 'pro' } } },
    { what: 'the dearer mode of reasoning about a drawing' },
  ),
  tool('image_generation', { input_image_mask: { file_id: 'file-1' } }, { what: 'a file as a mask' }),
  ...own.map(([type, fields]) => tool(type, fields, { neutral: { tools: [{ type, ...fields }] } })),
  tool('tool_search', { execution: 'server' }, { what: 'a search for tools at the provider' }),
  tool('programmatic_tool_calling', {}, {}),
  response({ multi_agent: { enabled: true } }, { what: 'several agents' }),
  ...(['additional_tools', 'tool_search_output'] as const).flatMap((type) => [
    item(
      { type, role: 'developer', tools: [{ type: 'web_search' }] },
      { what: `a search within ${type}`, needs: web },
    ),
    item(
      { type, role: 'developer', tools: [{ type: 'namespace', tools: [{ type: 'mcp', ...server }] }] },
      { what: `a server within ${type}`, needs: servers },
    ),
    item(
      {
        type,
        role: 'developer',
        tools: [{ type: 'mcp', server_label: 'a', connector_id: 'connector_gmail' }],
      },
      { what: `a connected service within ${type}` },
    ),
  ]),
  response({ tool_choice: { type: 'web_search_preview' } }, { what: 'a search as the choice', needs: web }),
  response({ input: [asked, approval] }, { what: 'an approval', needs: servers }),
  item(approval, { what: 'an approval of what is not there' }),
  item(
    { type: 'code_interpreter_call', id: 'ci_1', container_id: 'cntr_1', code: '', outputs: [] },
    { what: 'the container of an earlier call' },
  ),
  item(
    { role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] },
    { what: 'a file of the user' },
  ),
  item(
    { role: 'user', content: [{ type: 'input_image', file_id: 'file-1' }] },
    { what: 'a picture of the user' },
  ),
  item(
    {
      role: 'user',
      content: [
        { type: 'input_file', file_url: 'https://a.example/f' },
        { type: 'input_image', image_url: 'https://a.example/i' },
      ],
    },
    {
      what: 'addresses of files and pictures',
      neutral: { input: [{}, { content: [{ file_url: 'https://a.example/f' }, {}] }] },
    },
  ),
  response({ service_tier: 'auto' }, { what: 'service_tier auto', neutral: { service_tier: 'default' } }),
  response({ service_tier: 'flex' }, { what: 'service_tier flex', neutral: { service_tier: 'flex' } }),
  ...['fast', 'priority', 'ultrafast', 'scale'].map((service_tier) =>
    response({ service_tier }, { what: `service_tier ${service_tier}` }),
  ),
  response({ access_programs: { cyber: 'daybreak_red' } }, { what: 'access_programs' }),
  response({ moderation: { model: 'omni-moderation-latest' } }, { what: 'moderation' }),
  response({ context_management: [{ type: 'compaction' }] }, { what: 'context_management' }),
  response(
    { safety_identifier: 'a', user: 'b', prompt_cache_key: 'c' },
    {
      what: 'what tells users apart',
      neutral: {
        safety_identifier: pseudonym,
        user: pseudonym,
        prompt_cache_key: pseudonym,
      },
    },
  ),
  response({ model: 'o3-deep-research' }, { what: 'a model that searches for long', needs: web }),
  chat({ model: 'gpt-5-search-api' }, { what: 'a model that searches', needs: web }),
  chat({ model: 'gpt-4o-search-preview' }, { what: 'an older model that searches', needs: web }),
  chat({ web_search_options: { search_context_size: 'low' } }, { what: 'web_search_options', needs: web }),
  chat({ store: true, metadata: { a: 'b' } }, { what: 'store of a chat', neutral: { store: false } }),
  chat(
    { modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } },
    { what: 'speech in a chat', needs: ['audio.speech'] },
  ),
  chat(
    { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-1' } }] }] },
    { what: 'a file of the user in a chat' },
  ),
  chat({ messages: [{ role: 'assistant', audio: { id: 'audio_1' } }] }, { what: 'stored sound in a chat' }),
  chat(
    { stream: true, stream_options: { include_usage: false } },
    { what: 'a stream that hides its usage', neutral: { stream_options: { include_usage: true } } },
  ),
  ...['/batches', '/files', '/videos', '/vector_stores', '/containers', '/conversations'].map((path) => ({
    ...response({}, { what: path }),
    path,
  })),
];
