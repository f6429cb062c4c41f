import type { FieldRule, FieldRules } from '../fields.ts';
import { hostedTools, retrievalConfig } from './gemini_hosted_tools.ts';

/**
 * Request fields of Gemini's endpoints, as the types of its SDK have them (`@google/genai` 3.1). Google takes each in
 * snake_case too, which is a field without a rule, and so refused.
 */

const allow: FieldRule = { kind: 'allow' };
const refuse = (advice: string): FieldRule => ({ kind: 'refuse', advice });
const object = (fields: FieldRules): FieldRule => ({ kind: 'object', fields });
const list = (fields: FieldRules): FieldRule => ({ kind: 'list', fields });

const files = refuse(
  "Files and addresses are not opened for apps: the user's own could be among them. Send the content itself, as inlineData.",
);
const stored = refuse('Nothing is stored with the provider through the broker. Send the whole conversation.');
const textAlone = refuse('Only text is lent as an answer. Leave it out.');

const model: FieldRule = { kind: 'path_model', prefix: 'models/' };

export const inlineDataFields: FieldRules = { data: allow, displayName: allow, mimeType: allow };

export const functionResponseFields: FieldRules = {
  id: allow,
  name: allow,
  response: allow,
  scheduling: allow,
  willContinue: allow,
  parts: list({ inlineData: object(inlineDataFields), fileData: files }),
};

export const partFields: FieldRules = {
  text: allow,
  thought: allow,
  thoughtSignature: allow,
  inlineData: object(inlineDataFields),
  functionCall: object({ id: allow, name: allow, args: allow }),
  functionResponse: object(functionResponseFields),
  videoMetadata: object({ startOffset: allow, endOffset: allow, fps: allow }),
  mediaResolution: object({ level: allow, numTokens: allow }),
  fileData: files,
  // What tools of the provider did, given back: text like any other.
  executableCode: object({ id: allow, code: allow, language: allow }),
  codeExecutionResult: object({ id: allow, outcome: allow, output: allow }),
  toolCall: object({ id: allow, toolType: allow, args: allow }),
  toolResponse: object({ id: allow, toolType: allow, response: allow }),
};

export const contentFields: FieldRules = { role: allow, parts: list(partFields) };

export const toolFields: FieldRules = {
  functionDeclarations: list({
    name: allow,
    description: allow,
    behavior: allow,
    parameters: allow,
    parametersJsonSchema: allow,
    response: allow,
    responseJsonSchema: allow,
  }),
  // Run by the app, on a screen of its own.
  computerUse: object({
    environment: allow,
    excludedPredefinedFunctions: allow,
    enablePromptInjectionDetection: allow,
  }),
  ...hostedTools,
  fileSearch: files,
  retrieval: files,
};

export const generationFields: FieldRules = {
  maxOutputTokens: allow,
  // Each candidate may be as long as all that is allowed.
  candidateCount: { kind: 'limit', to: [1], advice: 'One candidate is lent. Leave it out.' },
  temperature: allow,
  topP: allow,
  topK: allow,
  seed: allow,
  stopSequences: allow,
  presencePenalty: allow,
  frequencyPenalty: allow,
  responseLogprobs: allow,
  logprobs: allow,
  responseMimeType: allow,
  responseSchema: allow,
  responseJsonSchema: allow,
  mediaResolution: allow,
  thinkingConfig: object({ includeThoughts: allow, thinkingBudget: allow, thinkingLevel: allow }),
  enableEnhancedCivicAnswers: allow,
  responseModalities: textAlone,
  responseFormat: textAlone,
  speechConfig: textAlone,
  imageConfig: textAlone,
};

export const generateFields: FieldRules = {
  model,
  contents: list(contentFields),
  systemInstruction: object(contentFields),
  generationConfig: object(generationFields),
  tools: list(toolFields),
  toolConfig: object({
    functionCallingConfig: object({ mode: allow, allowedFunctionNames: allow }),
    retrievalConfig,
    includeServerSideToolInvocations: allow,
  }),
  safetySettings: list({ category: allow, threshold: allow }),
  serviceTier: {
    kind: 'limit',
    to: ['standard'],
    advice: 'Only the service tier "standard" is lent. Leave it out.',
  },
  store: { kind: 'limit', to: [false], advice: 'What is kept is not up to the app. Leave it out.' },
  labels: { kind: 'drop' },
  cachedContent: stored,
  continuationToken: stored,
};

export const countFields: FieldRules = {
  model,
  contents: list(contentFields),
  generateContentRequest: refuse('Send the contents alone.'),
};

export const embedFields: FieldRules = {
  model,
  content: object(contentFields),
  taskType: allow,
  title: allow,
  outputDimensionality: allow,
};

export const embedBatchFields: FieldRules = { requests: list(embedFields) };
