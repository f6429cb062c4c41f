import type OpenAI from 'openai';
import type { Tokens } from '../bill.ts';

/** Tokens as the chat and completions APIs report them. Nothing is ever cached, reasoned or predicted. */
export function completionUsage({ input, output }: Tokens): OpenAI.CompletionUsage {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

/** Tokens as the responses and decisions APIs report them. Nothing is ever cached or reasoned. */
export function responseUsage({ input, output }: Tokens): OpenAI.Responses.ResponseUsage {
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  };
}
