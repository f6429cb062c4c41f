import type { FieldRule, FieldRules, TreeRules, TypeRule } from '../fields.ts';
import type { HostedTool } from '../hosted_tool.ts';
import { allowAll, types } from './openai_common_fields.ts';

/** Anthropic's tools that run at the provider, and what they leave in a conversation. */

const web = 'anthropic:tools.web';
const code = 'anthropic:tools.code';
const servers = 'anthropic:tools.mcp';

const common = allowAll('type', 'name', 'allowed_callers', 'cache_control', 'defer_loading', 'strict');

/** A tool for the web. Its uses are bounded, each tool by itself. */
const webTool = (unit: string, fields: FieldRules, fee?: HostedTool['fee']): TypeRule => ({
  scope: web,
  hosted: {
    unit,
    most: 10,
    by: { of: 'tool', field: 'max_uses' },
    isSilent: true,
    isReadLater: true,
    ...(fee && { fee }),
  },
  fields: {
    ...common,
    ...allowAll('allowed_domains', 'blocked_domains', 'max_uses', 'response_inclusion'),
    ...fields,
  },
});

const webSearch = webTool('web_searches', allowAll('user_location'), { nanoUsd: 10_000_000, per: 'use' });
const webFetch = webTool(
  'web_fetches',
  allowAll('citations', 'max_content_tokens', 'url_sources', 'use_cache'),
);

/** Paid by the hour of a container. After ten rounds of tools the provider ends its turn by itself. */
const codeExecution: TypeRule = {
  scope: code,
  hosted: { unit: 'code_runs', most: 10, isReadLater: true, fee: { nanoUsd: 50_000_000, per: 'call' } },
  fields: common,
};

const versions = (name: string, rule: TypeRule, ...dates: readonly string[]): TreeRules['types'] =>
  Object.fromEntries(dates.map((date) => [`${name}_${date}`, rule]));

const codeVersions = ['20250522', '20250825', '20260120', '20260521'];

export const hostedTools: TreeRules['types'] = {
  ...versions('web_search', webSearch, '20250305', '20260209', '20260318'),
  ...versions('web_fetch', webFetch, '20250910', '20260209', '20260309', '20260318'),
  ...versions('code_execution', codeExecution, ...codeVersions),
  mcp_toolset: {
    scope: servers,
    fields: allowAll(
      ...['type', 'mcp_server_name', 'cache_control'],
      ...['configs', 'default_config', 'tools'],
    ),
  },
};

/** What they did, given back: text like any other, but for what stands for a server. */
export const hostedItems: TreeRules['types'] = {
  ...types('server_tool_use'),
  ...types('web_search_tool_result', 'web_search_result', 'web_search_result_location'),
  ...types('web_fetch_tool_result', 'web_fetch_result'),
  ...types('web_search_tool_result_error', 'web_fetch_tool_result_error'),
  ...types('code_execution_tool_result', 'code_execution_result', 'encrypted_code_execution_result'),
  ...types('code_execution_tool_result_error', 'code_execution_output'),
  ...types('bash_code_execution_tool_result', 'bash_code_execution_result'),
  ...types('bash_code_execution_tool_result_error', 'bash_code_execution_output'),
  ...types('text_editor_code_execution_tool_result', 'text_editor_code_execution_tool_result_error'),
  ...types('text_editor_code_execution_view_result', 'text_editor_code_execution_create_result'),
  ...types('text_editor_code_execution_str_replace_result'),
  // In a conversation they say who has called a tool.
  ...versions('code_execution', { fields: allowAll('type', 'tool_id') }, ...codeVersions),
  mcp_tool_use: { scope: servers },
  mcp_tool_result: { scope: servers },
  mcp_tool_listing: { scope: servers, fields: allowAll('type', 'mcp_server_name', 'tools') },
};

export const mcpServers: FieldRule = {
  kind: 'scoped',
  scope: servers,
  rule: {
    kind: 'list',
    fields: {
      type: { kind: 'limit', to: ['url'], advice: 'Only servers with an address of their own are lent.' },
      ...allowAll('name', 'url', 'authorization_token', 'tool_configuration'),
    },
  },
  hosted: { unit: 'server_calls', most: 10 },
};

/** What switches the servers on. */
export const serverFeatures = {
  'mcp-client-2025-04-04': servers,
  'mcp-client-2025-11-20': servers,
  'mcp-client-2026-09-15': servers,
};
