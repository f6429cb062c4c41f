import { describe, expect, it } from 'vitest';
import { match } from '../../src/catalog/match.ts';
import { applyPolicy, type CheckedBody } from '../../src/catalog/policy.ts';
import { featureHeaders } from '../../src/catalog/provider.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { providerNamed } from '../support/broker.ts';

function checked(name: string, path: string, body: JsonObject, granted: readonly string[] = []): CheckedBody {
  const provider = providerNamed(name);
  const found = match(provider, 'POST', path);
  if (found?.route.body.kind !== 'json') throw new Error(path);
  const context = { models: provider.models, pseudonym: 'pseudonym', pathModel: found.model, granted };
  const result = applyPolicy(found.route.body.fields, body, context);
  if (result.kind === 'refused') throw new Error(`${result.param}: ${result.message}`);
  return result;
}

const response = (rest: JsonObject) =>
  checked('openai', '/responses', { model: 'gpt-5', input: 'Hi', ...rest });
const message = (rest: JsonObject) => {
  const messages = [{ role: 'user', content: 'Hi' }];
  return checked('anthropic', '/v1/messages', { model: 'claude-opus-5', max_tokens: 9, messages, ...rest });
};

describe('how often tools of the provider are used in one call', () => {
  const tools = [{ type: 'web_search' }];

  it.each([
    [undefined, 10],
    [null, 10],
    [3, 3],
    [0, 0],
    [11, 10],
    [Number.MAX_SAFE_INTEGER, 10],
  ])('is bounded for all tools of OpenAI together: %s becomes %i', (asked, most) => {
    const result = response({ tools, max_tool_calls: asked });
    expect(result.body.max_tool_calls).toBe(most);
    expect(result.hostedTools).toMatchObject([{ unit: 'web_searches', most }]);
  });

  it.each([
    [{ tools: [{ type: 'code_interpreter' }] }],
    [{ tools: [{ type: 'mcp', server_label: 'a', server_url: 'https://a.example' }] }],
    [{ tools: [{ type: 'shell', environment: { type: 'container_auto' } }] }],
    [{ tools: [{ type: 'image_generation' }] }],
    [{ tools: [{ type: 'namespace', name: 'n', tools }] }],
    [{ input: [{ type: 'additional_tools', tools }] }],
    [{ input: [{ type: 'tool_search_output', tools }] }],
  ])('is bounded wherever they are offered: %j', (rest) => {
    expect(response(rest).body.max_tool_calls).toBe(10);
  });

  it('is bounded for the search of files, too', () => {
    const search = [{ type: 'file_search', vector_store_ids: ['vs_1'] }];
    const body = { model: 'gpt-5', input: 'Hi', tools: search };
    const result = checked('openai', '/responses', body, ['openai:files']);
    expect(result.body.max_tool_calls).toBe(10);
    expect(result.hostedTools).toMatchObject([{ unit: 'storage_searches', most: 10 }]);
  });

  it('is left alone where the app runs every tool itself', () => {
    const own = [
      { type: 'shell', environment: { type: 'local' } },
      { type: 'function', name: 'f' },
    ];
    expect(response({ tools: own }).body).not.toHaveProperty('max_tool_calls');
    expect(response({ tools: own, max_tool_calls: 99 }).body.max_tool_calls).toBe(99);
  });

  it('is not said where tokens are only counted', () => {
    const { body } = checked('openai', '/responses/input_tokens', { model: 'gpt-5', input: 'Hi', tools });
    expect(body).not.toHaveProperty('max_tool_calls');
  });

  it.each([
    [undefined, 10],
    [null, 10],
    [3, 3],
    [11, 10],
  ])('is bounded for each tool of Anthropic: %s becomes %i', (max_uses, most) => {
    const named = { type: 'web_search_20250305', name: 'web_search', max_uses };
    const result = message({ tools: [named, { type: 'web_fetch_20250910', name: 'web_fetch' }] });
    expect(result.body.tools).toMatchObject([{ max_uses: most }, { max_uses: 10 }]);
    expect(result.hostedTools).toMatchObject([
      { unit: 'web_searches', most },
      { unit: 'web_fetches', most: 10 },
    ]);
  });

  it.each([-1, 1.5, '3', [3], {}])('is refused where it is no number of times: %j', (max_uses) => {
    const tools = [{ type: 'web_search_20250305', name: 'web_search', max_uses }];
    expect(() => message({ tools })).toThrow('tools[0].max_uses must be a whole number');
  });

  it('is up to the broker where the app leaves it open', () => {
    const chosen = (name: string, path: string, body: JsonObject) => {
      const route = match(providerNamed(name), 'POST', path)?.route;
      if (route?.body.kind !== 'json') throw new Error(path);
      const context = { models: providerNamed(name).models, pseudonym: 'pseudonym', toolUses: 2 };
      const result = applyPolicy(route.body.fields, body, context);
      return result.kind === 'checked' ? result : expect.fail(result.message);
    };
    const more = [...tools, { type: 'code_interpreter' }];
    const open = chosen('openai', '/responses', { model: 'gpt-5', input: 'Hi', tools: more });
    expect(open.body.max_tool_calls).toBe(2);
    expect(open.hostedTools).toMatchObject([
      { most: 2, isOpen: true },
      { most: 2, isOpen: true },
    ]);
    const said = chosen('openai', '/responses', { model: 'gpt-5', input: 'Hi', tools, max_tool_calls: 7 });
    expect(said.body.max_tool_calls).toBe(7);
    expect(said.hostedTools[0]).not.toHaveProperty('isOpen');
    const uses = [{ max_uses: 7 }, {}].map((rest) => ({ type: 'web_search_20250305', name: 's', ...rest }));
    const each = chosen('anthropic', '/v1/messages', {
      model: 'a',
      max_tokens: 9,
      messages: [],
      tools: uses,
    });
    expect(each.body.tools).toMatchObject([{ max_uses: 7 }, { max_uses: 2 }]);
  });

  it.each([
    [undefined, 10],
    [3, 3],
    [1000, 10],
  ])('is bounded for each plugin of OpenRouter: %s becomes %i', (max_uses, most) => {
    const body = { model: 'openai/gpt-5', messages: [], plugins: [{ id: 'web', max_uses }, { id: 'web' }] };
    const result = checked('openrouter', '/chat/completions', body);
    expect(result.body.plugins).toEqual([
      { id: 'web', max_uses: most },
      { id: 'web', max_uses: 10 },
    ]);
    expect(result.hostedTools).toMatchObject([{ most }, { most: 10 }]);
    const wrong = { ...body, plugins: [{ id: 'web', max_uses: '1000' }] };
    expect(() => checked('openrouter', '/chat/completions', wrong)).toThrow('plugins[0].max_uses');
  });

  it.each([
    'openai/gpt-5:online',
    'openai/gpt-5:online:free',
    'openai/gpt-5:ONLINE:nitro',
    'a/b:free:online',
  ])('is told of the model %s, which searches', (model) => {
    const result = checked('openrouter', '/chat/completions', { model, messages: [] });
    expect(result).toMatchObject({ scopes: ['openrouter:tools.web'], hostedTools: [{ most: null }] });
  });

  it('is told where nothing bounds it', () => {
    const { hostedTools } = checked('gemini', '/v1/models/gemini-2.5-flash:generateContent', {
      contents: [],
      tools: [{ googleSearch: {} }],
    });
    expect(hostedTools).toMatchObject([{ unit: 'web_searches', most: null }]);
  });
});

