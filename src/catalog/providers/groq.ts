import type { ErrorRules } from '../failure.ts';
import type { FieldRule, FieldRules } from '../fields.ts';
import type { HostedTool } from '../hosted_tool.ts';
import type { Route } from '../route.ts';
import type { UsageRules } from '../usage.ts';
import { captions, held, json } from './openai_answers.ts';
import { upload } from './openai_common_fields.ts';
import {
  allow,
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
  streamUsage,
  textRoute,
} from './openai_compatible.ts';
import { speechCost } from './openai_costs.ts';
import { chatUsage, speechUsage, transcriptionUsage } from './openai_usage.ts';

const name = 'groq';

/** What Groq adds of its own: a stream ends with it, also one that fails. */
const own = 'x_groq';
const usage: UsageRules = { ...chatUsage, holder: [own] };
const { privateParts } = commonErrors;
const errors: ErrorRules = {
  ...commonErrors,
  privateParts: { ...privateParts, ends: new Set([...privateParts.ends, own]) },
};

const documents = 'Documents for the provider to search are not lent. Put their text into the messages.';

const web = `${name}:tools.web`;
const code = `${name}:tools.code`;
const otherModel: FieldRule = { kind: 'other_model' };

/** The usage tells nothing of them. */
const tool = (unit: string, nanoUsd: number): HostedTool => ({
  unit,
  most: null,
  fee: { nanoUsd, per: 'use' },
});

const chat: FieldRules = {
  ...chatFields,
  ...conversation({
    types: {
      browser_search: { scope: web, hosted: tool('web_searches', 8_000_000) },
      code_interpreter: { scope: code, hosted: tool('code_runs', 50_000_000) },
    },
  }),
  ...allowAll('functions', 'function_call', 'parallel_tool_calls', 'disable_tool_validation'),
  ...allowAll('max_completion_tokens', 'n', 'seed', 'logit_bias', 'logprobs', 'top_logprobs'),
  ...allowAll('include_reasoning', 'reasoning_format', 'citation_options'),
  stream_options: streamUsage,
  service_tier: {
    kind: 'limit',
    to: ['on_demand', 'flex'],
    otherwise: { replaces: ['auto'], by: 'on_demand' },
    advice: 'Only the service tiers "on_demand" and "flex" are lent. Leave it out.',
  },
  user: pseudonym,
  // The provider takes neither yet.
  store: drop,
  metadata: drop,
  compound_custom: {
    kind: 'object',
    fields: {
      models: { kind: 'object', fields: { answering_model: otherModel, reasoning_model: otherModel } },
      tools: { kind: 'object', fields: allowAll('enabled_tools', 'wolfram_settings') },
    },
  },
  search_settings: { kind: 'scoped', scope: web, rule: allow },
  include_domains: { kind: 'scoped', scope: web, rule: allow },
  exclude_domains: { kind: 'scoped', scope: web, rule: allow },
  documents: refuse(documents),
};

const speech: FieldRules = {
  model,
  ...allowAll('input', 'voice', 'response_format', 'sample_rate', 'speed'),
};

const translation: FieldRules = {
  model,
  file: upload,
  ...allowAll('url', 'prompt', 'response_format', 'temperature'),
};

const transcription: FieldRules = {
  ...translation,
  language: allow,
  'timestamp_granularities[]': allow,
};

/** It fetches no file that is larger. */
const largestElsewhere = 100 * 1024 ** 2;

function soundRoute(path: string, fields: FieldRules): Route {
  return {
    method: 'POST',
    path,
    scope: `${name}:audio.transcribe`,
    body: { kind: 'multipart', fields },
    answer: { ...held, types: [json, ...captions] },
    usage: transcriptionUsage,
    cost: { kind: 'heard', address: { field: 'url', largest: largestElsewhere } },
  };
}

/** Groq, by the types of `groq-sdk` 1.6. Its answers say nothing of what sound costs. */
export const groq = compatibleProvider({
  name,
  title: 'Groq',
  mount: '/groq',
  routes: [
    ...modelRoutes(name, '/openai/v1/models'),
    textRoute(name, '/openai/v1/chat/completions', chat, usage),
    embeddingsRoute(name, '/openai/v1/embeddings', {
      model,
      ...allowAll('input', 'encoding_format'),
      user: pseudonym,
    }),
    {
      method: 'POST',
      path: '/openai/v1/audio/speech',
      scope: `${name}:audio.speech`,
      body: { kind: 'json', fields: speech },
      answer: { types: ['audio/', 'application/octet-stream'], json: 'through', endings: null },
      usage: speechUsage,
      cost: speechCost,
    },
    soundRoute('/openai/v1/audio/transcriptions', transcription),
    soundRoute('/openai/v1/audio/translations', translation),
  ],
  models: {
    grammar: modelGrammar,
    refused: [],
    // They search the web and run code as they see fit.
    scoped: [{ pattern: /(^|\/)compound/i, scopes: [web, code], hosted: tool('compound_tools', 50_000_000) }],
  },
  errors,
  keysPage: 'https://console.groq.com/keys',
  billingPage: 'https://console.groq.com/settings/billing',
  keys: {
    key: /^gsk_[A-Za-z0-9]{20,200}$/,
    sandboxKeyPrefix: 'gsk_sandbox_',
    advice: 'Groq keys begin with gsk_, and only letters and digits follow.',
  },
  tools: ['web', 'code'],
  modelsPath: '/openai/v1/models',
  priceTable: {
    // By its page of prices.
    own: [
      { pattern: 'playai-tts*', rates: {}, characters: 50 },
      { pattern: 'canopylabs/orpheus-arabic*', rates: {}, characters: 40 },
      { pattern: 'canopylabs/orpheus*', rates: {}, characters: 22 },
    ],
    table: 'groq',
  },
  // By its table of models.
  traits: [
    { pattern: 'llama-3.3-70b-versatile', longest: 32_768, isPlain: true },
    { pattern: 'llama-3.1-8b-instant', longest: 131_072, isPlain: true },
    { pattern: 'meta-llama/llama-4-*', longest: 8_192, isPlain: true },
    { pattern: 'openai/gpt-oss-*', longest: 65_536 },
    { pattern: 'qwen/qwen3-32b', longest: 40_960 },
    { pattern: 'moonshotai/kimi-k2-instruct*', longest: 16_384, isPlain: true },
  ],
  sdkExample: (baseUrl, token) => `import Groq from 'groq-sdk';

const groq = new Groq({
  baseURL: '${baseUrl}',
  apiKey: ${token},
});`,
});
