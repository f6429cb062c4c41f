import type { GroundingMetadata, Language, Outcome, Part } from '@google/genai';
import type { Call } from '../call.ts';
import { fieldsOf, listOf } from '../fields.ts';

/** What tools that run at the provider leave in an answer. */
interface HostedTools {
  readonly parts: readonly Part[];
  readonly grounding: { readonly groundingMetadata?: GroundingMetadata };
  /** What it costs beside tokens, in nano-USD. */
  readonly fees: number;
}

/** Of a search, and of all searches of a call, by how old the model is. */
const searchFees = { newer: 14_000_000, older: 35_000_000 };

/** Uses a search and the running of code once each, where they are offered. */
export function hostedTools({ fields, model }: Call, prompt: string): HostedTools {
  const offered = listOf(fields.tools).map(fieldsOf);
  const searchFee = model.startsWith('gemini-3') ? searchFees.newer : searchFees.older;
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
    fees: searches ? searchFee : 0,
  };
}
