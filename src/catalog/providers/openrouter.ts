import { at } from '../../lib/json.ts';
import type { ErrorRules } from '../failure.ts';
import type { FieldRule, FieldRules } from '../fields.ts';
import type { HostedTool } from '../hosted_tool.ts';
import type { UsageRules } from '../usage.ts';
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
  modelListRoute,
  pseudonym,
  refuse,
  routing,
  streamUsage,
  textRoute,
  types,
  webSearch,
} from './openai_compatible.ts';
import { chatUsage, embeddingsUsage } from './openai_usage.ts';

const name = 'openrouter';

/** What it charges, and with a key that the account brings along what that provider charges on top. */
const cost: UsageRules['cost'] = (usage) => {
  const upstream = usage.is_byok === true ? at(usage, ['cost_details', 'upstream_inference_cost']) : 0;
  return isAmount(usage.cost) && isAmount(upstream) ? usage.cost + upstream : null;
};

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}

const tools = 'Tools that run at the provider cost extra and are not lent. Run them yourself, as functions.';
const textOnly = 'Only text is lent. Leave it out.';
const otherModels = 'Falling back to another model is not lent. Call it yourself.';

/** Which of the users calls, and how the call is told of: nobody needs to know. */
const identity: FieldRules = { user: pseudonym, session_id: pseudonym, trace: drop };

const web = `${name}:tools.web`;

/** What it costs is in its usage; the dearest of the providers behind it asks as much. */
const search: HostedTool = { unit: 'web_searches', most: null, fee: { nanoUsd: 50_000_000, per: 'use' } };
const boundedSearch: HostedTool = { ...search, most: 10, by: { of: 'tool', field: 'max_uses' } };

const plugins: FieldRule = {
  kind: 'scoped',
  scope: web,
  rule: {
    kind: 'list',
    fields: {
      id: { kind: 'limit', to: ['web'], advice: 'Of the plugins only "web" is lent.' },
      ...allowAll('enabled', 'max_uses', 'mode', 'search_prompt', 'user_location'),
      ...allowAll('include_domains', 'exclude_domains'),
      // Some engines are paid by the result.
      max_results: {
        kind: 'limit',
        to: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        advice: 'Up to 10 results of a search are lent.',
      },
      engine: {
        kind: 'limit',
        to: ['native', 'exa', 'parallel', 'perplexity'],
        advice: 'Engines that need a key of the account are not lent. Leave it out.',
      },
      x_search: refuse(webSearch),
    },
    hosted: boundedSearch,
  },
};

const chat: FieldRules = {
  ...chatFields,
  ...conversation({
    types: types(
      ...['video_url', 'input_video', 'ephemeral'],
      ...['reasoning.text', 'reasoning.summary', 'reasoning.encrypted'],
    ),
    refusedTypes: [['openrouter:', tools]],
  }),
  ...allowAll('max_completion_tokens', 'seed', 'logit_bias', 'logprobs', 'top_logprobs', 'prediction'),
  ...allowAll('min_p', 'top_a', 'top_k', 'repetition_penalty', 'parallel_tool_calls'),
  cache_control: allow,
  reasoning: { kind: 'object', fields: allowAll('effort', 'summary', 'max_tokens', 'exclude', 'enabled') },
  modalities: refuse(textOnly),
  image_config: refuse(textOnly),
  stream_options: streamUsage,
  usage: { kind: 'object', fields: { include: allow } },
  service_tier: {
    kind: 'limit',
    to: ['default', 'flex'],
    advice: 'Only the service tiers "default" and "flex" are lent. Leave it out.',
  },
  ...identity,
  prompt_cache_key: pseudonym,
  prompt_cache_options: { kind: 'object', fields: allowAll('mode', 'ttl') },
  metadata: drop,
  models: refuse(otherModels),
  plugins,
  stop_server_tools_when: refuse(tools),
  provider: refuse(routing),
  preset: refuse("The account's presets are not lent. Send what is in them."),
  debug: refuse('What the provider makes of a request is not shown. Leave it out.'),
};

const errors: ErrorRules = {
  ...commonErrors,
  codePath: ['metadata', 'error_type'],
  body: (error, { status }) => ({
    error: { ...error, code: status, metadata: { error_type: error.code ?? error.type } },
  }),
};

/** OpenRouter, by the types of `@openrouter/sdk` 1.3. Left out: its other APIs, pictures, sound, video and rerank. */
export const openrouter = compatibleProvider({
  name,
  title: 'OpenRouter',
  mount: '/openrouter/api/v1',
  routes: [
    modelListRoute(name, '/models', {
      fields: [
        ...['name', 'created', 'description', 'canonical_slug', 'hugging_face_id', 'alias_target'],
        ...['architecture', 'context_length', 'pricing', 'per_request_limits', 'top_provider', 'links'],
        ...['supported_parameters', 'supported_voices', 'default_parameters', 'reasoning', 'benchmarks'],
        ...['knowledge_cutoff', 'expiration_date'],
      ],
      list: (data) => ({ data, total_count: data.length, links: { next: null } }),
    }),
    textRoute(name, '/chat/completions', chat, { ...chatUsage, cost }),
    embeddingsRoute(
      name,
      '/embeddings',
      {
        model,
        ...allowAll('input', 'dimensions', 'encoding_format', 'input_type'),
        ...identity,
        provider: refuse(routing),
      },
      { ...embeddingsUsage, cost },
    ),
  ],
  models: {
    grammar: modelGrammar,
    refused: [
      { pattern: /^openrouter\//i, advice: 'What chooses among models is not lent. Name the model itself.' },
    ],
    scoped: [
      {
        pattern: /:online(:|$)|^perplexity\/|-search-(preview|api)|-deep-research/i,
        scopes: [web],
        hosted: search,
      },
    ],
  },
  errors,
  keysPage: 'https://openrouter.ai/settings/keys',
  billingPage: 'https://openrouter.ai/settings/credits',
  keys: {
    key: /^sk-or-v1-[A-Za-z0-9]{20,200}$/,
    sandboxKeyPrefix: 'sk-or-sandbox-',
    advice: 'OpenRouter keys begin with sk-or-v1-.',
  },
  tools: ['web'],
  modelsPath: '/models',
  // The list of models is open to everybody.
  verifyPath: '/key',
  keyRefusal: (answer) =>
    ['is_management_key', 'is_provisioning_key'].some((name) => at(answer, ['data', name]) === true)
      ? 'This is a management key: it can make further keys. Make an API key instead.'
      : null,
  priceTable: 'openrouter',
  sdkExample: (baseUrl, token) => `import { OpenRouter } from '@openrouter/sdk';

const openrouter = new OpenRouter({
  serverURL: '${baseUrl}',
  apiKey: ${token},
});`,
});
