import type Anthropic from '@anthropic-ai/sdk';
import type Anthropic0 from 'anthropic-0';
import { describe, expect, it } from 'vitest';
import { findProvider } from '../../src/catalog/catalog.ts';
import { toolTree } from '../../src/catalog/providers/anthropic_trees.ts';

/** Every field that an SDK can send. The type check fails here when an upgrade of the SDK brings another one. */
type Fields<Params> = Params extends unknown ? keyof Params : never;
type Known<Params> = Readonly<Record<Fields<Params>, true>>;

/** Every `type` that an object may have. */
type TypeOf<Value> = Value extends { type?: infer Name } ? Extract<Name, string> : never;

const messages: Known<Anthropic.MessageCreateParams> &
  Known<Anthropic.Beta.MessageCreateParams> &
  Known<Anthropic0.MessageCreateParams> &
  Known<Anthropic0.Beta.MessageCreateParams> = {
  betas: true,
  billing_policy: true,
  cache_control: true,
  compaction: true,
  container: true,
  context_management: true,
  diagnostics: true,
  fallback_credit_token: true,
  fallbacks: true,
  inference_geo: true,
  max_tokens: true,
  mcp_servers: true,
  messages: true,
  metadata: true,
  model: true,
  output_config: true,
  output_format: true,
  service_tier: true,
  speed: true,
  stop_sequences: true,
  stream: true,
  system: true,
  temperature: true,
  thinking: true,
  thread: true,
  tool_choice: true,
  tools: true,
  top_k: true,
  top_p: true,
  user_profile_id: true,
  workspace_id: true,
};

const countTokens: Known<Anthropic.MessageCountTokensParams> &
  Known<Anthropic.Beta.MessageCountTokensParams> &
  Known<Anthropic0.MessageCountTokensParams> &
  Known<Anthropic0.Beta.MessageCountTokensParams> = {
  betas: true,
  billing_policy: true,
  cache_control: true,
  compaction: true,
  context_management: true,
  mcp_servers: true,
  messages: true,
  model: true,
  output_config: true,
  output_format: true,
  speed: true,
  system: true,
  thinking: true,
  tool_choice: true,
  tools: true,
  user_profile_id: true,
  workspace_id: true,
};

const bodies: Readonly<Record<string, object>> = {
  '/v1/messages': messages,
  '/v1/messages/count_tokens': countTokens,
};

type Block =
  | Anthropic.ContentBlockParam
  | Anthropic.Beta.BetaContentBlockParam
  | Anthropic0.ContentBlockParam
  | Anthropic0.Beta.BetaContentBlockParam;

/** Whether a block of this type may be in a message. */
const blocks: Readonly<Record<TypeOf<Block>, boolean>> = {
  text: true,
  image: true,
  document: true,
  search_result: true,
  thinking: true,
  redacted_thinking: true,
  tool_use: true,
  tool_result: true,
  server_tool_use: true,
  web_search_tool_result: true,
  web_fetch_tool_result: true,
  code_execution_tool_result: true,
  bash_code_execution_tool_result: true,
  text_editor_code_execution_tool_result: true,
  tool_search_tool_result: false,
  container_upload: false,
  advisor_tool_result: false,
  mcp_tool_use: true,
  mcp_tool_result: true,
  mcp_tool_listing: true,
  compaction: false,
  tool_addition: false,
  tool_removal: false,
  fallback: false,
};

type Tool =
  | Anthropic.ToolUnion
  | Anthropic.Beta.BetaToolUnion
  | Anthropic0.ToolUnion
  | Anthropic0.Beta.BetaToolUnion;

