import type { GroundingMetadata, Language, Outcome, Part } from '@google/genai';
import { type Fields, fieldsOf, listOf } from '../fields.ts';

/** What tools that run at the provider leave in an answer. */
interface HostedTools {
  readonly parts: readonly Part[];
  readonly grounding: { readonly groundingMetadata?: GroundingMetadata };
}

/** Uses a search and the running of code once each, where they are offered. */
export function hostedTools({ tools }: Fields, prompt: string): HostedTools {
  const offered = listOf(tools).map(fieldsOf);
  const runsCode = offered.some(({ codeExecution }) => codeExecution !== undefined);
  const searches = offered.some(({ googleSearch }) => googleSearch !== undefined);
  const web = { uri: 'https://example.com/', title: 'example.com' };
  return {
    parts: runsCode
      ? [
          { executableCode: { language: 'PYTHON' as Language, code: 'print(6 * 7)' } },
          { codeExecutionResult: { outcome: 'OUTCOME_OK' as Outcome, output: '42\n' } },
        ]
      : [],
    grounding: searches
      ? { groundingMetadata: { webSearchQueries: [prompt], groundingChunks: [{ web }] } }
      : {},
  };
}
