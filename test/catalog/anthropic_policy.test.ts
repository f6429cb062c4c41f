import { describe, expect, it } from 'vitest';
import { findProvider } from '../../src/catalog/catalog.ts';
import { applyPolicy } from '../../src/catalog/policy.ts';
import type { JsonObject } from '../../src/lib/json.ts';

const anthropic = findProvider('anthropic') ?? expect.fail();
const context = { models: anthropic.models, pseudonym: 'pseudonym-of-the-grant' };

function apply(path: string, body: JsonObject) {
  const route = anthropic.routes.find((candidate) => candidate.path === path);
  if (!route || route.body.kind === 'none') throw new Error(path);
  return applyPolicy(route.body.fields, body, context);
}

function checked(body: JsonObject, path = '/v1/messages') {
  const result = apply(path, body);
  if (result.kind === 'refused') throw new Error(`${result.param}: ${result.message}`);
  return result;
}

const message = { model: 'claude-opus-5', max_tokens: 100, messages: [{ role: 'user', content: 'Hi' }] };

describe('what is forced on a message', () => {
  it.each([[undefined], [null], [{}], [{ user_id: 'ada' }], [{ user_id: null }]])(
    'is the pseudonym of the grant, whatever metadata says: %j',
    (metadata) => {
      expect(checked({ ...message, metadata }).body.metadata).toEqual({ user_id: 'pseudonym-of-the-grant' });
    },
  );

  it.each([[undefined], [null], ['auto'], ['priority']])('is the standard tier in place of %s', (tier) => {
    expect(checked({ ...message, service_tier: tier }).body.service_tier).toBe('standard_only');
  });

  it('is nothing where tokens are only counted', () => {
    const { model, messages } = message;
    expect(checked({ model, messages }, '/v1/messages/count_tokens').body).toEqual({ model, messages });
  });
});

describe('what a message may not hold', () => {
  const tool = (type: string, rest: object = {}) => ({ ...message, tools: [{ type, name: 't', ...rest }] });
  const block = (value: object) => ({ ...message, messages: [{ role: 'user', content: [value] }] });

  it.each<[JsonObject, string]>([
    [{ ...message, mcp_servers: [{ type: 'stdio', name: 'a' }] }, 'mcp_servers[0].type'],
    [{ ...message, mcp_servers: [{ type: 'url', tunnel_id: 'a' }] }, 'mcp_servers[0].tunnel_id'],
    [{ ...message, fallbacks: [{ model: 'claude-opus-5-5' }] }, 'fallbacks'],
    [{ ...message, fallbacks: 'default' }, 'fallbacks'],
    [{ ...message, fallback_credit_token: 'fct_1' }, 'fallback_credit_token'],
    [{ ...message, container: 'container_1' }, 'container'],
    [{ ...message, container: { skills: [{ type: 'custom', skill_id: 's' }] } }, 'container'],
    [{ ...message, thread: { type: 'continue', previous_message_id: 'msg_1' } }, 'thread'],
    [{ ...message, thread: { type: 'create' } }, 'thread'],
    [{ ...message, diagnostics: { previous_message_id: 'msg_1' } }, 'diagnostics'],
    [{ ...message, context_management: { edits: [{ type: 'compact_20260112' }] } }, 'context_management'],
    [{ ...message, compaction: { type: 'summarize' } }, 'compaction'],
    [{ ...message, billing_policy: { bill_to: 'x' } }, 'billing_policy'],
    [{ ...message, user_profile_id: 'uprof_1' }, 'user_profile_id'],
    [{ ...message, workspace_id: 'wrkspc_1' }, 'workspace_id'],
    [{ ...message, inference_geo: 'us' }, 'inference_geo'],
    [{ ...message, speed: 'fast' }, 'speed'],
    [{ ...message, betas: ['fast-mode-2026-02-01'] }, 'betas'],
    [{ ...message, stream: 'true' }, 'stream'],
    [{ ...message, metadata: { user_id: 'u', session: 's' } }, 'metadata.session'],
    [{ ...message, something_new: 1 }, 'something_new'],
    [tool('web_search_20260318', { file_id: 'file_1' }), 'tools[0].file_id'],
    [tool('web_search_20990101'), 'tools[0].type'],
    [tool('code_execution_20260521', { container: 'container_1' }), 'tools[0].container'],
    [tool('tool_search_tool_bm25_20251119'), 'tools[0].type'],
    [tool('tool_search_tool_regex'), 'tools[0].type'],
    [block({ type: 'code_execution_20260521', name: 'code_execution' }), 'messages[0].content[0].name'],
    [block({ type: 'mcp_toolset', mcp_server_name: 'a' }), 'messages[0].content[0].type'],
    [tool('advisor_20260301', { model: 'claude-opus-5-5' }), 'tools[0].type'],
    [tool('bash_20990101'), 'tools[0].type'],
    [tool('custom', { model: 'claude-opus-5-5' }), 'tools[0].model'],
    [
      block({ type: 'image', source: { type: 'file', file_id: 'file_1' } }),
      'messages[0].content[0].source.type',
    ],
    [block({ type: 'document', source: { file_id: 'file_1' } }), 'messages[0].content[0].source.file_id'],
    [block({ type: 'container_upload', file_id: 'file_1' }), 'messages[0].content[0].type'],
    [
      block({
        type: 'code_execution_tool_result',
        content: {
          type: 'code_execution_result',
          content: [{ type: 'code_execution_output', file_id: 'f' }],
        },
      }),
      'messages[0].content[0].content.content[0].file_id',
    ],
    [block({ type: 'compaction', content: 'x' }), 'messages[0].content[0].type'],
    [block({ type: 'fallback' }), 'messages[0].content[0].type'],
    [
      block({ type: 'tool_addition', tools: [{ type: 'web_search_20260318' }] }),
      'messages[0].content[0].type',
    ],
  ])('%j', (body, param) => {
    expect(apply('/v1/messages', body)).toMatchObject({ kind: 'refused', code: 'field_not_allowed', param });
  });

  it('is not in what tokens are counted of either', () => {
    const { model, messages } = message;
    const body = { model, messages, tools: [{ type: 'advisor_20260301' }] };
    expect(apply('/v1/messages/count_tokens', body)).toMatchObject({ param: 'tools[0].type' });
  });

  it('is a model by a name that no model can have', () => {
    for (const model of ['claude opus', '../x', 'm'.repeat(129), '']) {
      expect(apply('/v1/messages', { ...message, model })).toMatchObject({ code: 'model_not_allowed' });
    }
  });
});

