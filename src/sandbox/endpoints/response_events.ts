import type OpenAI from 'openai';

/** A response as it travels. `output_text` is added by the client library. */
export type WireResponse = Omit<OpenAI.Responses.Response, 'output_text'>;

type Message = OpenAI.Responses.ResponseOutputMessage;
type FunctionCall = OpenAI.Responses.ResponseFunctionToolCall;
type TextPart = OpenAI.Responses.ResponseOutputText;

/** The one thing a response consists of: a message or a function call, and the tokens it was written in. */
export interface WrittenOutput {
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
  { item, tokens, finish }: WrittenOutput,
  finished: WireResponse,
): Generator<UnnumberedEvent> {
  yield { type: 'response.created', response: started };
  yield { type: 'response.in_progress', response: started };
  yield* item.type === 'message' ? messageEvents(item, tokens) : functionCallEvents(item, tokens);
  yield finish === 'length'
    ? { type: 'response.incomplete', response: finished }
    : { type: 'response.completed', response: finished };
}

function* messageEvents(item: Message, tokens: readonly string[]): Generator<UnnumberedEvent> {
  const text = tokens.join('');
  const part = (content: string): TextPart => ({
    type: 'output_text',
    text: content,
    annotations: [],
    logprobs: [],
  });
  const place = { item_id: item.id, output_index: 0, content_index: 0 };
  yield {
    type: 'response.output_item.added',
    output_index: 0,
    item: { ...item, status: 'in_progress', content: [] },
  };
  yield { type: 'response.content_part.added', ...place, part: part('') };
  for (const delta of tokens) yield { type: 'response.output_text.delta', ...place, delta, logprobs: [] };
  yield { type: 'response.output_text.done', ...place, text, logprobs: [] };
  yield { type: 'response.content_part.done', ...place, part: part(text) };
  yield { type: 'response.output_item.done', output_index: 0, item };
}

function* functionCallEvents(item: FunctionCall, tokens: readonly string[]): Generator<UnnumberedEvent> {
  const place = { item_id: item.id ?? '', output_index: 0 };
  yield {
    type: 'response.output_item.added',
    output_index: 0,
    item: { ...item, status: 'in_progress', arguments: '' },
  };
  for (const delta of tokens) yield { type: 'response.function_call_arguments.delta', ...place, delta };
  yield { type: 'response.function_call_arguments.done', ...place, arguments: item.arguments };
  yield { type: 'response.output_item.done', output_index: 0, item };
}
