import type { ModelTraits } from '../provider.ts';

/**
 * How long Anthropic's models write, by its overview of models, of those that think only when they are told to; and in how
 * many tokens they read a picture, by its page about vision: 1,568 at most, and 4,784 from Opus 4.7 on.
 */
const coarse = { largestPicture: 2_560 };
const fine = { largestPicture: 8_192 };
const plain = (pattern: string, longest: number): ModelTraits => ({
  pattern,
  longest,
  isPlain: true,
  ...coarse,
});

export const traits: readonly ModelTraits[] = [
  { pattern: 'claude-2*', longest: 4_096, isPlain: true },
  plain('claude-3-opus*', 4_096),
  plain('claude-3-sonnet*', 4_096),
  plain('claude-3-haiku*', 4_096),
  plain('claude-3-5-*', 8_192),
  plain('claude-3-7-sonnet*', 64_000),
  plain('claude-opus-4-5*', 64_000),
  plain('claude-opus-4-1*', 32_000),
  plain('claude-opus-4-0*', 32_000),
  plain('claude-opus-4-20250514', 32_000),
  plain('claude-sonnet-4-0*', 64_000),
  plain('claude-sonnet-4-2*', 64_000),
  plain('claude-sonnet-4-5*', 64_000),
  plain('claude-haiku-4-5*', 64_000),
  { pattern: 'claude-opus-4-6*', ...coarse },
  { pattern: 'claude-sonnet-4-6*', ...coarse },
  { pattern: 'claude-opus-4-7*', ...fine },
  { pattern: 'claude-opus-4-8*', ...fine },
  { pattern: 'claude-opus-5*', ...fine },
  { pattern: 'claude-sonnet-5*', ...fine },
  { pattern: 'claude-fable-5*', ...fine },
];
