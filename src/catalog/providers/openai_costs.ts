import type { PictureTokens } from '../fields.ts';
import type { OwnPrices } from '../prices.ts';
import type { CostRules } from '../route.ts';

/**
 * What OpenAI's media cost where the price table does not say it, by its pages of prices and models; not checked against the API.
 */

/** What is known of them stays well below; the sizes in between are not proportional. */
export const pictureTokens: PictureTokens = {
  byQuality: { low: 512, medium: 2_048, high: 8_192, xhigh: 16_384, max: 32_768 },
  open: [
    { pattern: 'gpt-image-1*', tokens: 8_192 },
    { pattern: 'gpt-image-2', tokens: 8_192 },
    { pattern: 'gpt-image-2-*', tokens: 8_192 },
    { pattern: 'chatgpt-image-latest', tokens: 8_192 },
    { pattern: '*', tokens: 16_384 },
  ],
};

export const pictureCost: CostRules = { kind: 'pictures', tokens: pictureTokens };
/** Where speech is paid for in tokens, a minute is 1,250 of them, and hardly ever less than 700 letters. */
export const speechCost: CostRules = { kind: 'speech', field: 'input', tokensPerByte: 10 };
export const heardCost: CostRules = { kind: 'heard' };

/** @param output USD for a million tokens of a picture */
const pictures = (output: number) => ({
  ...{ input_mtok: 5, cache_read_mtok: 1.25, input_image_mtok: 8, cache_image_read_mtok: 2 },
  ...{ output_mtok: 10, output_image_mtok: output },
});

export const ownPrices: readonly OwnPrices[] = [
  {
    pattern: 'gpt-image-1-mini',
    rates: {
      ...{ input_mtok: 2, cache_read_mtok: 0.2, input_image_mtok: 2.5, cache_image_read_mtok: 0.25 },
      ...{ output_mtok: 8, output_image_mtok: 8 },
    },
  },
  { pattern: 'gpt-image-1.5*', rates: pictures(32) },
  { pattern: 'gpt-image-1', rates: { ...pictures(40), input_image_mtok: 10, cache_image_read_mtok: 2.5 } },
  { pattern: 'chatgpt-image-latest', rates: pictures(32) },
  { pattern: 'gpt-image-2', rates: pictures(30) },
  { pattern: 'gpt-image-2-*', rates: pictures(30) },
  { pattern: 'gpt-image-2.5-*', rates: pictures(30) },
  { pattern: 'dall-e-3', rates: {}, picture: 0.12 },
  { pattern: 'dall-e-2', rates: {}, picture: 0.02 },
  { pattern: 'tts-1-hd*', rates: {}, characters: 30 },
  { pattern: 'tts-1*', rates: {}, characters: 15 },
  {
    pattern: 'gpt-4o-audio-preview*',
    rates: { input_mtok: 2.5, output_mtok: 10, input_audio_mtok: 40, output_audio_mtok: 80 },
    contextWindow: 128_000,
  },
  {
    pattern: 'gpt-4o-mini-audio-preview*',
    rates: { input_mtok: 0.15, output_mtok: 0.6, input_audio_mtok: 10, output_audio_mtok: 20 },
    contextWindow: 128_000,
  },
];