describe('what goes on of a tool that runs at the provider', () => {
  const disabled = { type: 'disabled' };

  it.each<[string, JsonObject, JsonObject]>([
    [
      'a container of its own, cut off from the network',
      { type: 'code_interpreter', container: { type: 'auto', memory_limit: '4g' } },
      {
        type: 'code_interpreter',
        container: { type: 'auto', memory_limit: '4g', network_policy: disabled },
      },
    ],
    [
      'the same where none was named',
      { type: 'code_interpreter' },
      { type: 'code_interpreter', container: { type: 'auto', network_policy: disabled } },
    ],
    [
      'a shell without skills, secrets and network',
      {
        type: 'shell',
        environment: {
          type: 'container_auto',
          skills: [{ type: 'skill_reference', skill_id: 'skill_1' }],
          network_policy: {
            type: 'allowlist',
            allowed_domains: ['a.example'],
            domain_secrets: [{ domain: 'a.example', name: 'TOKEN', value: 'x' }],
          },
        },
      },
      { type: 'shell', environment: { type: 'container_auto', network_policy: disabled } },
    ],
    [
      "a server with the app's own keys for it",
      {
        type: 'mcp',
        server_label: 'a',
        server_url: 'https://a.example/mcp',
        authorization: 'token',
        headers: { type: 'mcp', container: 'x' },
        require_approval: 'never',
        allowed_tools: ['search'],
      },
      {
        type: 'mcp',
        server_label: 'a',
        server_url: 'https://a.example/mcp',
        authorization: 'token',
        headers: { type: 'mcp', container: 'x' },
        require_approval: 'never',
        allowed_tools: ['search'],
      },
    ],
  ])('is %s', (_, tool, sent) => {
    const own = { type: 'function', name: 'f', parameters: { type: 'object' } };
    const body = { tools: [own, { type: 'namespace', name: 'n', tools: [tool] }] };
    const before = structuredClone(body);
    expect(response(body).body.tools).toEqual([own, { type: 'namespace', name: 'n', tools: [sent] }]);
    expect(body).toEqual(before);
  });

  it('leaves a schema of any depth beside it as it is', () => {
    let deep: unknown = {};
    for (let level = 0; level < 20_000; level += 1) deep = { properties: deep };
    const own = { type: 'function', name: 'f', parameters: deep };
    const { body } = response({ tools: [own, { type: 'code_interpreter' }] });
    expect((body.tools as JsonObject[])[0]?.parameters).toBe(deep);
  });
});

