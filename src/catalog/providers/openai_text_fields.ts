import type { FieldRule, FieldRules } from '../fields.ts';
import {
  allow,
  allowAll,
  cacheLife,
  model,
  pseudonym,
  reasoning,
  stream,
  voice,
} from './openai_common_fields.ts';
import { chatSearch, web } from './openai_hosted_tools.ts';
import { conversationOf, kept, responseOf, state } from './openai_kept.ts';
import {
  chatTree,
  decisionTree,
  moderationTree,
  responsesTree,
  stored,
  toolChoiceTree,
} from './openai_trees.ts';

/** Request fields of the endpoints that write text, and of those that embed or check it. */

const drop: FieldRule = { kind: 'drop' };
const neverStored: FieldRule = { kind: 'force', value: false };
const refuse = (advice: string): FieldRule => ({ kind: 'refuse', advice });

const billed = 'This brings in another paid service of the provider, which is not lent. Leave it out.';

const identity: FieldRules = {
  safety_identifier: pseudonym,
  prompt_cache_key: pseudonym,
  user: { kind: 'pseudonym', when: 'given' },
};

/** `auto` would mean the project's own setting, which can be several times dearer. */
const serviceTier: FieldRule = {
  kind: 'limit',
  to: ['default', 'flex'],
  otherwise: { replaces: ['auto'], by: 'default' },
  advice: 'Only the service tiers "default" and "flex" are lent. Leave it out.',
};

export const streamOptions: FieldRule = {
  kind: 'usage_option',
  option: 'include_usage',
  fields: allowAll('include_usage', 'include_obfuscation'),
};

const promptCacheOptions: FieldRule = {
  kind: 'object',
  fields: {
    ...allowAll('mode', 'prewarm'),
    ttl: { kind: 'limit', to: ['30m'], advice: cacheLife.advice },
    comparison_response_id: kept(responseOf, stored),
  },
};

const tools: FieldRule = { kind: 'tree', tree: responsesTree };
const conversation: FieldRule = { ...tools, keptWith: state };
const toolChoice: FieldRule = { kind: 'tree', tree: toolChoiceTree };
const instructions: FieldRule = { kind: 'text', advice: 'instructions must be a string.' };

export const chatFields: FieldRules = {
  model,
  messages: { kind: 'tree', tree: chatTree },
  tools: { kind: 'tree', tree: chatTree },
  tool_choice: { kind: 'tree', tree: chatTree },
  ...allowAll('functions', 'function_call', 'parallel_tool_calls', 'response_format', 'prediction'),
  ...allowAll('temperature', 'top_p', 'frequency_penalty', 'presence_penalty', 'logit_bias', 'seed', 'stop'),
  ...allowAll('max_tokens', 'max_completion_tokens', 'n', 'logprobs', 'top_logprobs'),
  ...allowAll('reasoning_effort', 'verbosity', 'prompt_cache_retention'),
  modalities: { kind: 'words', scopes: { audio: 'openai:audio.speech' } },
  audio: { kind: 'object', fields: { format: allow, voice } },
  prompt_cache_options: promptCacheOptions,
  stream,
  stream_options: streamOptions,
  service_tier: serviceTier,
  ...identity,
  store: neverStored,
  // The provider takes it only together with store.
  metadata: drop,
  moderation: refuse(billed),
  web_search_options: {
    kind: 'scoped',
    scope: web,
    rule: { kind: 'object', fields: allowAll('search_context_size', 'user_location') },
    hosted: chatSearch,
  },
};

export const completionFields: FieldRules = {
  model,
  ...allowAll('prompt', 'suffix', 'echo', 'best_of', 'n', 'max_tokens', 'logprobs', 'logit_bias'),
  ...allowAll('temperature', 'top_p', 'frequency_penalty', 'presence_penalty', 'seed', 'stop'),
  stream,
  stream_options: streamOptions,
  user: pseudonym,
};

export const responsesFields: FieldRules = {
  model,
  input: conversation,
  tools,
  tool_choice: toolChoice,
  instructions,
  ...allowAll('include', 'max_output_tokens', 'max_tool_calls', 'metadata', 'parallel_tool_calls'),
  reasoning,
  ...allowAll('text', 'temperature', 'top_p', 'top_logprobs', 'truncation', 'prompt_cache_retention'),
  image: { kind: 'object', fields: { context_compression: allow } },
  prompt_cache_options: promptCacheOptions,
  stream,
  stream_options: { kind: 'object', fields: { include_obfuscation: allow } },
  service_tier: serviceTier,
  ...identity,
  store: { kind: 'flag', scope: state, orFalse: true, advice: 'store must be true or false.' },
  background: {
    kind: 'flag',
    scope: state,
    advice: 'A call goes on without its caller only with the scope openai:state. Use stream.',
  },
  previous_response_id: kept(responseOf, stored),
  conversation: kept(conversationOf, stored),
  prompt: refuse("The project's stored prompts are not lent. Send the prompt itself, as instructions."),
  context_management: refuse('Leave it out and use POST /responses/compact.'),
  moderation: refuse(billed),
  access_programs: refuse('Special access of the account is not lent. Leave it out.'),
};

export const compactFields: FieldRules = {
  model,
  input: conversation,
  instructions,
  image: { kind: 'object', fields: { context_compression: allow } },
  prompt_cache_key: pseudonym,
  prompt_cache_options: promptCacheOptions,
  prompt_cache_retention: allow,
  service_tier: serviceTier,
  previous_response_id: kept(responseOf, stored),
};

export const inputTokensFields: FieldRules = {
  model,
  input: conversation,
  tools,
  tool_choice: toolChoice,
  instructions,
  ...allowAll('parallel_tool_calls', 'personality', 'text', 'truncation'),
  reasoning,
  previous_response_id: kept(responseOf, stored),
  conversation: kept(conversationOf, stored),
};

export const decisionFields: FieldRules = {
  model,
  input: { kind: 'tree', tree: decisionTree },
  questions: { kind: 'tree', tree: decisionTree },
  prompt_cache_key: pseudonym,
  prompt_cache_options: promptCacheOptions,
  safety_identifier: pseudonym,
};

export const embeddingFields: FieldRules = {
  model,
  ...allowAll('input', 'dimensions', 'encoding_format'),
  user: pseudonym,
};

export const moderationFields: FieldRules = {
  model,
  input: { kind: 'tree', tree: moderationTree },
};
