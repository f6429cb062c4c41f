import type { Fields } from '../fields.ts';
import type { WrittenText } from '../written_text.ts';

/** An answer in a realtime session. */
export interface RealtimeAnswer {
  readonly id: string;
  readonly itemId: string;
  readonly written: WrittenText;
  /** Whether it is spoken, not written. */
  readonly isSpoken: boolean;
  /** Tokens that it was told before. */
  readonly input: { readonly text: number; readonly audio: number };
}

/** 50 ms of silence, 16 bits at 24 kHz: what a token sounds like. */
const silence = Buffer.alloc(2_400).toString('base64');

/** The whole sequence from `response.created` to `response.done`. What is spoken is silence, with its words beside it. */
export function* answerEvents({ id, itemId, written, isSpoken, input }: RealtimeAnswer): Generator<Fields> {
  const { text, tokens, finish } = written;
  const response = { id, object: 'realtime.response', output_modalities: [isSpoken ? 'audio' : 'text'] };
  const place = { response_id: id, item_id: itemId, output_index: 0, content_index: 0 };
  const item = { id: itemId, object: 'realtime.item', type: 'message', role: 'assistant' };
  const content = isSpoken ? { type: 'output_audio', transcript: text } : { type: 'output_text', text };
  const words = isSpoken ? 'response.output_audio_transcript' : 'response.output_text';
  const done = { ...item, status: 'completed', content: [content] };

  yield { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } };
  yield {
    type: 'response.output_item.added',
    response_id: id,
    output_index: 0,
    item: { ...item, status: 'in_progress', content: [] },
  };
  for (const delta of tokens) {
    yield { type: `${words}.delta`, ...place, delta };
    if (isSpoken) yield { type: 'response.output_audio.delta', ...place, delta: silence };
  }
  yield { type: `${words}.done`, ...place, ...(isSpoken ? { transcript: text } : { text }) };
  if (isSpoken) yield { type: 'response.output_audio.done', ...place };
  yield { type: 'response.output_item.done', response_id: id, output_index: 0, item: done };
  yield {
    type: 'response.done',
    response: {
      ...response,
      status: finish === 'length' ? 'incomplete' : 'completed',
      status_details: finish === 'length' ? { type: 'incomplete', reason: 'max_output_tokens' } : null,
      output: [done],
      usage: usageOf(input, tokens.length, isSpoken),
    },
  };
}

function usageOf(input: RealtimeAnswer['input'], output: number, isSpoken: boolean): Fields {
  return {
    total_tokens: input.text + input.audio + output,
    input_tokens: input.text + input.audio,
    output_tokens: output,
    input_token_details: {
      text_tokens: input.text,
      audio_tokens: input.audio,
      cached_tokens: 0,
      cached_tokens_details: { text_tokens: 0, audio_tokens: 0 },
    },
    output_token_details: { text_tokens: isSpoken ? 0 : output, audio_tokens: isSpoken ? output : 0 },
  };
}