describe('files in a container', () => {
  it('are those that the call says it names', () => {
    const container = { type: 'auto', file_ids: ['file-1'] };
    const body = { model: 'gpt-5', input: 'Hi', tools: [{ type: 'code_interpreter', container }] };
    expect(checked('openai', '/responses', body, ['openai:files']).objects).toMatchObject([
      { kind: 'file', id: 'file-1', param: 'tools[0].container.file_ids' },
    ]);
  });
});

describe('what tools of the provider have left in a conversation', () => {
  it('comes back to OpenAI as it was', () => {
    const input = [
      {
        type: 'web_search_call',
        id: 'ws_1',
        status: 'completed',
        action: { type: 'search', queries: ['x'], sources: [{ type: 'url', url: 'https://a.example' }] },
      },
      {
        type: 'mcp_list_tools',
        id: 'mcpl_1',
        server_label: 'a',
        tools: [{ name: 'search', input_schema: { type: 'object' }, annotations: { type: 'x' } }],
      },
      { type: 'mcp_approval_request', id: 'mcpr_1', server_label: 'a', name: 'search', arguments: '{}' },
      { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: true },
      { type: 'mcp_call', id: 'mcp_1', server_label: 'a', name: 'search', arguments: '{}', output: 'x' },
    ];
    const result = response({ input });
    expect(result.body.input).toEqual(input);
    expect(result.scopes).toEqual(['openai:tools.mcp']);
    expect(response({ input: input.slice(0, 1) }).scopes).toEqual([]);
  });

  it('comes back to Anthropic as it was', () => {
    const caller = { type: 'code_execution_20260120', tool_id: 'srvtoolu_0' };
    const content = [
      { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' }, caller },
      {
        type: 'web_search_tool_result',
        tool_use_id: 'srvtoolu_1',
        content: [
          { type: 'web_search_result', url: 'https://a.example', title: 't', encrypted_content: 'x' },
        ],
      },
      {
        type: 'code_execution_tool_result',
        tool_use_id: 'srvtoolu_2',
        content: {
          type: 'code_execution_result',
          stdout: 'x',
          stderr: '',
          return_code: 0,
          content: [],
        },
      },
      {
        type: 'text',
        text: 'x',
        citations: [{ type: 'web_search_result_location', cited_text: 'x', url: 'https://a.example' }],
      },
    ];
    const messages = [{ role: 'assistant', content }];
    const result = message({ messages });
    expect(result.body.messages).toEqual(messages);
    expect(result.scopes).toEqual([]);
    const served = { type: 'mcp_tool_use', id: 'mcptoolu_1', name: 'x', server_name: 'a', input: {} };
    expect(message({ messages: [{ role: 'assistant', content: [served] }] }).scopes).toEqual([
      'anthropic:tools.mcp',
    ]);
  });
});

describe('a feature in beta', () => {
  const sent = { 'anthropic-beta': 'files-api-2025-04-14, mcp-client-2025-11-20' };
  const beta = (headers: JsonObject, scopes: readonly string[]) =>
    new Map(featureHeaders(providerNamed('anthropic'), headers, scopes)).get('anthropic-beta');

  it('is switched on in a call that needs its scope, and no other with it', () => {
    expect(beta(sent, ['anthropic:tools.mcp'])).toBe('mcp-client-2025-11-20');
    expect(beta(sent, ['anthropic:tools.web'])).toBeUndefined();
    expect(beta(sent, [])).toBeUndefined();
    expect(beta({ 'anthropic-beta': 'toString' }, ['anthropic:tools.mcp'])).toBeUndefined();
  });
});
