import { at } from '../../lib/json.ts';
import type { ErrorRules } from '../failure.ts';
import type { FieldRules } from '../fields.ts';
import type { UsageRules } from '../usage.ts';
import {
  allowAll,
  chatFields,
  errors as commonErrors,
  compatibleProvider,
  conversation,
  drop,
  embeddingsRoute,
  model,
  modelGrammar,
  modelRoutes,
  pseudonym,
  refuse,
  routing,
  stream,
  textRoute,
  types,
} from './openai_compatible.ts';
import { chatUsage } from './openai_usage.ts';

const name = 'mistral';

const libraries = "Connectors and documents are the account's own and are not lent. Leave it out.";

/** What its endpoints that write text have in common. */
const common: FieldRules = {
  random_seed: { kind: 'allow' },
  metadata: drop,
  prompt_cache_key: pseudonym,
};

const chat: FieldRules = {
  ...chatFields,
  ...common,
  ...conversation({
    types: types('reference', 'thinking', 'content'),
    refusedTypes: [
      ['document', 'Reading documents costs extra and is not lent. Send their text.'],
      ['connector', libraries],
      ['image_generation', 'Tools that run at the provider are not lent. Leave it out.'],
    ],
    // Its tool calls have no type.
    contentKeys: ['function'],
  }),
  ...allowAll('n', 'prediction', 'parallel_tool_calls', 'prompt_mode', 'safe_prompt'),
  service_tier: refuse(routing),
  guardrails: refuse('This brings in another model of the provider, which is not lent. Leave it out.'),
};

/** What is heard is counted in seconds, beside the tokens. */
const chatWithSound: UsageRules = {
  ...chatUsage,
  table: {
    ...chatUsage.table,
    audio_seconds: ['prompt_audio_seconds'],
    input_audio_seconds: ['prompt_audio_seconds'],
  },
};

const fillInTheMiddle: FieldRules = {
  model,
  ...common,
  ...allowAll('prompt', 'suffix', 'temperature', 'top_p', 'max_tokens', 'min_tokens', 'stop'),
  stream,
};

/** What is wrong with a field, without what was in it. */
function complaint(detail: unknown): string {
  const place = at(detail, ['loc']);
  return `${Array.isArray(place) ? place.join('.') : 'body'}: ${at(detail, ['msg'])}.`;
}

const errors: ErrorRules = {
  ...commonErrors,
  inBody: (body) => {
    const detail = at(body, ['detail']);
    return Array.isArray(detail) ? { message: detail.map(complaint).join(' ') } : body;
  },
  body: (error, { status }) => ({ object: 'error', ...error, raw_status_code: status }),
};

/** Mistral, by the types of `@mistralai/mistralai` 2.7. Left out: moderation, classification, OCR and sound. */
export const mistral = compatibleProvider({
  name,
  title: 'Mistral',
  mount: '/mistral',
  routes: [
    ...modelRoutes(name, '/v1/models', {
      fields: [
        ...['object', 'created', 'owned_by', 'capabilities', 'name', 'description', 'max_context_length'],
        ...['aliases', 'deprecation', 'deprecation_replacement_model', 'default_model_temperature', 'type'],
      ],
      isShown: ({ type }) => type === 'base',
    }),
    textRoute(name, '/v1/chat/completions', chat, chatWithSound),
    textRoute(name, '/v1/fim/completions', fillInTheMiddle),
    embeddingsRoute(name, '/v1/embeddings', {
      model,
      ...allowAll('input', 'output_dimension', 'output_dtype', 'encoding_format'),
      metadata: drop,
    }),
  ],
  models: {
    grammar: modelGrammar,
    refused: [
      {
        pattern: /^(ft|ag):/i,
        advice: "The account's own models and agents are not lent. Name a model of the provider.",
      },
    ],
  },
  errors,
  keysPage: 'https://console.mistral.ai/api-keys',
  billingPage: 'https://admin.mistral.ai/organization/billing',
  keys: {
    key: /^[A-Za-z0-9]{32}$/,
    sandboxKeyPrefix: 'mistral-sandbox-',
    advice: 'Mistral keys are 32 letters and digits.',
  },
  modelsPath: '/v1/models',
  priceTable: 'mistral',
  // They write as long as there is room. These do not think.
  traits: [
    { pattern: 'codestral*', isPlain: true },
    { pattern: 'devstral*', isPlain: true },
    { pattern: 'ministral*', isPlain: true },
    { pattern: 'open-*', isPlain: true },
    { pattern: 'pixtral*', isPlain: true },
  ],
  sdkExample: (baseUrl, token) => `import { Mistral } from '@mistralai/mistralai';

const mistral = new Mistral({
  serverURL: '${baseUrl}',
  apiKey: ${token},
});`,
});
