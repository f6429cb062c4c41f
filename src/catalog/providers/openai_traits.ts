import type { ModelTraits } from '../provider.ts';

/**
 * How long OpenAI's models write, by what its pages of models have said; not checked against the API. What is not here may be newer.
 * Dated names stand before the family where they differ from it.
 */
const plain = (pattern: string, longest: number): ModelTraits => ({ pattern, longest, isPlain: true });
const thinking = (pattern: string, longest: number): ModelTraits => ({ pattern, longest });

export const traits: readonly ModelTraits[] = [
  plain('gpt-3.5-turbo*', 4_096),
  plain('gpt-4-turbo*', 4_096),
  plain('gpt-4-1106*', 4_096),
  plain('gpt-4-0125*', 4_096),
  plain('gpt-4-vision*', 4_096),
  plain('gpt-4-32k*', 32_768),
  plain('gpt-4.1*', 32_768),
  plain('gpt-4.5*', 16_384),
  plain('gpt-4o-2024-05-13', 4_096),
  plain('gpt-4o-realtime*', 4_096),
  plain('gpt-4o-mini-realtime*', 4_096),
  { pattern: 'gpt-realtime-2.1-mini*', contextWindow: 128_000 },
  { pattern: 'gpt-realtime-mini*', contextWindow: 32_000 },
  plain('gpt-4o*', 16_384),
  plain('chatgpt-4o*', 16_384),
  plain('gpt-4-*', 8_192),
  plain('gpt-4', 8_192),
  plain('gpt-audio*', 16_384),
  plain('davinci-002', 16_384),
  plain('babbage-002', 16_384),
  thinking('computer-use-preview*', 1_024),
  thinking('codex-mini*', 100_000),
  thinking('o1-preview*', 32_768),
  thinking('o1-mini*', 65_536),
  thinking('o1*', 100_000),
  thinking('o3*', 100_000),
  thinking('o4-mini*', 100_000),
  thinking('gpt-5-chat*', 16_384),
  thinking('gpt-5.1-chat*', 16_384),
  thinking('gpt-5.2-chat*', 16_384),
  thinking('gpt-5.3-chat*', 16_384),
  thinking('gpt-5*', 128_000),
  thinking('gpt-6*', 128_000),
];
