import type * as genai from '@google/genai';
import type * as genai2 from 'genai-2';
import { describe, expect, it } from 'vitest';
import type { FieldRules } from '../../src/catalog/fields.ts';
import {
  contentFields,
  functionResponseFields,
  generateFields,
  generationFields,
  inlineDataFields,
  partFields,
  toolFields,
} from '../../src/catalog/providers/gemini_fields.ts';

/** Whether an app may send each field that an SDK can. The type check fails here when an upgrade brings another one. */
type Lent<Field extends string> = Readonly<Record<Field, boolean>>;

const content: Lent<keyof genai.Content | keyof genai2.Content> = { parts: true, role: true };

const part: Lent<keyof genai.Part | keyof genai2.Part> = {
  text: true,
  thought: true,
  thoughtSignature: true,
  inlineData: true,
  functionCall: true,
  functionResponse: true,
  videoMetadata: true,
  mediaResolution: true,
  fileData: false,
  executableCode: true,
  codeExecutionResult: true,
  toolCall: true,
  toolResponse: true,
  audioTranscription: false,
  partMetadata: false,
  mediaProcessing: false,
  speechMetadata: false,
};

const inlineData: Lent<keyof genai.Blob | keyof genai2.Blob> = {
  data: true,
  displayName: true,
  mimeType: true,
};

const functionResponse: Lent<keyof genai.FunctionResponse | keyof genai2.FunctionResponse> = {
  id: true,
  name: true,
  parts: true,
  response: true,
  scheduling: true,
  willContinue: true,
};

const tool: Lent<keyof genai.Tool | keyof genai2.Tool> = {
  functionDeclarations: true,
  computerUse: true,
  googleSearch: true,
  googleSearchRetrieval: true,
  googleMaps: true,
  urlContext: true,
  enterpriseWebSearch: true,
  exaAiSearch: true,
  parallelAiSearch: true,
  codeExecution: true,
  mcpServers: true,
  fileSearch: false,
  retrieval: false,
};

const generationConfig: Lent<keyof genai.GenerationConfig | keyof genai2.GenerationConfig | 'imageConfig'> = {
  maxOutputTokens: true,
  candidateCount: true,
  temperature: true,
  topP: true,
  topK: true,
  seed: true,
  stopSequences: true,
  presencePenalty: true,
  frequencyPenalty: true,
  responseLogprobs: true,
  logprobs: true,
  responseMimeType: true,
  responseSchema: true,
  responseJsonSchema: true,
  mediaResolution: true,
  thinkingConfig: true,
  enableEnhancedCivicAnswers: true,
  responseModalities: false,
  responseFormat: false,
  speechConfig: false,
  imageConfig: false,
  audioTimestamp: false,
  audioTranscriptionConfig: false,
  enableAffectiveDialog: false,
  modelSelectionConfig: false,
  routingConfig: false,
  translationConfig: false,
};

/** What the SDK uses up itself. */
type OfClient = 'httpOptions' | 'abortSignal' | 'automaticFunctionCalling' | 'automaticContinuation';
type Config = keyof genai.GenerateContentConfig | keyof genai2.GenerateContentConfig;

const request: Lent<
  Exclude<Config, OfClient | keyof typeof generationConfig> | 'model' | 'contents' | 'generationConfig'
> = {
  model: true,
  contents: true,
  generationConfig: true,
  systemInstruction: true,
  tools: true,
  toolConfig: true,
  safetySettings: true,
  serviceTier: true,
  store: true,
  labels: true,
  cachedContent: false,
  continuationToken: false,
  generationOutputConfig: false,
  modelArmorConfig: false,
};

describe.each<[string, Lent<string>, FieldRules]>([
  ['a request', request, generateFields],
  ['generationConfig', generationConfig, generationFields],
  ['a content', content, contentFields],
  ['a part', part, partFields],
  ['inlineData', inlineData, inlineDataFields],
  ['the result of a function', functionResponse, functionResponseFields],
  ['a tool', tool, toolFields],
])('of %s', (_, fields, rules) => {
  it.each(Object.entries(fields))('the field %s may be sent: %s', (name, isLent) => {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    expect(rule !== undefined && rule.kind !== 'refuse').toBe(isLent);
  });

  it('there is a rule for none that the SDKs do not know', () => {
    expect(Object.keys(rules).filter((name) => !Object.hasOwn(fields, name))).toEqual([]);
  });
});
