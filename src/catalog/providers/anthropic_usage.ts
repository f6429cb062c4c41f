import type { UsageRules } from '../usage.ts';

/** How Anthropic reports what a message has used. */
export const messageUsage: UsageRules = {
  opening: ['message'],
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
