import type { Usage } from '../../../src/catalog/usage.ts';
import type { JsonObject } from '../../../src/lib/json.ts';

/** How providers report usage, each with what it comes to. */

/** A call, what its provider answers, and what is read off that. */
export interface Shape {
  readonly provider: string;
  readonly path: string;
  readonly sent: JsonObject;
  readonly usage: Usage | null;
  /** In nano-USD. */
  readonly cost: number | null;
}

type StreamShape = Shape & { readonly events: readonly (readonly [name: string | null, data: unknown])[] };

const chat = { messages: [{ role: 'user', content: 'Hi' }], stream: true };
const chunk = (more: object) => [null, { object: 'chat.completion.chunk', ...more }] as const;
const said = chunk({ choices: [{ delta: { content: 'Hé, "usage":{}' } }], usage: null });
const done = [null, '[DONE]'] as const;
const chatPath = '/chat/completions';
const response = {
  model: 'gpt-5',
  usage: {
    ...{ input_tokens: 10, input_tokens_details: { cached_tokens: 4, cache_write_tokens: 0 } },
    ...{ output_tokens: 5, output_tokens_details: { reasoning_tokens: 2 }, total_tokens: 15 },
  },
};
const ofResponse = {
  ...{ input_tokens: 10, cache_read_tokens: 4, cache_write_tokens: 0 },
  ...{ output_tokens: 5, output_reasoning_tokens: 2 },
};
const ended = (how: string, more: object = {}): StreamShape['events'] => [
  ['response.output_text.delta', { type: 'response.output_text.delta', delta: 'Hi' }],
  [`response.${how}`, { type: `response.${how}`, response: { ...response, ...more } }],
];
const counts = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 };
const plain = { input_tokens: 100, output_tokens: 10 };

