import { type AnswerShape, chat, plain, type StreamShape } from './usage_shape.ts';

/** How Anthropic reports what a message has used. */

const message = { provider: 'anthropic', path: '/v1/messages' };
const asked = { model: 'claude-opus-5', max_tokens: 9, messages: chat.messages };
const tools = {
  tools: [
    { type: 'web_search_20250305', name: 'web_search' },
    { type: 'web_fetch_20250910', name: 'web_fetch' },
  ],
};
const thoughtful = {
  ...{ input_tokens: 100, output_tokens: 30, output_tokens_details: { thinking_tokens: 12 } },
};
const ofThoughtful = { input_tokens: 100, output_tokens: 30, output_reasoning_tokens: 12 };
/** 5 USD for a million tokens, 25 for the answer. */
const costOfThoughtful = 100 * 5_000 + 30 * 25_000;
const searched = [
  { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] },
  {
    ...{ type: 'web_search_tool_result', tool_use_id: 'srvtoolu_2' },
    content: { type: 'web_search_tool_result_error', error_code: 'unavailable' },
  },
];
const begins = [
  'message_start',
  {
    type: 'message_start',
    message: { model: 'claude-opus-5', usage: { input_tokens: 100, output_tokens: 1 } },
  },
] as const;
const ends = ['message_stop', { type: 'message_stop' }] as const;
const block = (content_block: object) =>
  ['content_block_start', { type: 'content_block_start', index: 0, content_block }] as const;

export const anthropicStreams: Readonly<Record<string, StreamShape>> = {
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
  'a message with searches and thoughts': {
    ...{ ...message, sent: { ...asked, ...tools, stream: true } },
    events: [
      begins,
      ...searched.map(block),
      [
        'message_delta',
        {
          type: 'message_delta',
          usage: { ...thoughtful, server_tool_use: { web_search_requests: 2, web_fetch_requests: 1 } },
        },
      ],
      ends,
    ],
    usage: { ...ofThoughtful, web_searches: 2 },
    cost: costOfThoughtful + 2 * 10_000_000,
  },
  'a message whose usage does not tell of its searches': {
    ...{ ...message, sent: { ...asked, ...tools, stream: true } },
    events: [
      begins,
      ...searched.map(block),
      ['message_delta', { type: 'message_delta', usage: thoughtful }],
      ends,
    ],
    usage: { ...ofThoughtful, web_searches: 1 },
    cost: costOfThoughtful + 10_000_000,
  },
  'a message that is written in the United States': {
    ...{ ...message, sent: { ...asked, ...tools, stream: true } },
    events: [
      begins,
      [
        'message_delta',
        {
          type: 'message_delta',
          usage: { ...thoughtful, inference_geo: 'us', server_tool_use: { web_search_requests: 2 } },
        },
      ],
      ends,
    ],
    usage: { ...ofThoughtful, web_searches: 2 },
    // A tenth more for tokens, and nothing more for searches.
    cost: 1.1 * costOfThoughtful + 2 * 10_000_000,
  },
  'a message that reports nothing but what it has read': {
    ...{ ...message, sent: { ...asked, stream: true } },
    events: [begins, ['message_delta', { type: 'message_delta', delta: { stop_reason: 'end_turn' } }], ends],
    ...{ usage: { input_tokens: 100, output_tokens: 1 }, cost: null },
  },
};

export const anthropicAnswers: Readonly<Record<string, AnswerShape>> = {
  'a message of Anthropic': {
    ...{ provider: 'anthropic', path: '/v1/messages' },
    sent: { model: 'claude-opus-5', max_tokens: 9, messages: chat.messages },
    answer: {
      model: 'claude-opus-5',
      usage: { input_tokens: 100, output_tokens: 10, server_tool_use: null },
    },
    ...{ usage: plain, cost: 100 * 5_000 + 10 * 25_000 },
  },
  'a message with searches and thoughts': {
    ...{ ...message, sent: { ...asked, ...tools } },
    answer: {
      ...{ model: 'claude-opus-5', content: searched },
      usage: { ...thoughtful, server_tool_use: { web_search_requests: 2, web_fetch_requests: 1 } },
    },
    usage: { ...ofThoughtful, web_searches: 2 },
    cost: costOfThoughtful + 2 * 10_000_000,
  },
  'a message whose usage does not tell of its searches': {
    ...{ ...message, sent: { ...asked, ...tools } },
    answer: { model: 'claude-opus-5', content: searched, usage: thoughtful },
    usage: { ...ofThoughtful, web_searches: 1 },
    cost: costOfThoughtful + 10_000_000,
  },
};
