import type OpenAI from 'openai';
import type { HostedItem } from './response_tools.ts';

/** A response as it travels. `output_text` is added by the client library. */
export type WireResponse = Omit<OpenAI.Responses.Response, 'output_text'>;

type Message = OpenAI.Responses.ResponseOutputMessage;
type FunctionCall = OpenAI.Responses.ResponseFunctionToolCall;
type TextPart = OpenAI.Responses.ResponseOutputText;

/** What a response consists of: what tools of the provider did, a message or a function call, and the tokens it was written in. */
export interface WrittenOutput {
  readonly hosted: readonly HostedItem[];
  readonly item: Message | FunctionCall;
  readonly tokens: readonly string[];
  readonly finish: 'stop' | 'length';
}

/** An event of the responses API before it gets its number, its responses as they travel. */
type UnnumberedEvent = OpenAI.Responses.ResponseStreamEvent extends infer Event
  ? Event extends { response: unknown }
    ? Omit<Event, 'sequence_number' | 'response'> & { response: WireResponse }
    : Event extends { type: string }
      ? Omit<Event, 'sequence_number'>
      : never
  : never;

type NumberedEvent = UnnumberedEvent & { readonly sequence_number: number };

/** The whole sequence from `response.created` to `response.completed` or `response.incomplete`, numbered. */
export function* responseEvents(
  started: WireResponse,
  output: WrittenOutput,
  finished: WireResponse,
): Generator<NumberedEvent> {
  let number = 0;
  for (const event of sequence(started, output, finished)) {
    yield { ...event, sequence_number: number };
    number += 1;
  }
}

function* sequence(
  started: WireResponse,
  { hosted, item, tokens, finish }: WrittenOutput,
  finished: WireResponse,
): Generator<UnnumberedEvent> {
  yield { type: 'response.created', response: started };
  yield { type: 'response.in_progress', response: started };
  for (const [index, one] of hosted.entries()) yield* hostedEvents(one, index);
  const index = hosted.length;
  yield* item.type === 'message'
    ? messageEvents(item, tokens, index)
    : functionCallEvents(item, tokens, index);
  yield finish === 'length'
    ? { type: 'response.incomplete', response: finished }
    : { type: 'response.completed', response: finished };
}

function* hostedEvents(item: HostedItem, index: number): Generator<UnnumberedEvent> {
  const place = { item_id: item.id, output_index: index };
  yield { type: 'response.output_item.added', output_index: index, item };
  if (item.type !== 'mcp_approval_request') {
    yield { type: `response.${item.type}.in_progress`, ...place };
    yield { type: `response.${item.type}.completed`, ...place };
  }
  yield { type: 'response.output_item.done', output_index: index, item };
}

function* messageEvents(item: Message, tokens: readonly string[], index: number): Generator<UnnumberedEvent> {
  const text = tokens.join('');
  const part = (content: string): TextPart => ({
    type: 'output_text',
    text: content,
    annotations: [],
    logprobs: [],
  });
  const place = { item_id: item.id, output_index: index, content_index: 0 };
  yield {
    type: 'response.output_item.added',
    output_index: index,
    item: { ...item, status: 'in_progress', content: [] },
  };
  yield { type: 'response.content_part.added', ...place, part: part('') };
  for (const delta of tokens) yield { type: 'response.output_text.delta', ...place, delta, logprobs: [] };
  yield { type: 'response.output_text.done', ...place, text, logprobs: [] };
  yield { type: 'response.content_part.done', ...place, part: part(text) };
  yield { type: 'response.output_item.done', output_index: index, item };
}

function* functionCallEvents(
  item: FunctionCall,
  tokens: readonly string[],
  index: number,
): Generator<UnnumberedEvent> {
  const place = { item_id: item.id ?? '', output_index: index };
  yield {
    type: 'response.output_item.added',
    output_index: index,
    item: { ...item, status: 'in_progress', arguments: '' },
  };
  for (const delta of tokens) yield { type: 'response.function_call_arguments.delta', ...place, delta };
  yield { type: 'response.function_call_arguments.done', ...place, arguments: item.arguments };
  yield { type: 'response.output_item.done', output_index: index, item };
}
