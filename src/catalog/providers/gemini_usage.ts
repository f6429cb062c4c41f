import { at, isObject } from '../../lib/json.ts';
import type { UsageRules } from '../usage.ts';

const names = { usage: 'usageMetadata', model: 'modelVersion' };

/** How Gemini reports what generated content has used: in each piece of a stream, up to there. */
export const contentUsage: UsageRules = {
  names,
  completeBy: isComplete,
  table: {
    input_tokens: { sum: [['promptTokenCount'], ['toolUsePromptTokenCount']] },
    cache_read_tokens: ['cachedContentTokenCount'],
    input_audio_tokens: { modality: 'AUDIO', in: 'promptTokensDetails' },
    cache_audio_read_tokens: { modality: 'AUDIO', in: 'cacheTokensDetails' },
    output_tokens: { sum: [['candidatesTokenCount'], ['thoughtsTokenCount']] },
    output_reasoning_tokens: ['thoughtsTokenCount'],
    output_image_tokens: { modality: 'IMAGE', in: 'candidatesTokensDetails' },
    output_audio_tokens: { modality: 'AUDIO', in: 'candidatesTokensDetails' },
  },
  shows: { unit: 'web_searches', by: 'groundingMetadata', marks: searchesIn },
};

export const embeddingUsage: UsageRules = { names, table: { input_tokens: ['promptTokenCount'] } };

function isComplete(answer: unknown): boolean {
  const candidates = at(answer, ['candidates']);
  return Array.isArray(candidates)
    ? candidates.some((candidate) => isObject(candidate) && typeof candidate.finishReason === 'string')
    : at(answer, ['promptFeedback', 'blockReason']) !== undefined;
}

/** What was searched for, by its place: it can be told again. Where that is left out, what a search shows of itself stands for one. */
function searchesIn(answer: unknown): readonly string[] {
  return listAt(answer, 'candidates').flatMap((candidate, index) => {
    const grounding = at(candidate, ['groundingMetadata']);
    const queries = ['webSearchQueries', 'imageSearchQueries'].flatMap((name) => listAt(grounding, name));
    const isSearched = at(grounding, ['searchEntryPoint']) !== undefined;
    const uses = queries.length === 0 && isSearched ? ['unnamed'] : queries;
    return uses.map((_, place) => `${index} ${place}`);
  });
}

function listAt(holder: unknown, name: string): readonly unknown[] {
  const list = at(holder, [name]);
  return Array.isArray(list) ? list : [];
}
