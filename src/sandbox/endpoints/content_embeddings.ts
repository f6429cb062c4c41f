import { type Answer, json } from '../answer.ts';
import { type Call, requiredList } from '../call.ts';
import { missingParameter } from '../errors.ts';
import { type Fields, fieldsOf, integerOf } from '../fields.ts';
import { contentText } from '../prompt.ts';
import { sha256 } from '../seed.ts';
import { countTokens } from '../tokens.ts';
import { unitVector } from './embeddings.ts';

const usualDimensions = 3072;

/** POST …/models/{model}:embedContent */
export function embedContent(call: Call): Answer {
  const { values, tokens } = embed(call.model, call.fields);
  return json(
    { embedding: { values }, usageMetadata: { promptTokenCount: tokens } },
    { input: tokens, output: 0 },
  );
}

/** POST …/models/{model}:batchEmbedContents */
export function embedContents(call: Call): Answer {
  const all = requiredList(call, 'requests').map((request) => embed(call.model, fieldsOf(request)));
  const promptTokenCount = all.reduce((sum, { tokens }) => sum + tokens, 0);
  const embeddings = all.map(({ values }) => ({ values }));
  return json({ embeddings, usageMetadata: { promptTokenCount } }, { input: promptTokenCount, output: 0 });
}

function embed(model: string, { content, outputDimensionality }: Fields) {
  const text = contentText(fieldsOf(content).parts);
  if (text === '') throw missingParameter('content');
  const dimensions = integerOf(outputDimensionality) ?? usualDimensions;
  return { values: [...unitVector(`${model} ${sha256(text)}`, dimensions)], tokens: countTokens(text) };
}