/** Whether a tool of this type may be named. */
const tools: Readonly<Record<TypeOf<Tool>, boolean>> = {
  custom: true,
  bash_20241022: true,
  bash_20250124: true,
  text_editor_20241022: true,
  text_editor_20250124: true,
  text_editor_20250429: true,
  text_editor_20250728: true,
  computer_20241022: true,
  computer_20250124: true,
  computer_20251124: true,
  computer_toolset_20260801: true,
  browser_toolset_20260801: true,
  memory_20250818: true,
  code_execution_20250522: true,
  code_execution_20250825: true,
  code_execution_20260120: true,
  code_execution_20260521: true,
  web_search_20250305: true,
  web_search_20260209: true,
  web_search_20260318: true,
  web_fetch_20250910: true,
  web_fetch_20260209: true,
  web_fetch_20260309: true,
  web_fetch_20260318: true,
  tool_search_tool_bm25_20251119: false,
  tool_search_tool_bm25: false,
  tool_search_tool_regex_20251119: false,
  tool_search_tool_regex: false,
  advisor_20260301: false,
  mcp_toolset: true,
};

type Result<Block> = Block extends { type: `${string}_tool_result`; content?: infer Content }
  ? Extract<Content extends readonly (infer Item)[] ? Item : Content, { type: string }>
  : never;

type Part =
  | Result<Block>
  | Anthropic.CodeExecutionOutputBlockParam
  | Anthropic.BashCodeExecutionOutputBlockParam
  | Extract<Block, { source: object }>['source']
  | NonNullable<Extract<Block, { type: 'text' }>['citations']>[number]
  | Exclude<Extract<Block, { type: 'tool_result' }>['content'], string | undefined>[number]
  | NonNullable<Anthropic.BrowserStateBlockParam['state_changes']>[number]
  | Anthropic.CacheControlEphemeral
  | Anthropic.ToolChoice
  | Anthropic.ThinkingConfigParam
  | Anthropic.JSONOutputFormat
  | Anthropic.ToolUseCaller;

/** Whether anything else with a type may be in a body. */
const parts: Readonly<Record<TypeOf<Part>, boolean>> = {
  text: true,
  image: true,
  document: true,
  search_result: true,
  tool_reference: true,
  browser_state: true,
  tab_opened: true,
  download_started: true,
  download_completed: true,
  download_failed: true,
  base64: true,
  url: true,
  content: true,
  file: false,
  char_location: true,
  page_location: true,
  content_block_location: true,
  search_result_location: true,
  web_search_result_location: true,
  web_search_result: true,
  web_search_tool_result_error: true,
  web_fetch_result: true,
  web_fetch_tool_result_error: true,
  code_execution_result: true,
  code_execution_output: true,
  encrypted_code_execution_result: true,
  code_execution_tool_result_error: true,
  bash_code_execution_result: true,
  bash_code_execution_output: true,
  bash_code_execution_tool_result_error: true,
  text_editor_code_execution_view_result: true,
  text_editor_code_execution_create_result: true,
  text_editor_code_execution_str_replace_result: true,
  text_editor_code_execution_tool_result_error: true,
  tool_search_tool_search_result: false,
  tool_search_tool_result_error: false,
  advisor_result: false,
  advisor_redacted_result: false,
  advisor_tool_result_error: false,
  ephemeral: true,
  auto: true,
  any: true,
  tool: true,
  none: true,
  enabled: true,
  disabled: true,
  adaptive: true,
  between_tools: true,
  json_schema: true,
  direct: true,
  code_execution_20250825: true,
  code_execution_20260120: true,
};

const anthropic = findProvider('anthropic') ?? expect.fail();

describe('request fields', () => {
  it.each(anthropic.routes.filter(({ body }) => body.kind !== 'none'))(
    '$path has a rule for each field of the SDK, and for no other',
    ({ path, body }) => {
      const ruled = body.kind === 'none' ? [] : Object.keys(body.fields);
      expect(ruled.toSorted()).toEqual(Object.keys(bodies[path] ?? {}).toSorted());
    },
  );
});

describe('types', () => {
  const types = { ...blocks, ...tools, ...parts };

  it.each(Object.entries(types))('%s: may be in a body is %s', (type, isAllowed) => {
    expect(Object.hasOwn(toolTree.types, type)).toBe(isAllowed);
  });

  it('that may be in a body are all known to the SDK', () => {
    expect(Object.keys(toolTree.types).filter((type) => !Object.hasOwn(types, type))).toEqual([]);
  });
});
