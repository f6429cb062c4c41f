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

/** How OpenAI reports what it reads and writes, and what its tools do. */

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
/** 1.25 USD for a million tokens, 0.125 from the cache, 10 for the answer. */
const costOfResponse = 6 * 1_250 + 4 * 125 + 5 * 10_000;
const asked = { provider: 'openai', path: '/responses', usage: ofResponse };
const sent = { model: 'gpt-5', input: 'Hi' };

const ended = (how: string, more: object = {}): StreamShape['events'] => [
  ['response.output_text.delta', { type: 'response.output_text.delta', delta: 'Hi' }],
  [`response.${how}`, { type: `response.${how}`, response: { ...response, ...more } }],
];

const web = { tools: [{ type: 'web_search' }], max_tool_calls: 10 };
const drawing = { tools: [{ type: 'image_generation', model: 'gpt-image-2' }] };
const lines = {
  tools: [
    {
      ...{ type: 'image_generation', model: 'gpt-image-2' },
      ...{ output_format: 'svg', svg: { model: 'gpt-5-mini' } },
    },
  ],
};
const picture = { type: 'image_generation_call', id: 'ig_1', status: 'completed', result: 'AAAA' };
const author = (input_tokens: number, output_tokens: number) => ({
  svg_usage: { model: 'gpt-5-mini', input_tokens, output_tokens, reasoning_tokens: 1 },
});
const drawn = (input_tokens: number, output_tokens: number, searches = 0) => ({
  tool_usage: {
    image_gen: { input_tokens, output_tokens, total_tokens: input_tokens + output_tokens },
    web_search: { num_requests: searches },
  },
});

/** What tools of a response come to, told or not: what it was sent beside the question, what it answers beside its text. */
const byTools: Readonly<
  Record<
    string,
    Pick<StreamShape, 'cost' | 'counted'> & Partial<StreamShape> & { tools: object; told: object }
  >
> = {
  'a response with searches': {
    ...{ tools: web, told: drawn(0, 0, 2), usage: { ...ofResponse, web_searches: 2 } },
    cost: costOfResponse + 2 * 10_000_000,
  },
  'a response that does not tell of searches': {
    ...{ tools: web, told: {} },
    // As often as it may search.
    ...{ cost: null, counted: costOfResponse + 10 * 10_000_000 },
  },
  'a response with a picture': {
    ...{ tools: drawing, told: { output: [picture], ...drawn(8, 90) } },
    ...{ usage: { ...ofResponse, web_searches: 0 } },
    // The picture at 5 and 30 USD for a million tokens.
    cost: costOfResponse + 8 * 5_000 + 90 * 30_000,
  },
  'a response without a picture': { tools: drawing, told: { output: [] }, cost: costOfResponse },
  'a response whose picture has failed': {
    ...{ tools: drawing, told: { output: [{ ...picture, status: 'failed' }], ...drawn(0, 0) } },
    ...{ usage: { ...ofResponse, web_searches: 0 }, cost: costOfResponse },
  },
  'a response with pictures of lines': {
    tools: lines,
    told: {
      output: [
        { ...picture, output_format: 'svg', ...author(20, 300) },
        { ...picture, output_format: 'svg', ...author(10, 100) },
      ],
      ...drawn(8, 90),
    },
    usage: { ...ofResponse, web_searches: 0 },
    // Each written at 0.25 and 2 USD for a million tokens, after what was drawn.
    cost: costOfResponse + 8 * 5_000 + 90 * 30_000 + 30 * 250 + 400 * 2_000,
  },
  'a response that does not tell of its picture': {
    ...{ tools: drawing, told: { output: [picture] }, cost: null },
  },
  'a response that leaves its picture out of the sum': {
    ...{ tools: drawing, told: { output: [picture], ...drawn(0, 0) } },
    ...{ usage: { ...ofResponse, web_searches: 0 }, cost: null },
  },
  'a response that does not tell of one picture of lines': {
    tools: lines,
    told: {
      output: [
        { ...picture, output_format: 'svg', ...author(20, 300) },
        { ...picture, output_format: 'svg' },
      ],
      ...drawn(8, 90),
    },
    ...{ usage: { ...ofResponse, web_searches: 0 }, cost: null },
  },
  'a response that does not tell what was drawn for its lines': {
    tools: lines,
    told: { output: [{ ...picture, output_format: 'svg', ...author(20, 300) }] },
    cost: null,
  },
};

