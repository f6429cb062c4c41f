import type { Part } from '@google/genai';
import { isObject } from '../../lib/json.ts';
import { type Answer, eventStream, json } from '../answer.ts';
import { type Call, requiredList } from '../call.ts';
import { invalidValue } from '../errors.ts';
import { type Fields, fieldsOf, flagOf, integerOf, listOf, textOf } from '../fields.ts';
import { contentText } from '../prompt.ts';
import { schemaSample } from '../schema_sample.ts';
import { derivedId } from '../seed.ts';
import { countTokens, tokensPerAttachment } from '../tokens.ts';
import { answerText, inFormat, stopSequences, writeText, writeThought } from '../written_text.ts';
import { hostedTools } from './content_tools.ts';

/** POST …/models/{model}:generateContent and :streamGenerateContent */
export function generateContent(call: Call): Answer {
  const contents = requiredList(call, 'contents').map(fieldsOf);
  const config = fieldsOf(call.fields.generationConfig);
  const limit = outputLimit(config);
  const question = contentText(contents.findLast(({ role }) => role !== 'model')?.parts);
  const text = answerText(call.model, question);
  const called = forcedFunction(call.fields);
  const schema = config.responseJsonSchema ?? config.responseSchema;
  const format = schema !== undefined ? 'json_schema' : config.responseMimeType;
  const full = called ? '' : inFormat(format === 'application/json' ? 'json_object' : format, schema, text);
  const { parts: thoughtParts, thoughts } = think(config, question, limit);
  const left = limit === undefined ? undefined : limit - thoughts;
  const written = writeText(full, { limit: left, stops: stopSequences(config.stopSequences) });
  const prompt = promptTokens(call.fields);
  const { parts: hosted, grounding, fees } = hostedTools(call, question);
  const first = [...thoughtParts, ...hosted];

  const piece = (parts: readonly Part[], tokens: number, finishReason?: string) => ({
    candidates: [
      {
        content: { parts, role: 'model' },
        ...(finishReason ? { finishReason, ...grounding } : {}),
        index: 0,
      },
    ],
    usageMetadata: {
      promptTokenCount: prompt,
      candidatesTokenCount: tokens,
      ...(thoughts > 0 ? { thoughtsTokenCount: thoughts } : {}),
      totalTokenCount: prompt + tokens + thoughts,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: prompt }],
    },
    modelVersion: call.model,
    responseId: derivedId('', call.seed),
  });
  const used = (output: number) => ({ input: prompt, output: output + thoughts, fees });

  if (called) {
    const args = schemaSample(called.parameters ?? called.parametersJsonSchema ?? { type: 'object' }, text);
    const name = textOf(called.name) ?? '';
    const tokens = countTokens(JSON.stringify(args));
    const answer = piece([...first, { functionCall: { name, args: fieldsOf(args) } }], tokens, 'STOP');
    if (!call.stream) return json(answer, used(tokens));
    return eventStream([{ data: answer, tokens: tokens + thoughts }], used(tokens));
  }
  const finishReason = written.finish === 'length' ? 'MAX_TOKENS' : 'STOP';
  const { tokens } = written;
  const all = used(tokens.length);
  if (!call.stream) return json(piece([...first, { text: written.text }], tokens.length, finishReason), all);
  const pieces = (tokens.length > 0 ? tokens : ['']).map((token, index) => ({
    data: piece(
      [...(index === 0 ? first : []), { text: token }],
      Math.min(index + 1, tokens.length),
      index + 1 >= tokens.length ? finishReason : undefined,
    ),
    tokens: (token === '' ? 0 : 1) + (index === 0 ? thoughts : 0),
  }));
  return eventStream(pieces, all);
}

/** Thoughts, where they are asked for, and how many tokens they have; they are shown only if that is asked for, too. */
function think(
  { thinkingConfig }: Fields,
  question: string,
  limit = Number.POSITIVE_INFINITY,
): { readonly parts: readonly Part[]; readonly thoughts: number } {
  const { thinkingBudget, includeThoughts } = fieldsOf(thinkingConfig);
  const budget = integerOf(thinkingBudget) ?? -1;
  if (!isObject(thinkingConfig) || budget === 0) return { parts: [], thoughts: 0 };
  // -1: as much as it sees fit.
  const { text, tokens } = writeThought(question, budget < 0 ? limit : Math.min(budget, limit));
  return { parts: flagOf(includeThoughts) ? [{ text, thought: true }] : [], thoughts: tokens.length };
}

/** POST …/models/{model}:countTokens */
export function countContentTokens(call: Call): Answer {
  requiredList(call, 'contents');
  const totalTokens = promptTokens(call.fields);
  return json({ totalTokens, promptTokensDetails: [{ modality: 'TEXT', tokenCount: totalTokens }] });
}

function outputLimit({ maxOutputTokens }: Fields): number | undefined {
  if (maxOutputTokens === undefined) return undefined;
  const limit = integerOf(maxOutputTokens);
  if (limit === undefined || limit < 1) {
    throw invalidValue('generation_config.max_output_tokens', 'a positive integer');
  }
  return limit;
}

/** The function that the mode `ANY` insists on. The sandbox never calls one of its own accord. */
function forcedFunction({ tools, toolConfig }: Fields): Fields | undefined {
  const { mode, allowedFunctionNames } = fieldsOf(fieldsOf(toolConfig).functionCallingConfig);
  if (mode !== 'ANY') return undefined;
  const names = listOf(allowedFunctionNames);
  return listOf(tools)
    .flatMap((tool) => listOf(fieldsOf(tool).functionDeclarations))
    .map(fieldsOf)
    .find(({ name }) => names.length === 0 || names.includes(name));
}

/** The text of every content, 85 for every part that has none, and the definitions of the tools as JSON. */
function promptTokens({ contents, systemInstruction, tools }: Fields): number {
  const parts = [...listOf(contents), systemInstruction].flatMap((content) =>
    listOf(fieldsOf(content).parts),
  );
  const definitions = listOf(tools).length > 0 ? countTokens(JSON.stringify(tools)) : 0;
  return parts.reduce<number>((sum, part) => {
    const text = textOf(fieldsOf(part).text);
    return sum + (text === undefined ? tokensPerAttachment : countTokens(text));
  }, definitions);
}
