import type Anthropic from '@anthropic-ai/sdk';
import type { Call } from '../call.ts';
import { type Fields, fieldsOf, integerOf, listOf, textOf } from '../fields.ts';
import { derivedId } from '../seed.ts';

/** What a tool that runs at the provider was asked, and what it answered. */
export type HostedBlock =
  | Anthropic.Beta.BetaServerToolUseBlock
  | Anthropic.Beta.BetaWebSearchToolResultBlock
  | Anthropic.Beta.BetaWebFetchToolResultBlock
  | Anthropic.Beta.BetaCodeExecutionToolResultBlock
  | Anthropic.Beta.BetaMCPToolUseBlock
  | Anthropic.Beta.BetaMCPToolResultBlock;

const page = 'https://example.com/';
const caller = { type: 'direct' } as const;

/** Uses each tool that runs at the provider once, in their order, if it may be used at all. */
export function hostedBlocks(call: Call, prompt: string): readonly HostedBlock[] {
  return listOf(call.fields.tools)
    .map(fieldsOf)
    .filter(({ max_uses }) => integerOf(max_uses) !== 0)
    .flatMap((tool, index) =>
      blocksOf(tool, (prefix) => derivedId(prefix, call.seed, `tool ${index}`), prompt),
    );
}

function blocksOf(tool: Fields, id: (prefix: string) => string, prompt: string): readonly HostedBlock[] {
  const type = textOf(tool.type) ?? '';
  const tool_use_id = id('srvtoolu_');
  const use = { type: 'server_tool_use', id: tool_use_id, caller } as const;
  if (type.startsWith('web_search_')) {
    const result = { url: page, title: 'Example', encrypted_content: id('enc_'), page_age: null };
    const content = [{ type: 'web_search_result' as const, ...result }];
    return [
      { ...use, name: 'web_search', input: { query: prompt } },
      { type: 'web_search_tool_result', tool_use_id, caller, content },
    ];
  }
  if (type.startsWith('web_fetch_')) {
    const source = { type: 'text', media_type: 'text/plain', data: 'An example.' } as const;
    const document = { type: 'document', title: 'Example', citations: null, source } as const;
    const content = { type: 'web_fetch_result', url: page, retrieved_at: null, content: document } as const;
    return [
      { ...use, name: 'web_fetch', input: { url: page } },
      { type: 'web_fetch_tool_result', tool_use_id, caller, content },
    ];
  }
  if (type.startsWith('code_execution_')) {
    const ran = { stdout: '42\n', stderr: '', return_code: 0, content: [] };
    const content = { type: 'code_execution_result' as const, ...ran };
    return [
      { ...use, name: 'code_execution', input: { code: 'print(6 * 7)' } },
      { type: 'code_execution_tool_result', tool_use_id, content },
    ];
  }
  if (type !== 'mcp_toolset') return [];
  const asked = { id: id('mcptoolu_'), name: 'search', input: { query: prompt } };
  return [
    { type: 'mcp_tool_use', ...asked, server_name: textOf(tool.mcp_server_name) ?? '' },
    {
      type: 'mcp_tool_result',
      tool_use_id: asked.id,
      is_error: false,
      content: [{ type: 'text', text: 'Found.', citations: null }],
    },
  ];
}

/** Of a search, and of an hour of a container. */
const searchFee = 10_000_000;
const containerFee = 50_000_000;

/** What they cost beside tokens, in nano-USD. */
export function hostedFees(blocks: readonly HostedBlock[]): number {
  const searches = serverToolUse(blocks)?.web_search_requests ?? 0;
  const runsCode = blocks.some(({ type }) => type === 'code_execution_tool_result');
  return searches * searchFee + (runsCode ? containerFee : 0);
}

/** What is told of them in the usage; null when there were none. */
export function serverToolUse(blocks: readonly HostedBlock[]): Anthropic.ServerToolUsage | null {
  const count = (type: HostedBlock['type']) => blocks.filter((block) => block.type === type).length;
  const web_search_requests = count('web_search_tool_result');
  const web_fetch_requests = count('web_fetch_tool_result');
  return web_search_requests + web_fetch_requests === 0 ? null : { web_search_requests, web_fetch_requests };
}
