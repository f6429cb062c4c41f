import type { AnswerShape, StreamShape } from './usage_shape.ts';

/** How Gemini reports what its content has used. */

const content = {
  ...{ provider: 'gemini', path: '/v1beta/models/{model}:streamGenerateContent' },
  sent: { model: 'gemini-2.5-flash', contents: [{ parts: [{ text: 'Hi' }] }] },
};
const searching = { ...content.sent, tools: [{ googleSearch: {} }] };
const finished = (usageMetadata: object, more: object = {}) =>
  [
    null,
    { candidates: [{ finishReason: 'STOP', ...more }], usageMetadata, modelVersion: 'gemini-2.5-flash' },
  ] as const;

export const geminiStreams: Readonly<Record<string, StreamShape>> = {
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
  'a content that is read from the cache': {
    ...content,
    events: [
      finished({
        ...{ promptTokenCount: 100, cachedContentTokenCount: 40, candidatesTokenCount: 10 },
        ...{ thoughtsTokenCount: 5, totalTokenCount: 115 },
        promptTokensDetails: [
          { modality: 'TEXT', tokenCount: 80 },
          { modality: 'AUDIO', tokenCount: 20 },
        ],
        cacheTokensDetails: [
          { modality: 'TEXT', tokenCount: 30 },
          { modality: 'AUDIO', tokenCount: 10 },
        ],
        candidatesTokensDetails: [{ modality: 'TEXT', tokenCount: 10 }],
      }),
    ],
    usage: {
      ...{ input_tokens: 100, cache_read_tokens: 40, input_audio_tokens: 20, cache_audio_read_tokens: 10 },
      ...{ output_tokens: 15, output_reasoning_tokens: 5 },
    },
    // 0.30 USD for a million tokens, 1 of sound; 0.03 and 0.10 from the cache; 2.50 for the answer.
    cost: 50 * 300 + 30 * 30 + 10 * 1_000 + 10 * 100 + 15 * 2_500,
  },
  'a content with searches that are told twice, once by themselves': {
    ...{ ...content, sent: searching },
    events: [
      [null, { candidates: [{ groundingMetadata: { webSearchQueries: ['a', 'b'] } }] }],
      finished(
        { promptTokenCount: 10, candidatesTokenCount: 5 },
        { groundingMetadata: { webSearchQueries: ['a', 'b'] } },
      ),
      [null, { candidates: [{ groundingMetadata: { webSearchQueries: [] } }] }],
    ],
    usage: { input_tokens: 10, output_tokens: 5, web_searches: 2 },
    // Nobody knows the price of a search with this model.
    ...{ cost: null, counted: 10 * 300 + 5 * 2_500 + 2 * 35_000_000 },
  },
  'a content that shows a search and not what for': {
    ...{ ...content, sent: searching },
    events: [
      finished(
        { promptTokenCount: 10, candidatesTokenCount: 5 },
        { groundingMetadata: { searchEntryPoint: { renderedContent: '' } } },
      ),
    ],
    usage: { input_tokens: 10, output_tokens: 5, web_searches: 1 },
    ...{ cost: null, counted: 10 * 300 + 5 * 2_500 + 35_000_000 },
  },
  'a content that reports nothing': {
    ...content,
    events: [[null, { candidates: [{ content: { parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }] }]],
    ...{ usage: null, cost: null },
  },
};

export const geminiAnswers: Readonly<Record<string, AnswerShape>> = {
  'vectors of Gemini': {
    ...{ provider: 'gemini', path: '/v1beta/models/{model}:embedContent' },
    sent: { model: 'gemini-embedding-001', content: { parts: [{ text: 'Hi' }] } },
    answer: { embedding: { values: [] }, usageMetadata: { promptTokenCount: 8 } },
    ...{ usage: { input_tokens: 8 }, cost: 1_200 },
  },
};
