import { at, isObject } from '../../lib/json.ts';
import type { UsageRules } from '../usage.ts';

/** What it costs more to have a message written in the United States alone, which a workspace can be set to. */
export const regionSurcharge = 0.1;

/** How Anthropic reports what a message has used. */
export const messageUsage: UsageRules = {
  opening: ['message'],
  surcharge: ({ inference_geo: region }) => (region === 'us' ? regionSurcharge : 0),
  always: ['input_tokens', 'output_tokens'],
  shows: { unit: 'web_searches', by: 'web_search_tool_result', marks: searchesIn },
  table: {
    // Tokens read from the cache and written to it come on top; the price table wants a total.
    input_tokens: {
      sum: [['input_tokens'], ['cache_read_input_tokens'], ['cache_creation_input_tokens']],
    },
    cache_read_tokens: ['cache_read_input_tokens'],
    cache_write_tokens: ['cache_creation_input_tokens'],
    cache_write_1h_tokens: ['cache_creation', 'ephemeral_1h_input_tokens'],
    output_tokens: ['output_tokens'],
    output_reasoning_tokens: ['output_tokens_details', 'thinking_tokens'],
    web_searches: ['server_tool_use', 'web_search_requests'],
  },
};

/** The searches that a message has found something by, or the piece of it that an event begins. Others cost nothing. */
function searchesIn(answer: unknown): readonly string[] {
  const content = at(answer, ['content']);
  const blocks = Array.isArray(content) ? content : [at(answer, ['content_block'])];
  return blocks
    .filter(isObject)
    .filter(({ type, content: found }) => type === 'web_search_tool_result' && Array.isArray(found))
    .map(({ tool_use_id: id }) => String(id));
}