export const streams: Readonly<Record<string, StreamShape>> = {
  'a chat of OpenAI': {
    ...{ provider: 'openai', path: chatPath, sent: { ...chat, model: 'gpt-4o' } },
    events: [
      said,
      chunk({
        choices: [],
        usage: {
          ...{ ...counts, prompt_tokens_details: { cached_tokens: 40, audio_tokens: 0 } },
          completion_tokens_details: { reasoning_tokens: 3, audio_tokens: 0, accepted_prediction_tokens: 0 },
        },
      }),
      done,
    ],
    usage: {
      ...{ ...plain, cache_read_tokens: 40, input_audio_tokens: 0 },
      ...{ output_reasoning_tokens: 3, output_audio_tokens: 0 },
    },
    // 2.50 USD for a million tokens, 1.25 from the cache, 10 for the answer.
    cost: 60 * 2_500 + 40 * 1_250 + 10 * 10_000,
  },
  'a chat that reports nothing': {
    ...{ provider: 'openai', path: chatPath, sent: { ...chat, model: 'gpt-4o' } },
    ...{ events: [said, done], usage: null, cost: null },
  },
  ...Object.fromEntries(
    ['completed', 'incomplete', 'failed'].map((how) => [
      `a response that is ${how}`,
      {
        ...{ provider: 'openai', path: '/responses', sent: { model: 'gpt-5', input: 'Hi', stream: true } },
        ...{ events: ended(how), usage: ofResponse, cost: 6 * 1_250 + 4 * 125 + 5 * 10_000 },
      },
    ]),
  ),
  'a response with a picture': {
    ...{ provider: 'openai', path: '/responses' },
    sent: {
      ...{ model: 'gpt-5', input: 'Hi', stream: true },
      tools: [{ type: 'image_generation', model: 'gpt-image-2' }],
    },
    events: ended('completed', { tool_usage: { image_gen: { input_tokens: 8, output_tokens: 90 } } }),
    usage: ofResponse,
    // The picture at 5 and 30 USD for a million tokens.
    cost: 58_000 + 8 * 5_000 + 90 * 30_000,
  },
  'pictures of OpenAI': {
    ...{ provider: 'openai', path: '/images/generations' },
    sent: { model: 'gpt-image-2', prompt: 'A train', stream: true },
    events: [
      ['image_generation.partial_image', { type: 'image_generation.partial_image', b64_json: 'AAAA' }],
      [
        'image_generation.completed',
        {
          ...{ type: 'image_generation.completed', b64_json: 'AAAA' },
          usage: {
            ...{ input_tokens: 50, input_tokens_details: { text_tokens: 10, image_tokens: 40 } },
            ...{ output_tokens: 272, total_tokens: 322 },
          },
        },
      ],
    ],
    usage: {
      ...{ input_tokens: 50, input_text_tokens: 10, input_image_tokens: 40 },
      ...{ output_tokens: 272, output_image_tokens: 272 },
    },
    // 5 USD for a million tokens of text, 8 for those of pictures, 30 for what is made.
    cost: 10 * 5_000 + 40 * 8_000 + 272 * 30_000,
  },
  'what OpenAI hears': {
    ...{ provider: 'openai', path: '/audio/transcriptions' },
    sent: { model: 'gpt-4o-transcribe', file: { bytes: Buffer.alloc(9) }, stream: 'true' },
    events: [
      ['transcript.text.delta', { type: 'transcript.text.delta', delta: 'Hi' }],
      [
        'transcript.text.done',
        {
          ...{ type: 'transcript.text.done', text: 'Hi' },
          usage: {
            ...{
              type: 'tokens',
              input_tokens: 14,
              input_token_details: { audio_tokens: 14, text_tokens: 0 },
            },
            ...{ output_tokens: 4, total_tokens: 18 },
          },
        },
      ],
    ],
    usage: { input_tokens: 14, input_audio_tokens: 14, output_tokens: 4 },
    // 6 and 10 USD for a million tokens.
    cost: 14 * 6_000 + 4 * 10_000,
  },
  'what OpenAI speaks': {
    ...{ provider: 'openai', path: '/audio/speech' },
    sent: { model: 'gpt-4o-mini-tts', input: 'Hi', voice: 'alloy', stream_format: 'sse' },
    events: [
      [null, { type: 'speech.audio.delta', audio: 'AAAA' }],
      [
        null,
        { type: 'speech.audio.done', usage: { input_tokens: 4, output_tokens: 100, total_tokens: 104 } },
      ],
    ],
    usage: { input_tokens: 4, output_tokens: 100 },
    // 0.60 and 12 USD for a million tokens.
    cost: 4 * 600 + 100 * 12_000,
  },
  'a message of Anthropic': {
    ...{ provider: 'anthropic', path: '/v1/messages' },
    sent: { ...chat, model: 'claude-opus-5', max_tokens: 9 },
    events: [
      [
        'message_start',
        {
          type: 'message_start',
          message: {
            model: 'claude-opus-5',
            usage: {
              ...{ input_tokens: 10, cache_creation_input_tokens: 100, cache_read_input_tokens: 50 },
              cache_creation: { ephemeral_5m_input_tokens: 60, ephemeral_1h_input_tokens: 40 },
              ...{ output_tokens: 1, service_tier: 'standard' },
            },
          },
        },
      ],
      ['content_block_delta', { type: 'content_block_delta', delta: { type: 'text_delta', text: 'Hé' } }],
      ['message_delta', { type: 'message_delta', usage: { input_tokens: null, output_tokens: 9 } }],
      ['message_stop', { type: 'message_stop' }],
    ],
    usage: {
      ...{ input_tokens: 160, cache_read_tokens: 50, cache_write_tokens: 100, cache_write_1h_tokens: 40 },
      output_tokens: 9,
    },
    // 5 USD for a million tokens, 0.50 from the cache, 6.25 and 10 into it, 25 for the answer.
    cost: 10 * 5_000 + 50 * 500 + 60 * 6_250 + 40 * 10_000 + 9 * 25_000,
  },
  'a content of Gemini': {
    ...{ provider: 'gemini', path: '/v1beta/models/{model}:streamGenerateContent' },
    sent: { model: 'gemini-2.5-flash', contents: [{ parts: [{ text: 'Hi' }] }] },
    events: [
      [null, { candidates: [{}], usageMetadata: { promptTokenCount: 10, totalTokenCount: 10 } }],
      [
        null,
        {
          candidates: [{ finishReason: 'STOP' }],
          usageMetadata: {
            ...{ promptTokenCount: 10, toolUsePromptTokenCount: 2, candidatesTokenCount: 5 },
            ...{ thoughtsTokenCount: 3, totalTokenCount: 20 },
            promptTokensDetails: [
              { modality: 'TEXT', tokenCount: 6 },
              { modality: 'AUDIO', tokenCount: 4 },
            ],
          },
          modelVersion: 'gemini-2.5-flash',
        },
      ],
    ],
    usage: {
      ...{ input_tokens: 12, input_audio_tokens: 4, output_tokens: 8, output_reasoning_tokens: 3 },
    },
    // 0.30 USD for a million tokens, 1 of sound, 2.50 for the answer.
    cost: 8 * 300 + 4 * 1_000 + 8 * 2_500,
  },
  'a chat of Groq': {
    ...{ provider: 'groq', path: '/openai/v1/chat/completions' },
    sent: { ...chat, model: 'llama-3.3-70b-versatile' },
    events: [said, chunk({ choices: [{ finish_reason: 'stop' }], x_groq: { usage: counts } }), done],
    usage: plain,
    // 0.59 and 0.79 USD for a million tokens.
    cost: 100 * 590 + 10 * 790,
  },
  'a chat of OpenRouter': {
    ...{ provider: 'openrouter', path: chatPath, sent: { ...chat, model: 'openai/gpt-4o-mini' } },
    events: [
      [null, ': OPENROUTER PROCESSING'],
      said,
      chunk({ choices: [{ delta: {} }], usage: { ...counts, cost: 0.00012345, is_byok: false } }),
      done,
    ],
    usage: plain,
    cost: 123_450,
  },
  'a chat of xAI': {
    ...{ provider: 'xai', path: chatPath, sent: { ...chat, model: 'grok-3-mini' } },
    events: [
      said,
      chunk({
        choices: [],
        usage: {
          ...{ ...counts, prompt_tokens_details: { cached_tokens: 40 }, num_sources_used: 0 },
          completion_tokens_details: { reasoning_tokens: 124 },
        },
      }),
      done,
    ],
    usage: {
      ...{ input_tokens: 100, cache_read_tokens: 40, output_tokens: 134, output_reasoning_tokens: 124 },
    },
    // 0.30 USD for a million tokens, 0.075 from the cache, 0.50 for the answer and its thoughts.
    cost: 60 * 300 + 40 * 75 + 134 * 500,
  },
  'a chat of Mistral': {
    ...{ provider: 'mistral', path: '/v1/chat/completions' },
    sent: { ...chat, model: 'mistral-large-2512' },
    events: [said, chunk({ choices: [{}], usage: { ...counts, prompt_audio_seconds: null } }), done],
    usage: plain,
    // 0.50 and 1.50 USD for a million tokens.
    cost: 100 * 500 + 10 * 1_500,
  },
  'a chat of DeepSeek': {
    ...{ provider: 'deepseek', path: chatPath, sent: { ...chat, model: 'deepseek-v3.1-terminus' } },
    events: [
      said,
      chunk({
        choices: [],
        usage: {
          ...{ ...counts, prompt_cache_hit_tokens: 64, prompt_cache_miss_tokens: 36 },
          prompt_tokens_details: { cached_tokens: 64 },
        },
      }),
      done,
    ],
    usage: { ...plain, cache_read_tokens: 64 },
    // 0.27 USD for a million tokens, 0.13 from the cache, 0.95 for the answer.
    cost: 36 * 270 + 64 * 130 + 10 * 950,
  },
};