export const openaiStreams: Readonly<Record<string, StreamShape>> = {
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
        ...{ provider: 'openai', path: '/responses', sent: { ...sent, stream: true } },
        ...{ events: ended(how), usage: ofResponse, cost: costOfResponse },
      },
    ]),
  ),
  'a chat that writes to the cache': {
    ...{ provider: 'openai', path: chatPath, sent: { ...chat, model: 'gpt-5.6-sol' } },
    events: [
      said,
      chunk({
        choices: [],
        usage: { ...counts, prompt_tokens_details: { cached_tokens: 40, cache_write_tokens: 50 } },
      }),
      done,
    ],
    usage: { ...plain, cache_read_tokens: 40, cache_write_tokens: 50 },
    // 4 USD for a million tokens, 0.40 from the cache, 5 into it, 20 for the answer.
    cost: 10 * 4_000 + 40 * 400 + 50 * 5_000 + 10 * 20_000,
  },
  'a chat with sound': {
    ...{ provider: 'openai', path: chatPath },
    sent: {
      ...{ ...chat, model: 'gpt-4o-audio-preview', modalities: ['text', 'audio'] },
      audio: { voice: 'alloy', format: 'pcm16' },
    },
    events: [
      said,
      chunk({
        choices: [],
        usage: {
          ...{ ...counts, prompt_tokens_details: { audio_tokens: 30, text_tokens: 70, image_tokens: 0 } },
          completion_tokens_details: { audio_tokens: 8, text_tokens: 2 },
        },
      }),
      done,
    ],
    usage: { ...plain, input_audio_tokens: 30, output_audio_tokens: 8 },
    // 2.50 USD for a million tokens, 40 of sound; 10 for the answer, 80 for what is spoken.
    cost: 70 * 2_500 + 30 * 40_000 + 2 * 10_000 + 8 * 80_000,
  },
  'a chat with a prediction': {
    ...{ provider: 'openai', path: chatPath },
    sent: { ...chat, model: 'gpt-4o', prediction: { type: 'content', content: 'Hello' } },
    events: [
      said,
      chunk({
        choices: [],
        usage: {
          ...counts,
          completion_tokens_details: { accepted_prediction_tokens: 3, rejected_prediction_tokens: 5 },
        },
      }),
      done,
    ],
    // What was rejected is among what was written.
    ...{ usage: plain, cost: 100 * 2_500 + 10 * 10_000 },
  },
  'a response that reports nothing': {
    ...{ ...asked, sent: { ...sent, stream: true }, usage: null, cost: null },
    events: ended('completed', { usage: null }),
  },
  ...Object.fromEntries(
    Object.entries(byTools).map(([name, { tools, told, ...rest }]) => [
      name,
      { ...asked, sent: { ...sent, ...tools, stream: true }, events: ended('completed', told), ...rest },
    ]),
  ),
};

export const openaiAnswers: Readonly<Record<string, AnswerShape>> = {
  'a response that is compacted': {
    ...{ provider: 'openai', path: '/responses/compact', sent: { model: 'gpt-5', input: 'Hi' } },
    ...{ answer: { object: 'response.compaction', ...response }, usage: ofResponse, cost: costOfResponse },
  },
  'vectors of OpenAI': {
    ...{ provider: 'openai', path: '/embeddings', sent: { model: 'text-embedding-3-small', input: 'Hi' } },
    answer: { data: [], model: 'text-embedding-3-small', usage: { prompt_tokens: 8, total_tokens: 8 } },
    ...{ usage: { input_tokens: 8 }, cost: 160 },
  },
  'a chat that leaves out what it has spoken': {
    ...{ provider: 'openai', path: chatPath },
    sent: {
      ...{ ...chat, stream: false, model: 'gpt-4o-audio-preview', modalities: ['text', 'audio'] },
      audio: { voice: 'alloy', format: 'pcm16' },
    },
    ...{ answer: { choices: [{}], usage: counts }, usage: plain, cost: null },
  },
  'a decision': {
    ...{ provider: 'openai', path: '/decisions' },
    sent: { ...sent, questions: [{ type: 'predicate', name: 'a', instructions: 'Is it so?' }] },
    answer: { ...response, answers: [{ type: 'predicate', name: 'a', probability: 0.5 }] },
    ...{ usage: ofResponse, cost: costOfResponse },
  },
  'a chat that leaves out what it has written': {
    ...{ provider: 'openai', path: chatPath, sent: { ...chat, model: 'gpt-4o', stream: false } },
    answer: { choices: [{}], usage: { prompt_tokens: 100, total_tokens: 110 } },
    ...{ usage: { input_tokens: 100 }, cost: null },
  },
  ...Object.fromEntries(
    Object.entries(byTools).map(([name, { tools, told, ...rest }]) => [
      name,
      { ...asked, sent: { ...sent, ...tools }, answer: { ...response, ...told }, ...rest },
    ]),
  ),
};