describe('what a message may hold', () => {
  it.each<[string, JsonObject]>([
    [
      'a conversation with everything that apps send themselves',
      {
        ...message,
        system: [{ type: 'text', text: 'Be brief', cache_control: { type: 'ephemeral', ttl: '1h' } }],
        cache_control: { type: 'ephemeral' },
        messages: [
          {
            role: 'user',
            content: [
              { type: 'image', source: { type: 'url', url: 'https://a.example/x.png' } },
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aa' } },
              { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'x' } },
              { type: 'document', source: { type: 'content', content: [{ type: 'text', text: 'x' }] } },
              { type: 'search_result', source: 's', title: 't', content: [{ type: 'text', text: 'x' }] },
            ],
          },
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 'hm', signature: 's' },
              { type: 'redacted_thinking', data: 'x' },
              {
                type: 'text',
                text: 'x',
                citations: [{ type: 'char_location', cited_text: 'x', document_index: 0 }],
              },
              { type: 'tool_use', id: 'toolu_1', name: 'f', input: { type: 'web_search', model: 'x' } },
            ],
          },
          {
            role: 'user',
            content: [
              { type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'text', text: 'x' }] },
            ],
          },
          { role: 'system', content: 'Go on' },
        ],
      },
    ],
    [
      'tools that the app runs itself, with schemas of any form',
      {
        ...message,
        tools: [
          { name: 'f', input_schema: { type: 'object', properties: { model: { type: 'string' } } } },
          { type: 'custom', name: 'g', input_schema: { type: 'object' }, input_examples: [{ file_id: 'x' }] },
          { type: 'bash_20250124', name: 'bash' },
          { type: 'text_editor_20250728', name: 'str_replace_based_edit_tool' },
          { type: 'memory_20250818', name: 'memory' },
          { type: 'computer_toolset_20260801', configs: { type: { enabled: false } } },
        ],
        tool_choice: { type: 'tool', name: 'f' },
      },
    ],
    [
      'a schema to answer in, and how much to think',
      {
        ...message,
        output_config: { effort: 'high', format: { type: 'json_schema', schema: { type: 'array' } } },
        thinking: { type: 'enabled', budget_tokens: 1024 },
        speed: 'standard',
        temperature: 0.5,
        top_k: 5,
        top_p: 0.5,
        stop_sequences: ['x'],
        stream: true,
      },
    ],
  ])('is %s', (_, body) => {
    const result = checked(body);
    expect(result.body).toEqual({
      ...body,
      metadata: { user_id: 'pseudonym-of-the-grant' },
      service_tier: 'standard_only',
    });
    expect(result).toMatchObject({
      scopes: [],
      otherModels: [],
      usageIsExtra: false,
      model: 'claude-opus-5',
    });
  });
});
