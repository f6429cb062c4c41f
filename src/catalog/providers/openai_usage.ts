import { at, isObject } from '../../lib/json.ts';
import type { UsageRules, UsageTable } from '../usage.ts';

/** How OpenAI's endpoints report what a call has used. */

const imageTokens: UsageTable = {
  input_tokens: ['input_tokens'],
  input_text_tokens: ['input_tokens_details', 'text_tokens'],
  input_image_tokens: ['input_tokens_details', 'image_tokens'],
  output_tokens: ['output_tokens'],
  // Some of it may be text, which is cheaper.
  output_image_tokens: ['output_tokens'],
};

/** Of the model that writes a picture of lines. */
const authorTokens: UsageTable = {
  input_tokens: ['input_tokens'],
  output_tokens: ['output_tokens'],
  output_reasoning_tokens: ['reasoning_tokens'],
};

const always = ['input_tokens', 'output_tokens'];

export const chatUsage: UsageRules = {
  always,
  spoken: 'output_audio_tokens',
  table: {
    input_tokens: ['prompt_tokens'],
    cache_read_tokens: ['prompt_tokens_details', 'cached_tokens'],
    cache_write_tokens: ['prompt_tokens_details', 'cache_write_tokens'],
    input_audio_tokens: ['prompt_tokens_details', 'audio_tokens'],
    output_tokens: ['completion_tokens'],
    output_reasoning_tokens: ['completion_tokens_details', 'reasoning_tokens'],
    output_audio_tokens: ['completion_tokens_details', 'audio_tokens'],
  },
};

/** For providers whose streams say from the first piece on how much it has been so far. */
export const gradualChatUsage: UsageRules = { ...chatUsage, completeBy: hasFinished };

function hasFinished(answer: unknown): boolean {
  const choices = at(answer, ['choices']);
  if (!Array.isArray(choices)) return false;
  return choices.every((choice) => isObject(choice) && typeof choice.finish_reason === 'string');
}

export const responsesUsage: UsageRules = {
  always,
  table: {
    input_tokens: ['input_tokens'],
    cache_read_tokens: ['input_tokens_details', 'cached_tokens'],
    cache_write_tokens: ['input_tokens_details', 'cache_write_tokens'],
    output_tokens: ['output_tokens'],
    output_reasoning_tokens: ['output_tokens_details', 'reasoning_tokens'],
  },
  beside: { web_searches: ['tool_usage', 'web_search', 'num_requests'] },
  sides: [
    { path: ['tool_usage', 'image_gen'], table: imageTokens },
    { path: ['svg_usage'], inEach: 'output', table: authorTokens },
  ],
  completeBy: tellsOfPictures,
};

/** Whether a response says what the pictures in it have come to: that of some may be left out, or of all of them. */
function tellsOfPictures(answer: unknown): boolean {
  const response = at(answer, ['response']) ?? answer;
  const output = at(response, ['output']);
  const items = Array.isArray(output) ? output.filter(isObject) : [];
  const pictures = items.filter(({ type }) => type === 'image_generation_call');
  const drawn = at(response, ['tool_usage', 'image_gen', 'output_tokens']) ?? -1;
  return pictures.every(({ status, output_format: format, svg_usage: written }) => {
    const isTold = format === 'svg' ? isObject(written) : Number(drawn) > 0;
    return Number(drawn) >= 0 && (isTold || status === 'failed');
  });
}

export const realtimeUsage: UsageRules = {
  always: [...always, 'input_audio_tokens', 'output_audio_tokens'],
  table: {
    input_tokens: ['input_tokens'],
    cache_read_tokens: ['input_token_details', 'cached_tokens'],
    input_audio_tokens: ['input_token_details', 'audio_tokens'],
    cache_audio_read_tokens: ['input_token_details', 'cached_tokens_details', 'audio_tokens'],
    input_image_tokens: ['input_token_details', 'image_tokens'],
    cache_image_read_tokens: ['input_token_details', 'cached_tokens_details', 'image_tokens'],
    output_tokens: ['output_tokens'],
    output_audio_tokens: ['output_token_details', 'audio_tokens'],
  },
};

export const embeddingsUsage: UsageRules = { table: { input_tokens: ['prompt_tokens'] } };

/** A stream ends each picture with what that one has come to. */
export const imagesUsage: UsageRules = {
  always,
  table: imageTokens,
  sides: [{ path: ['svg_usage'], table: authorTokens }],
  addsUp: true,
  ofEachModel: true,
};

export const transcriptionUsage: UsageRules = {
  table: {
    input_tokens: ['input_tokens'],
    input_audio_tokens: ['input_token_details', 'audio_tokens'],
    output_tokens: ['output_tokens'],
    // The price table wants a total and its parts.
    audio_seconds: ['seconds'],
    input_audio_seconds: ['seconds'],
  },
};

export const speechUsage: UsageRules = {
  always,
  table: { input_tokens: ['input_tokens'], output_tokens: ['output_tokens'] },
};
