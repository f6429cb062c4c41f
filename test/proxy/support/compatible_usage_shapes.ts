import {
  type AnswerShape,
  chat,
  chatPath,
  chunk,
  counts,
  done,
  plain,
  type StreamShape,
  said,
} from './usage_shape.ts';

/** How providers report it whose API is after that of OpenAI. */

export const compatibleStreams: Readonly<Record<string, StreamShape>> = {
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
  'a chat of xAI that says what it costs': {
    ...{ provider: 'xai', path: chatPath, sent: { ...chat, model: 'grok-4.5' } },
    events: [said, chunk({ choices: [], usage: { ...counts, cost_in_usd_ticks: 1_234_500 } }), done],
    // A ten-thousand-millionth of a USD each.
    ...{ usage: plain, cost: 123_450 },
  },
  'a chat of Groq by several models': {
    ...{ provider: 'groq', path: '/openai/v1/chat/completions', sent: { ...chat, model: 'groq/compound' } },
    events: [
      said,
      chunk({
        choices: [{ finish_reason: 'stop' }],
        x_groq: {
          usage: counts,
          usage_breakdown: { models: [{ model: 'llama-3.3-70b-versatile', usage: counts }] },
        },
      }),
      done,
    ],
    usage: plain,
    // At twice the highest prices of Groq, 1 and 3 USD for a million tokens, rounded up; and ten tools at 0.05 USD.
    ...{ cost: null, counted: 100 * 2_000 + 10 * 6_000 + 1 + 10 * 50_000_000 },
  },
  'a chat of Mistral with sound': {
    ...{ provider: 'mistral', path: '/v1/chat/completions' },
    sent: {
      ...{ model: 'voxtral-small-2507', stream: true },
      messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: 'AAAA' }] }],
    },
    events: [said, chunk({ choices: [{}], usage: { ...counts, prompt_audio_seconds: 36 } }), done],
    usage: { ...plain, audio_seconds: 36, input_audio_seconds: 36 },
    // 0.10 USD for a million tokens, 0.40 for the answer; sound at twice the highest price of Mistral, 0.18 USD an hour.
    ...{ cost: null, counted: 100 * 100 + 10 * 400 + 36 * 100_000 },
  },
  'a chat of Azure': {
    ...{ provider: 'azure', path: '/openai/deployments/{model}/chat/completions' },
    sent: { ...chat, model: 'ours' },
    events: [
      chunk({ choices: [], model: '', prompt_filter_results: [] }),
      said,
      chunk({ choices: [], model: 'gpt-4o-2024-11-20', usage: counts }),
      done,
    ],
    // 2.50 and 10 USD for a million tokens.
    ...{ usage: plain, cost: 100 * 2_500 + 10 * 10_000 },
  },
};

export const compatibleAnswers: Readonly<Record<string, AnswerShape>> = {
  'a chat of Together': {
    ...{ provider: 'together', path: chatPath },
    sent: { model: 'meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo', messages: chat.messages },
    answer: { choices: [{}], usage: counts },
    ...{ usage: plain, cost: 110 * 3_500 },
  },
};
