import type Anthropic from '@anthropic-ai/sdk';

type Event = Anthropic.RawMessageStreamEvent | { readonly type: 'ping' };

/** A message as events. @param tokens what it was written in: its text, or the arguments of its tool */
export function* messageEvents(message: Anthropic.Message, tokens: readonly string[]): Generator<Event> {
  const { content, usage, stop_reason, stop_sequence } = message;
  const started = { content: [], stop_reason: null, stop_sequence: null };
  yield {
    type: 'message_start',
    message: { ...message, ...started, usage: { ...usage, output_tokens: 1 } },
  };
  for (const block of content) {
    const isTool = block.type === 'tool_use';
    yield {
      type: 'content_block_start',
      index: 0,
      content_block: isTool ? { ...block, input: {} } : empty(block),
    };
    yield { type: 'ping' };
    for (const token of tokens) {
      yield {
        type: 'content_block_delta',
        index: 0,
        delta: isTool
          ? { type: 'input_json_delta', partial_json: token }
          : { type: 'text_delta', text: token },
      };
    }
    yield { type: 'content_block_stop', index: 0 };
  }
  const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens } = usage;
  yield {
    type: 'message_delta',
    delta: { stop_reason, stop_sequence, stop_details: null, container: null },
    usage: {
      input_tokens,
      cache_creation_input_tokens,
      cache_read_input_tokens,
      output_tokens,
      output_tokens_details: null,
      server_tool_use: null,
    },
  };
  yield { type: 'message_stop' };
}

function empty(block: Anthropic.ContentBlock): Anthropic.ContentBlock {
  return block.type === 'text' ? { ...block, text: '' } : block;
}
