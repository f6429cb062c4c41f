import { at, isObject, type JsonObject } from '../../lib/json.ts';
import { isLent } from '../models.ts';
import type { AnswerRules, BodyRules, OutputRules, Route } from '../route.ts';
import { countFields, embedBatchFields, embedFields, generateFields } from './gemini_fields.ts';
import { models } from './gemini_models.ts';
import { contentUsage, embeddingUsage } from './gemini_usage.ts';

const json = 'application/json';
const held: AnswerRules = { types: [json], json: 'held', endings: null };
const content: BodyRules = { kind: 'json', fields: generateFields };
const contentOutput: OutputRules = { within: 'generationConfig', caps: ['maxOutputTokens'] };

/** The newest SDK asks under the first, older ones and much that is written under the second. */
const versions = ['/v1', '/v1beta'];

/** What is lent of each version. */
const ofEach: readonly Route[] = [
  {
    method: 'GET',
    path: '/models',
    // All on one page: the app's own query, and so its place in the list, goes no further than the broker.
    query: '?pageSize=1000',
    scope: 'gemini:models.read',
    body: { kind: 'none' },
    answer: { ...held, rebuild: modelList },
    usage: null,
  },
  {
    method: 'GET',
    path: '/models/{model}',
    scope: 'gemini:models.read',
    body: { kind: 'none' },
    answer: { ...held, rebuild: modelCard },
    usage: null,
  },
  {
    method: 'POST',
    path: '/models/{model}:generateContent',
    scope: 'gemini:text',
    body: content,
    output: contentOutput,
    answer: held,
    usage: contentUsage,
  },
  {
    method: 'POST',
    path: '/models/{model}:streamGenerateContent',
    // Without it a stream is one long JSON list.
    query: '?alt=sse',
    scope: 'gemini:text',
    body: content,
    output: contentOutput,
    answer: {
      types: ['text/event-stream'],
      json: 'held',
      endings: [{ holds: 'finishReason' }, { holds: 'blockReason' }],
    },
    usage: contentUsage,
  },
  {
    method: 'POST',
    path: '/models/{model}:countTokens',
    scope: 'gemini:text',
    body: { kind: 'json', fields: countFields },
    content: 'none',
    answer: held,
    usage: null,
  },
  {
    method: 'POST',
    path: '/models/{model}:embedContent',
    scope: 'gemini:embeddings',
    body: { kind: 'json', fields: embedFields },
    content: 'none',
    answer: held,
    usage: embeddingUsage,
  },
  {
    method: 'POST',
    path: '/models/{model}:batchEmbedContents',
    scope: 'gemini:embeddings',
    body: { kind: 'json', fields: embedBatchFields },
    content: 'none',
    answer: held,
    usage: embeddingUsage,
  },
];

/** What is lent of Gemini's API. Whatever is not here is refused. */
export const routes: readonly Route[] = versions.flatMap((version) =>
  ofEach.map((route) => ({ ...route, path: version + route.path })),
);

/** What the list says of a model. */
const cardFields = [
  ...['name', 'baseModelId', 'version', 'displayName', 'description', 'inputTokenLimit', 'outputTokenLimit'],
  ...['supportedGenerationMethods', 'thinking', 'temperature', 'maxTemperature', 'topP', 'topK'],
];
const prefix = 'models/';

function modelList(answer: unknown, isAllowed: (model: string) => boolean): unknown {
  const list = at(answer, ['models']);
  if (!Array.isArray(list)) return null;
  const cards = list.map(modelCard).filter((card) => card !== null);
  return { models: cards.filter(({ name }) => isAllowed(String(name).slice(prefix.length))) };
}

function modelCard(answer: unknown): JsonObject | null {
  if (!isObject(answer) || typeof answer.name !== 'string') return null;
  const { name } = answer;
  if (!name.startsWith(prefix) || !isLent(models, name.slice(prefix.length))) return null;
  return Object.fromEntries(
    cardFields.filter((field) => field in answer).map((field) => [field, answer[field]]),
  );
}
