import type { JsonObject } from '../../../src/lib/json.ts';
import type { AnswerShape, FileShape, StreamShape } from './usage_shape.ts';

/** How OpenAI reports what pictures, speech and hearing have come to. */

const picture = { input_tokens: 50, input_tokens_details: { text_tokens: 10, image_tokens: 40 } };
const finished = (kind: string) =>
  [
    `${kind}.completed`,
    {
      ...{ type: `${kind}.completed`, b64_json: 'AAAA' },
      usage: { ...picture, output_tokens: 272, total_tokens: 322 },
    },
  ] as const;
const ofPicture = {
  ...{ input_tokens: 50, input_text_tokens: 10, input_image_tokens: 40 },
  ...{ output_tokens: 272, output_image_tokens: 272 },
};
/** 5 USD for a million tokens of text, 8 for those of pictures, 30 for what is made. */
const costOfPicture = 10 * 5_000 + 40 * 8_000 + 272 * 30_000;

export const mediaStreams: Readonly<Record<string, StreamShape>> = {
  'a picture of OpenAI': {
    ...{ provider: 'openai', path: '/images/generations' },
    sent: { model: 'gpt-image-2', prompt: 'A train', stream: true },
    events: [
      ['image_generation.partial_image', { type: 'image_generation.partial_image', b64_json: 'AAAA' }],
      finished('image_generation'),
    ],
    ...{ usage: ofPicture, cost: costOfPicture },
  },
  'several pictures of OpenAI': {
    ...{ provider: 'openai', path: '/images/generations' },
    sent: { model: 'gpt-image-2', prompt: 'A train', n: 2, stream: true },
    events: [finished('image_generation'), finished('image_generation')],
    usage: {
      ...{ input_tokens: 100, input_text_tokens: 20, input_image_tokens: 80 },
      ...{ output_tokens: 544, output_image_tokens: 544 },
    },
    cost: 2 * costOfPicture,
  },
  'a picture that is changed': {
    ...{ provider: 'openai', path: '/images/edits' },
    sent: { model: 'gpt-image-2', prompt: 'A train', image: { bytes: Buffer.alloc(9) }, stream: 'true' },
    ...{ events: [finished('image_edit')], usage: ofPicture, cost: costOfPicture },
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
};

const pictures = { model: 'dall-e-3', prompt: 'A train' };
const lines = {
  ...{ provider: 'openai', path: '/images/generations' },
  sent: {
    ...{ model: 'gpt-image-2', prompt: 'A train' },
    ...{ output_format: 'svg', svg: { model: 'gpt-5-mini' } },
  },
  usage: ofPicture,
};
const drawn = {
  ...{ data: [{ b64_json: 'AAAA' }], output_format: 'svg' },
  usage: { ...picture, output_tokens: 272, total_tokens: 322 },
};
const heard = (sent: JsonObject) => ({
  ...{ provider: 'openai', path: '/audio/transcriptions' },
  sent: { file: { bytes: Buffer.alloc(9) }, ...sent },
});

export const mediaAnswers: Readonly<Record<string, AnswerShape>> = {
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
  'a picture of lines': {
    ...lines,
    answer: {
      ...drawn,
      svg_usage: { model: 'gpt-5-mini', input_tokens: 20, output_tokens: 300, reasoning_tokens: 1 },
    },
    // Written at 0.25 and 2 USD for a million tokens, after what was drawn.
    cost: costOfPicture + 20 * 250 + 300 * 2_000,
  },
  'a picture of lines that does not tell what writing it took': { ...lines, answer: drawn, cost: null },
};

const untold = { usage: null, cost: null };

/** What comes without any report. */
export const mediaFiles: Readonly<Record<string, FileShape>> = {
  'speech by its characters': {
    ...{
      provider: 'openai',
      path: '/audio/speech',
      mediaType: 'audio/mpeg',
      content: '\u00ff\u00f3"usage":{',
    },
    ...{ sent: { model: 'tts-1', input: 'Hi', voice: 'alloy' }, ...untold },
  },
  'speech by its tokens': {
    ...{
      provider: 'openai',
      path: '/audio/speech',
      mediaType: 'audio/mpeg',
      content: '\u00ff\u00f3"usage":{',
    },
    ...{ sent: { model: 'gpt-4o-mini-tts', input: 'Hi', voice: 'alloy' }, ...untold },
  },
  'what is heard as subtitles': {
    ...heard({ model: 'whisper-1', response_format: 'srt' }),
    ...{ mediaType: 'application/x-subrip', content: '1\n00:00:00,000 --> 00:00:01,000\nHi\n', ...untold },
  },
  'what is heard as captions': {
    ...heard({ model: 'whisper-1', response_format: 'vtt' }),
    ...{ mediaType: 'text/vtt', content: 'WEBVTT\n\n00:00.000 --> 00:01.000\nHi\n', ...untold },
  },
};
