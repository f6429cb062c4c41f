import { at } from '../../lib/json.ts';
import type { ErrorRules } from '../failure.ts';
import type { FeatureRule } from '../provider.ts';
import type { OutputRules, Route } from '../route.ts';
import {
  chatFields,
  completionFields,
  deployedSpeechFields,
  deployedTranscriptionFields,
  deployedTranslationFields,
  embeddingFields,
  imageEditFields,
  imageFields,
  responsesFields,
} from './azure_fields.ts';
import { lacksPermission, outOfQuota } from './failure_meanings.ts';
import { captions, chatAnswer, eventStream, json, responsesAnswer, through } from './openai_answers.ts';
import { errors as commonErrors, compatibleProvider, modelRoutes } from './openai_compatible.ts';
import { heardCost, ownPrices, pictureCost, speechCost } from './openai_costs.ts';
import {
  chatUsage,
  embeddingsUsage,
  imagesUsage,
  responsesUsage,
  speechUsage,
  transcriptionUsage,
} from './openai_usage.ts';

const name = 'azure';

/** Of a completion the provider writes 16 tokens where nothing else is said. */
const completionOutput: OutputRules = { caps: ['max_tokens'], otherwise: 16, mayBeNone: true };

type Deployed = Pick<Route, 'body' | 'content' | 'output' | 'answer' | 'usage' | 'cost'>;

/** A POST to what the user has deployed under a name of their own. */
function deploymentRoute(path: string, capability: string, rest: Deployed): Route {
  const whole = `/openai/deployments/{model}${path}`;
  return { method: 'POST', path: whole, scope: `${name}:${capability}`, ...rest };
}

const routes: readonly Route[] = [
  ...modelRoutes(name, '/openai/models', {
    fields: ['object', 'status', 'capabilities', 'lifecycle_status', 'deprecation', 'created_at'],
    // A model of the account's own is named after the one that it is made from.
    isShown: ({ id }) => !/(^|[.:])ft[:-]/.test(String(id)),
  }),
  deploymentRoute('/chat/completions', 'text', {
    body: { kind: 'json', fields: chatFields },
    output: { caps: ['max_completion_tokens', 'max_tokens'] },
    answer: chatAnswer,
    usage: chatUsage,
  }),
  deploymentRoute('/completions', 'text', {
    body: { kind: 'json', fields: completionFields },
    output: completionOutput,
    answer: chatAnswer,
    usage: chatUsage,
  }),
  {
    method: 'POST',
    path: '/openai/responses',
    scope: `${name}:text`,
    body: { kind: 'json', fields: responsesFields },
    output: { caps: ['max_output_tokens'] },
    answer: responsesAnswer,
    usage: responsesUsage,
  },
  deploymentRoute('/embeddings', 'embeddings', {
    body: { kind: 'json', fields: embeddingFields },
    content: 'none',
    answer: through,
    usage: embeddingsUsage,
  }),
  deploymentRoute('/images/generations', 'images', {
    body: { kind: 'json', fields: imageFields },
    answer: through,
    usage: imagesUsage,
    cost: pictureCost,
  }),
  deploymentRoute('/images/edits', 'images', {
    body: { kind: 'multipart', fields: imageEditFields },
    answer: through,
    usage: imagesUsage,
    cost: pictureCost,
  }),
  deploymentRoute('/audio/speech', 'audio.speech', {
    body: { kind: 'json', fields: deployedSpeechFields },
    answer: { types: ['audio/', 'application/octet-stream', eventStream], json: 'through', endings: null },
    usage: speechUsage,
    cost: speechCost,
  }),
  deploymentRoute('/audio/transcriptions', 'audio.transcribe', {
    body: { kind: 'multipart', fields: deployedTranscriptionFields },
    answer: { types: [json, eventStream, ...captions], json: 'held', endings: null },
    usage: transcriptionUsage,
    cost: heardCost,
  }),
  deploymentRoute('/audio/translations', 'audio.transcribe', {
    body: { kind: 'multipart', fields: deployedTranslationFields },
    answer: { types: [json, ...captions], json: 'held', endings: null },
    usage: transcriptionUsage,
    cost: heardCost,
  }),
];

const errors: ErrorRules = {
  ...commonErrors,
  failures: [
    { status: 403, message: /call volume quota/i, means: outOfQuota },
    // The resource is closed to where the broker is.
    { status: 404, code: /^ResourceNotFound$/, means: lacksPermission },
    ...commonErrors.failures,
  ],
  callersFault:
    /^(invalid_|unsupported_|content_|context_length|model_not_found|DeploymentNotFound|BadRequest)/,
  privateText: new RegExp(
    `${commonErrors.privateText.source}|\\b[\\w-]+(?=\\.(?:openai|cognitiveservices|services\\.ai)\\.azure\\.)|\\b[A-Za-z0-9]{84}\\b|/subscriptions/[\\w./-]+`,
    'g',
  ),
  // The gateway before it says what it refuses at the top.
  inBody: (body) => at(body, ['error']) ?? body,
};

/** Versions in which streams tell their usage, and the one in the place of any other. */
const version: FeatureRule = {
  allowed: [
    ...['2024-10-21', '2024-09-01-preview', '2024-10-01-preview', '2024-12-01-preview'],
    ...['2025-01-01-preview', '2025-02-01-preview', '2025-03-01-preview', '2025-04-01-preview'],
  ],
  otherwise: '2025-04-01-preview',
};

/** Azure OpenAI, by `AzureOpenAI` of OpenAI's SDK. Left out: files, batches, assistants, fine-tuning, live voice. */
export const azure = compatibleProvider({
  name,
  title: 'Azure OpenAI',
  mount: '/azure',
  scopes: [
    { scope: 'azure:models.read', may: 'see which models your resource has' },
    { scope: 'azure:text', may: 'generate text' },
    { scope: 'azure:embeddings', may: 'turn text into vectors for search' },
    { scope: 'azure:images', may: 'make and edit images' },
    { scope: 'azure:audio.speech', may: 'turn text into speech' },
    { scope: 'azure:audio.transcribe', may: 'turn speech into text' },
  ],
  routes,
  models: { grammar: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, refused: [], areOwnNames: true },
  errors,
  tokenHeaders: ['api-key'],
  featureQuery: { 'api-version': version },
  keysPage: 'https://portal.azure.com',
  billingPage: 'https://portal.azure.com',
  keys: {
    key: /^([0-9a-fA-F]{32}|[A-Za-z0-9]{84})$/,
    sandboxKeyPrefix: 'azure-sandbox-',
    advice: 'Azure keys are 32 digits and letters from a to f, or 84 letters and digits.',
    refused: [[/^eyJ/, 'This is a token that soon runs out, not a key. Paste a key of the resource.']],
  },
  resource: {
    pattern: /^[a-z0-9-]{2,64}$/,
    hint: 'It is the first part of its address, https://NAME.openai.azure.com.',
  },
  modelsPath: '/openai/models',
  verifyPath: `/openai/models?api-version=${version.otherwise}`,
  authorize: ({ key }) => [['api-key', key]],
  priceTable: { own: ownPrices, table: 'azure' },
  sdkExample: (baseUrl, token) => `import { AzureOpenAI } from 'openai';

const azure = new AzureOpenAI({
  endpoint: '${baseUrl}',
  apiKey: ${token},
  apiVersion: '2024-10-21',
});`,
});
