import type OpenAI from 'openai';
import { type Call, optionalInteger } from '../call.ts';
import { fieldsOf, listOf, textOf } from '../fields.ts';
import { derivedId } from '../seed.ts';
import { useContainer } from './containers.ts';

/** What a tool that runs at the provider did. */
export type HostedItem =
  | OpenAI.Responses.ResponseFunctionWebSearch
  | OpenAI.Responses.ResponseCodeInterpreterToolCall
  | OpenAI.Responses.ResponseOutputItem.McpListTools
  | OpenAI.Responses.ResponseOutputItem.McpCall
  | OpenAI.Responses.ResponseOutputItem.McpApprovalRequest;

/** Uses each tool that runs at the provider once, in their order, until the call allows no more. */
export function hostedItems(call: Call, prompt: string): readonly HostedItem[] {
  const most = optionalInteger(call, 'max_tool_calls', { least: 0 });
  return listOf(call.fields.tools)
    .map(fieldsOf)
    .filter(({ type }) => /^(web_search|code_interpreter$|mcp$)/.test(textOf(type) ?? ''))
    .slice(0, most)
    .flatMap((tool, index) =>
      itemsOf(tool, call, (prefix) => derivedId(prefix, call.seed, `tool ${index}`), prompt),
    );
}

function itemsOf(
  { type, server_label, require_approval, container }: ReturnType<typeof fieldsOf>,
  call: Call,
  id: (prefix: string) => string,
  prompt: string,
): readonly HostedItem[] {
  if (type === 'code_interpreter') {
    const ran = {
      code: 'print(6 * 7)',
      container_id: useContainer(call, container),
      outputs: null,
      status: 'completed',
    } as const;
    return [{ id: id('ci_'), type: 'code_interpreter_call', ...ran }];
  }
  if (type !== 'mcp') {
    const action = { type: 'search' as const, query: prompt, queries: [prompt] };
    return [{ id: id('ws_'), type: 'web_search_call', status: 'completed', action }];
  }
  const label = textOf(server_label) ?? '';
  const called = { server_label: label, name: 'search', arguments: JSON.stringify({ query: prompt }) };
  const tools = [{ name: 'search', input_schema: { type: 'object' }, description: null, annotations: null }];
  return [
    { id: id('mcpl_'), type: 'mcp_list_tools', server_label: label, tools, error: null },
    require_approval === 'never'
      ? { id: id('mcp_'), type: 'mcp_call', ...called, output: 'Found.', error: null, status: 'completed' }
      : { id: id('mcpr_'), type: 'mcp_approval_request', ...called },
  ];
}

const noImages = {
  input_tokens: 0,
  input_tokens_details: { image_tokens: 0, text_tokens: 0 },
  output_tokens: 0,
  total_tokens: 0,
};

/** What is billed of them beside tokens. */
export function toolUsage(items: readonly HostedItem[]): OpenAI.Responses.Response.ToolUsage {
  const searches = items.filter(({ type }) => type === 'web_search_call');
  return { image_gen: noImages, web_search: { num_requests: searches.length } };
}

/** Of a search, and of a container of 1g. */
const searchFee = 10_000_000;
const containerFee = 30_000_000;

/** What they cost beside tokens, in nano-USD. */
export function hostedFees(items: readonly HostedItem[]): number {
  const runsCode = items.some(({ type }) => type === 'code_interpreter_call');
  return toolUsage(items).web_search.num_requests * searchFee + (runsCode ? containerFee : 0);
}
