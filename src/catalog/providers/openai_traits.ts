import type { ModelTraits } from '../provider.ts';

/**
 * How long OpenAI's models write, by what its pages of models have said; not checked against the API. What is not here may be newer.
 * Dated names stand before the family where they differ from it.
 */
const plain = (pattern: string, longest: number, picture?: object): ModelTraits => ({
  pattern,
  longest,
  isPlain: true,
  ...picture,
});
const thinking = (pattern: string, longest: number, picture?: object): ModelTraits => ({
  pattern,
  longest,
  ...picture,
});

/**
 * In how many tokens they read a picture, by its page about vision: in eight tiles at most, of up to 170 tokens, and 85 for
 * all of it; in up to 10,000 patches, of up to 1.62 tokens, or 6,144 of up to 2.46; in up to 30,000 patches of 1.2.
 */
const inTiles = { largestPicture: 4_096 };
/** For what others bill as 85 and 170 tokens. */
const inLargeTiles = { largestPicture: 73_728, billedWindow: 34 * 128_000 };
const inPatches = { largestPicture: 24_576 };
const inFullSize = { largestPicture: 65_536 };

export const traits: readonly ModelTraits[] = [
  plain('gpt-3.5-turbo*', 4_096),
  plain('gpt-4-turbo*', 4_096, inTiles),
  plain('gpt-4-1106*', 4_096, inTiles),
  plain('gpt-4-0125*', 4_096, inTiles),
  plain('gpt-4-vision*', 4_096, inTiles),
  plain('gpt-4-32k*', 32_768),
  plain('gpt-4.1*', 32_768, inPatches),
  plain('gpt-4.5*', 16_384, inTiles),
  plain('gpt-4o-2024-05-13', 4_096, inTiles),
  plain('gpt-4o-realtime*', 4_096),
  plain('gpt-4o-mini-realtime*', 4_096),
  { pattern: 'gpt-realtime-2.1-mini*', contextWindow: 128_000 },
  { pattern: 'gpt-realtime-mini*', contextWindow: 32_000 },
  plain('gpt-4o-mini', 16_384, inLargeTiles),
  plain('gpt-4o-mini-2*', 16_384, inLargeTiles),
  plain('gpt-4o-mini*', 16_384),
  plain('gpt-4o*', 16_384, inTiles),
  plain('chatgpt-4o*', 16_384, inTiles),
  plain('gpt-4-*', 8_192),
  plain('gpt-4', 8_192),
  plain('gpt-audio*', 16_384),
  plain('davinci-002', 16_384),
  plain('babbage-002', 16_384),
  thinking('computer-use-preview*', 1_024, inTiles),
  thinking('codex-mini*', 100_000, inPatches),
  thinking('o1-preview*', 32_768),
  thinking('o1-mini*', 65_536),
  thinking('o1*', 100_000, inTiles),
  thinking('o3*', 100_000, inTiles),
  thinking('o4-mini*', 100_000, inPatches),
  thinking('gpt-5-chat*', 16_384, inTiles),
  thinking('gpt-5.1-chat*', 16_384, inPatches),
  thinking('gpt-5.2-chat*', 16_384, inPatches),
  thinking('gpt-5.3-chat*', 16_384, inPatches),
  thinking('gpt-5', 128_000, inTiles),
  thinking('gpt-5-20*', 128_000, inTiles),
  // Some of their pictures have been counted by the length of their data.
  thinking('gpt-5.4-mini*', 128_000),
  thinking('gpt-5.4-nano*', 128_000),
  thinking('gpt-5.6*', 128_000, inFullSize),
  thinking('gpt-5*', 128_000, inPatches),
  thinking('gpt-6*', 128_000, inFullSize),
];
