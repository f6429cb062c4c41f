import type Anthropic from '@anthropic-ai/sdk';
import type { ServerEvent } from '../answer.ts';
import { splitTokens } from '../tokens.ts';
import type { HostedBlock } from './message_tools.ts';

/** A message as it travels, with what tools of the provider did in front. */
export type WireMessage = Omit<Anthropic.Message, 'content'> & {
  readonly content: readonly (
    | Anthropic.TextBlock
    | Anthropic.ThinkingBlock
    | Anthropic.ToolUseBlock
    | HostedBlock
  )[];
};

type Delta = Exclude<Anthropic.RawContentBlockDelta, Anthropic.CitationsDelta>;

/** The events of a stream, as far as the sandbox has them. */
type Event =
  | Exclude<Anthropic.RawMessageStreamEvent, { type: 'message_start' | 'content_block_start' }>
  | { readonly type: 'message_start'; readonly message: WireMessage }
  | {
      readonly type: 'content_block_start';
      readonly index: number;
      readonly content_block: WireMessage['content'][number];
    }
  | { readonly type: 'ping' };

/** A message as events. @param tokens what its last block was written in: its text, or the arguments of its tool */
export function* messageEvents(message: WireMessage, tokens: readonly string[]): Generator<ServerEvent> {
  const isToken = (event: Event) =>
    event.type === 'content_block_delta' &&
    event.delta.type !== 'signature_delta' &&
    isWritten(message.content[event.index]);
  for (const data of sequence(message, tokens)) {
    yield { event: data.type, data, tokens: isToken(data) ? 1 : 0 };
  }
}

/** What tools of the provider are asked is not counted as output. */
function isWritten(block: WireMessage['content'][number] | undefined): boolean {
  return ['text', 'thinking', 'tool_use'].includes(block?.type ?? '');
}

function* sequence(message: WireMessage, tokens: readonly string[]): Generator<Event> {
  const { content, usage, stop_reason, stop_sequence } = message;
  const started = { content: [], stop_reason: null, stop_sequence: null };
  yield {
    type: 'message_start',
    message: { ...message, ...started, usage: { ...usage, output_tokens: 1 } },
  };
  for (const [index, block] of content.entries()) {
    yield { type: 'content_block_start', index, content_block: begun(block) };
    yield { type: 'ping' };
    for (const delta of deltas(block, tokens)) yield { type: 'content_block_delta', index, delta };
    yield { type: 'content_block_stop', index };
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
      output_tokens_details: usage.output_tokens_details,
      server_tool_use: usage.server_tool_use,
    },
  };
  yield { type: 'message_stop' };
}

/** A block before anything of it is written. What a tool answered is there at once. */
function begun(block: WireMessage['content'][number]): WireMessage['content'][number] {
  if (block.type === 'text') return { ...block, text: '' };
  if (block.type === 'thinking') return { ...block, thinking: '', signature: '' };
  return 'input' in block ? { ...block, input: {} } : block;
}

function deltas(block: WireMessage['content'][number], tokens: readonly string[]): readonly Delta[] {
  if (block.type === 'text') return tokens.map((text) => ({ type: 'text_delta', text }));
  if (block.type === 'thinking') {
    const { thinking: thought, signature } = block;
    const deltas = splitTokens(thought).map((thinking) => ({ type: 'thinking_delta' as const, thinking }));
    return [...deltas, { type: 'signature_delta', signature }];
  }
  if (!('input' in block)) return [];
  const parts = block.type === 'tool_use' ? tokens : [JSON.stringify(block.input)];
  return parts.map((partial_json) => ({ type: 'input_json_delta', partial_json }));
}
