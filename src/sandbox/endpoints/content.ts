import type { Part } from '@google/genai';
import { type Answer, eventStream, json, unnamedEvents } from '../answer.ts';
import { type Call, requiredList } from '../call.ts';
import { invalidValue } from '../errors.ts';
import { type Fields, fieldsOf, integerOf, listOf, textOf } from '../fields.ts';
import { contentText } from '../prompt.ts';
import { schemaSample } from '../schema_sample.ts';
import { derivedId } from '../seed.ts';
import { countTokens, tokensPerAttachment } from '../tokens.ts';
import { answerText, inFormat, stopSequences, writeText } from '../written_text.ts';
import { hostedTools } from './content_tools.ts';

/** POST …/models/{model}:generateContent and :streamGenerateContent */
export function generateContent(call: Call): Answer {
  const contents = requiredList(call, 'contents').map(fieldsOf);
  const config = fieldsOf(call.fields.generationConfig);
  const limit = outputLimit(config);
  const last = contents.findLast(({ role }) => role !== 'model');
  const text = answerText(call.model, contentText(last?.parts));
  const called = forcedFunction(call.fields);
  const schema = config.responseJsonSchema ?? config.responseSchema;
  const format = schema !== undefined ? 'json_schema' : config.responseMimeType;
  const full = called ? '' : inFormat(format === 'application/json' ? 'json_object' : format, schema, text);
  const written = writeText(full, { limit, stops: stopSequences(config.stopSequences) });
  const prompt = promptTokens(call.fields);

  const { parts: hosted, grounding } = hostedTools(call.fields, contentText(last?.parts));

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
      totalTokenCount: prompt + tokens,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: prompt }],
    },
    modelVersion: call.model,
    responseId: derivedId('', call.seed),
  });

  if (called) {
    const args = schemaSample(called.parameters ?? called.parametersJsonSchema ?? { type: 'object' }, text);
    const name = textOf(called.name) ?? '';
    const parts = [{ functionCall: { name, args: fieldsOf(args) } }];
    const answer = piece(parts, countTokens(JSON.stringify(args)), 'STOP');
    return call.stream ? eventStream(unnamedEvents([answer])) : json(answer);
  }
  const finishReason = written.finish === 'length' ? 'MAX_TOKENS' : 'STOP';
  const { tokens } = written;
  if (!call.stream) return json(piece([...hosted, { text: written.text }], tokens.length, finishReason));
  const pieces = tokens.map((token, index) =>
    piece(
      [...(index === 0 ? hosted : []), { text: token }],
      index + 1,
      index + 1 === tokens.length ? finishReason : undefined,
    ),
  );
  return eventStream(unnamedEvents(pieces.length > 0 ? pieces : [piece([{ text: '' }], 0, finishReason)]));
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