const pictures = { model: 'dall-e-3', prompt: 'A train' };
const heard = (sent: JsonObject) => ({
  ...{ provider: 'openai', path: '/audio/transcriptions' },
  sent: { file: { bytes: Buffer.alloc(9) }, ...sent },
});

export const answers: Readonly<Record<string, Shape & { readonly answer: unknown }>> = {
  'a chat of Together': {
    ...{ provider: 'together', path: chatPath },
    sent: { model: 'meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo', messages: chat.messages },
    answer: { choices: [{}], usage: counts },
    ...{ usage: plain, cost: 110 * 3_500 },
  },
  'a response that is compacted': {
    ...{ provider: 'openai', path: '/responses/compact', sent: { model: 'gpt-5', input: 'Hi' } },
    ...{ answer: { object: 'response.compaction', ...response }, usage: ofResponse, cost: 58_000 },
  },
  'vectors of OpenAI': {
    ...{ provider: 'openai', path: '/embeddings', sent: { model: 'text-embedding-3-small', input: 'Hi' } },
    answer: { data: [], model: 'text-embedding-3-small', usage: { prompt_tokens: 8, total_tokens: 8 } },
    ...{ usage: { input_tokens: 8 }, cost: 160 },
  },
  'pictures that are paid for each': {
    ...{ provider: 'openai', path: '/images/generations', sent: pictures },
    ...{ answer: { created: 1, data: [{}] }, usage: null, cost: null },
  },
  'what is heard by the second': {
    ...heard({ model: 'whisper-1' }),
    answer: { text: 'Hi', usage: { type: 'duration', seconds: 9 } },
    // 0.36 USD an hour.
    ...{ usage: { audio_seconds: 9, input_audio_seconds: 9 }, cost: 900_000 },
  },
  'what is heard and not told of': {
    ...heard({ model: 'whisper-1' }),
    ...{ answer: { text: 'Hi' }, usage: null, cost: null },
  },
  'a message of Anthropic': {
    ...{ provider: 'anthropic', path: '/v1/messages' },
    sent: { model: 'claude-opus-5', max_tokens: 9, messages: chat.messages },
    answer: {
      model: 'claude-opus-5',
      usage: { input_tokens: 100, output_tokens: 10, server_tool_use: null },
    },
    ...{ usage: plain, cost: 100 * 5_000 + 10 * 25_000 },
  },
  'vectors of Gemini': {
    ...{ provider: 'gemini', path: '/v1beta/models/{model}:embedContent' },
    sent: { model: 'gemini-embedding-001', content: { parts: [{ text: 'Hi' }] } },
    answer: { embedding: { values: [] }, usageMetadata: { promptTokenCount: 8 } },
    ...{ usage: { input_tokens: 8 }, cost: 1_200 },
  },
};
