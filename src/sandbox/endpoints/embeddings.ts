import type OpenAI from 'openai';
import { type Answer, json } from '../answer.ts';
import { type Call, optionalInteger } from '../call.ts';
import { invalidRequest, missingParameter } from '../errors.ts';
import { derivedNumbers, sha256 } from '../seed.ts';
import { countTokens } from '../tokens.ts';

const usualDimensions = 1536;
const maxDimensions = 3072;
const maxInputs = 2048;

interface EmbeddingInput {
  readonly words: string;
  readonly tokens: number;
}

/** POST /embeddings: the same input has the same vector, whatever it is asked together with. */
export function createEmbeddings(call: Call): Answer {
  const inputs = inputsOf(call.fields.input);
  const dimensions =
    optionalInteger(call, 'dimensions', { most: maxDimensions }) ?? defaultDimensions(call.model);
  const asBase64 = call.fields.encoding_format === 'base64';
  const tokens = inputs.reduce((sum, input) => sum + input.tokens, 0);
  const data = inputs.map((input, index) => {
    const vector = unitVector(`${call.model} ${sha256(input.words)}`, dimensions);
    const embedding = asBase64 ? Buffer.from(vector.buffer).toString('base64') : [...vector];
    return { object: 'embedding', index, embedding } as const;
  });
  const embeddings = {
    object: 'list',
    data,
    model: call.model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  } satisfies WireEmbeddings;
  return json(embeddings, { input: tokens, output: 0 });
}

type WireEmbeddings = Omit<OpenAI.CreateEmbeddingResponse, 'data'> & {
  data: readonly (Omit<OpenAI.Embedding, 'embedding'> & { embedding: string | number[] })[];
};

/** An input is a text, a list of texts, a list of tokens, or a list of lists of tokens. */
function inputsOf(input: unknown): readonly EmbeddingInput[] {
  if (input === undefined) throw missingParameter('input');
  const items = Array.isArray(input) && typeof input[0] !== 'number' ? input : [input];
  if (items.length > maxInputs)
    throw invalidRequest(`'input' must have at most ${maxInputs} items.`, { param: 'input' });
  const inputs = items.map(inputOf);
  if (inputs.length === 0 || inputs.includes(undefined))
    throw invalidRequest("'$.input' is invalid.", { param: 'input' });
  return inputs.filter((one) => one !== undefined);
}

function inputOf(item: unknown): EmbeddingInput | undefined {
  if (typeof item === 'string' && item !== '') return { words: item, tokens: countTokens(item) };
  if (!Array.isArray(item) || item.length === 0 || !item.every(Number.isInteger)) return undefined;
  return { words: `tokens ${item.join(' ')}`, tokens: item.length };
}

function defaultDimensions(model: string): number {
  return model.includes('3-large') ? maxDimensions : usualDimensions;
}

/** A direction in space, in the 32-bit numbers that both encodings carry. */
export function unitVector(seed: string, dimensions: number): Float32Array {
  const numbers = derivedNumbers(seed, dimensions).map((number) => number - 0.5);
  const length = Math.hypot(...numbers) || 1;
  return Float32Array.from(numbers, (number) => number / length);
}
