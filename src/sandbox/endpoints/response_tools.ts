import type OpenAI from 'openai';
import { bill } from '../bill.ts';
import { type Call, optionalInteger } from '../call.ts';
import { type Fields, fieldsOf, listOf, textOf } from '../fields.ts';
import { derivedId } from '../seed.ts';
import { useContainer } from './containers.ts';
import { imageUsage, labelsOf, picture } from './images.ts';

/** What a tool that runs at the provider did. */
export type HostedItem =
  | OpenAI.Responses.ResponseFunctionWebSearch
  | OpenAI.Responses.ResponseCodeInterpreterToolCall
  | OpenAI.Responses.ResponseOutputItem.ImageGenerationCall
  | OpenAI.Responses.ResponseOutputItem.McpListTools
  | OpenAI.Responses.ResponseOutputItem.McpCall
  | OpenAI.Responses.ResponseOutputItem.McpApprovalRequest;

/** Uses each tool that runs at the provider once, in their order, until the call allows no more. */
export function hostedItems(call: Call, prompt: string): readonly HostedItem[] {
  const most = optionalInteger(call, 'max_tool_calls', { least: 0 });
  return listOf(call.fields.tools)
    .map(fieldsOf)
    .filter(({ type }) => /^(web_search|code_interpreter$|image_generation$|mcp$)/.test(textOf(type) ?? ''))
    .slice(0, most)
    .flatMap((tool, index) =>
      itemsOf(tool, call, (prefix) => derivedId(prefix, call.seed, `tool ${index}`), prompt),
    );
}

function itemsOf(
  tool: Fields,
  call: Call,
  id: (prefix: string) => string,
  prompt: string,
): readonly HostedItem[] {
  const { type, server_label, require_approval, container } = tool;
  if (type === 'image_generation') {
    const drawn = { ...labelsOf(tool), revised_prompt: prompt, result: picture(call, 0) };
    return [{ id: id('ig_'), type: 'image_generation_call', status: 'completed', ...drawn }];
  }
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

/** A model for pictures whose use is billed and not told. */
const untold = 'sandbox-no-usage';

/** What is told of them beside the usage. */
export function toolUsage(
  { fields }: Call,
  items: readonly HostedItem[],
): Pick<OpenAI.Responses.Response, 'tool_usage'> {
  const drawn = drawings(fields, items);
  if (drawn.some(({ model }) => model === untold)) return {};
  const num_requests = items.filter(({ type }) => type === 'web_search_call').length;
  return { tool_usage: { image_gen: sumOf(drawn), web_search: { num_requests } } };
}

type Drawing = ReturnType<typeof imageUsage> & { readonly model: string };

/** Each picture with the tokens that it took, by the model of its tool. */
function drawings({ tools }: Fields, items: readonly HostedItem[]): readonly Drawing[] {
  const models = listOf(tools)
    .map(fieldsOf)
    .filter(({ type }) => type === 'image_generation')
    .map(({ model }) => textOf(model) ?? 'gpt-image-2');
  return items
    .filter((item) => item.type === 'image_generation_call')
    .map((item, index) => ({
      model: models[index] ?? untold,
      ...imageUsage(labelsOf({ ...item }), item.revised_prompt ?? '', 0, 1),
    }));
}

function sumOf(all: readonly Drawing[]): OpenAI.Responses.Response.ToolUsage.ImageGen {
  const input = all.reduce((sum, { input_tokens }) => sum + input_tokens, 0);
  const output = all.reduce((sum, { output_tokens }) => sum + output_tokens, 0);
  return {
    input_tokens: input,
    input_tokens_details: { image_tokens: 0, text_tokens: input },
    output_tokens: output,
    total_tokens: input + output,
  };
}

/** Of a search, and of a container of 1g. */
const searchFee = 10_000_000;
const containerFee = 30_000_000;
/** What a model for pictures costs that the price table does not know. */
const picturePrices = { input: 5, output: 30 };

/** What they cost beside tokens of the response's own model, in nano-USD. */
export function hostedFees({ fields }: Call, items: readonly HostedItem[]): number {
  const searches = items.filter(({ type }) => type === 'web_search_call').length;
  const runsCode = items.some(({ type }) => type === 'code_interpreter_call');
  const drawn = drawings(fields, items).map(({ model, input_tokens: input, output_tokens: output }) =>
    bill('openai', model, { input, output }, picturePrices),
  );
  return drawn.reduce((sum, one) => sum + one, searches * searchFee + (runsCode ? containerFee : 0));
}
