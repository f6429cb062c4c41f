import { anthropicAnswers, anthropicStreams } from './anthropic_usage_shapes.ts';
import { compatibleAnswers, compatibleStreams } from './compatible_usage_shapes.ts';
import { geminiAnswers, geminiStreams } from './gemini_usage_shapes.ts';
import { mediaAnswers, mediaFiles, mediaStreams } from './media_usage_shapes.ts';
import { openaiAnswers, openaiStreams } from './openai_usage_shapes.ts';

/** How providers report usage, each with what it comes to. */

export const streams = {
  ...{ ...openaiStreams, ...mediaStreams, ...anthropicStreams },
  ...{ ...geminiStreams, ...compatibleStreams },
};
export const answers = {
  ...{ ...openaiAnswers, ...mediaAnswers, ...anthropicAnswers },
  ...{ ...geminiAnswers, ...compatibleAnswers },
};
export const files = mediaFiles;
