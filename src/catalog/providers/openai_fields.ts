import type { FieldRule, FieldRules, TreeRules } from '../fields.ts';

/** Request fields of OpenAI's API as the types of its SDK have them (`openai` 6.49 and 7.57). */

const allow: FieldRule = { kind: 'allow' };
const drop: FieldRule = { kind: 'drop' };
const model: FieldRule = { kind: 'model' };
const neverStored: FieldRule = { kind: 'force', value: false };

const refuse = (advice: string): FieldRule => ({ kind: 'refuse', advice });
const allowAll = (...names: readonly string[]): FieldRules =>
  Object.fromEntries(names.map((name) => [name, allow]));

const stored =
  'Nothing is stored with the provider through the broker. Send the whole conversation as input.';
const billed = 'This brings in another paid service of the provider, which is not lent. Leave it out.';

/** One pseudonym a grant: apps can neither pass for each other nor look into each other's prompt cache by its timing. */
const pseudonym: FieldRule = { kind: 'pseudonym', when: 'always' };
const identity: FieldRules = {
  safety_identifier: pseudonym,
  prompt_cache_key: pseudonym,
  user: { kind: 'pseudonym', when: 'given' },
};

const stream: FieldRule = {
  kind: 'limit',
  to: [true, false],
  advice: 'stream must be true or false.',
};

/** `auto` would mean the project's own setting, which can be several times dearer. */
const serviceTier: FieldRule = {
  kind: 'limit',
  to: ['default', 'flex'],
  otherwise: { replaces: ['auto'], by: 'default' },
  advice: 'Only the service tiers "default" and "flex" are lent. Leave it out.',
};

const streamOptions: FieldRule = {
  kind: 'usage_option',
  option: 'include_usage',
  fields: allowAll('include_usage', 'include_obfuscation'),
};

const promptCacheOptions: FieldRule = {
  kind: 'object',
  fields: { ...allowAll('mode', 'ttl', 'prewarm'), comparison_response_id: refuse(stored) },
};

/** A custom voice belongs to the account. */
const voice: FieldRule = {
  kind: 'text',
  not: /^voice_/,
  advice: 'Only the built-in voices are lent. Name one of them.',
};

const refusedTypes: TreeRules['refusedTypes'] = [
  ['web_search', 'Web search costs per search and is not lent. Leave it out.'],
  ['file_search', "File search reads the user's documents and is not lent. Leave it out."],
  ['code_interpreter', 'Running code with the provider is not lent. Leave it out.'],
  [
    'container',
    'Running code with the provider is not lent. Run the shell yourself, with environment "local".',
  ],
  ['mcp', 'Letting the model call other servers is not lent. Call them yourself, as function tools.'],
  ['item_reference', stored],
  ['programmatic_tool_calling', 'Loops at the provider are not lent. Leave it out.'],
];

const refusedKeys: TreeRules['refusedKeys'] = {
  file_id: "The user's files cannot be named. Send the content itself, as data or as a URL.",
  file_ids: "The user's files cannot be named. Send the content itself, as data or as a URL.",
  vector_store_ids: "The user's documents cannot be searched. Leave it out.",
  container: 'Running code with the provider is not lent. Leave it out.',
  container_id: 'Running code with the provider is not lent. Leave it out.',
  connector_id: "The user's connected services are not lent. Leave it out.",
  tunnel_id: "The user's private network is not lent. Leave it out.",
  server_url: 'Letting the model call other servers is not lent. Call them yourself, as function tools.',
};

const opaqueKeys: TreeRules['opaqueKeys'] = [
  'parameters',
  'output_schema',
  'schema',
  'arguments',
  'env',
  'logprobs',
  'acknowledged_safety_checks',
  'pending_safety_checks',
];

const types = (...names: readonly string[]): TreeRules['types'] =>
  Object.fromEntries(names.map((name) => [name, {}]));

const chatTree: TreeRules = {
  types: types(
    ...['text', 'image_url', 'input_audio', 'file', 'refusal'],
    ...['function', 'custom', 'grammar', 'allowed_tools'],
  ),
  refusedTypes,
  refusedKeys,
  opaqueKeys,
};

const responsesTree: TreeRules = {
  types: {
    // Messages and what is in them.
    ...types('message', 'input_text', 'input_image', 'input_file', 'input_audio'),
    ...types('output_text', 'refusal', 'url_citation', 'summary_text', 'reasoning_text'),
    // Tools that the app runs itself, what they are asked and what they answer.
    ...types('function', 'custom', 'namespace', 'text', 'grammar', 'allowed_tools'),
    ...types('function_call', 'function_call_output', 'custom_tool_call', 'custom_tool_call_output'),
    ...types('additional_tools', 'tool_search_call', 'tool_search_output', 'direct'),
    ...types('local', 'local_shell', 'apply_patch', 'computer', 'computer_use_preview'),
    shell: {
      needs: {
        path: ['environment', 'type'],
        value: 'local',
        advice:
          'Running code with the provider is not lent. Run the shell yourself, with environment "local".',
      },
    },
    tool_search: {
      needs: {
        path: ['execution'],
        value: 'client',
        advice: 'Searching tools at the provider is not lent. Search yourself, with execution "client".',
      },
    },
    ...types('shell_call', 'shell_call_output', 'exit', 'timeout'),
    ...types('local_shell_call', 'local_shell_call_output', 'exec'),
    ...types('apply_patch_call', 'apply_patch_call_output', 'create_file', 'update_file', 'delete_file'),
    ...types('computer_call', 'computer_call_output', 'computer_screenshot', 'computer_use'),
    ...types('click', 'double_click', 'drag', 'keypress', 'move', 'screenshot', 'scroll', 'type', 'wait'),
    // The model's own notes, given back.
    ...types('compaction', 'configuration_update', 'json_schema'),
    reasoning: {
      needs: {
        path: ['encrypted_content'],
        advice: `${stored} Ask for include: ["reasoning.encrypted_content"] and give reasoning back with it, or leave it out.`,
      },
    },
    image_generation: { scope: 'openai:images' },
    image_generation_call: {
      needs: { path: ['result'], advice: `${stored} Give the picture back in result.` },
    },
  },
  refusedTypes,
  refusedKeys,
  opaqueKeys,
};

const decisionTree: TreeRules = {
  ...responsesTree,
  types: {
    ...types('message', 'input_text', 'input_image', 'output_text', 'refusal'),
    ...types('function_call', 'function_call_output', 'custom_tool_call', 'custom_tool_call_output'),
    ...types('predicate', 'choice', 'score'),
  },
};

const moderationTree: TreeRules = { ...chatTree, types: types('text', 'image_url') };

const conversation: FieldRule = { kind: 'tree', tree: responsesTree };
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
  web_search_options: refuse('Web search costs per search and is not lent. Leave it out.'),
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
  tools: conversation,
  tool_choice: conversation,
  instructions,
  ...allowAll(
    'include',
    'max_output_tokens',
    'max_tool_calls',
    'metadata',
    'parallel_tool_calls',
    'reasoning',
  ),
  ...allowAll('text', 'temperature', 'top_p', 'top_logprobs', 'truncation', 'prompt_cache_retention'),
  image: { kind: 'object', fields: { context_compression: allow } },
  prompt_cache_options: promptCacheOptions,
  stream,
  stream_options: { kind: 'object', fields: { include_obfuscation: allow } },
  service_tier: serviceTier,
  ...identity,
  store: neverStored,
  background: {
    kind: 'limit',
    to: [false],
    advice: 'A call that goes on without its caller is not lent. Leave background out and use stream.',
  },
  previous_response_id: refuse(stored),
  conversation: refuse(stored),
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
  previous_response_id: refuse(stored),
};

export const inputTokensFields: FieldRules = {
  model,
  input: conversation,
  tools: conversation,
  tool_choice: conversation,
  instructions,
  ...allowAll('parallel_tool_calls', 'personality', 'reasoning', 'text', 'truncation'),
  previous_response_id: refuse(stored),
  conversation: refuse(stored),
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

const pictureFields: FieldRules = {
  model,
  ...allowAll('prompt', 'n', 'size', 'quality', 'background', 'response_format'),
  ...allowAll('output_format', 'output_compression', 'partial_images'),
  ...allowAll('complexity', 'frame_count', 'frame_duration_ms'),
  user: pseudonym,
  safety_identifier: { kind: 'pseudonym', when: 'given' },
};

export const imageFields: FieldRules = {
  ...pictureFields,
  style: allow,
  moderation: { kind: 'limit', to: ['auto', 'low'], advice: 'moderation must be "auto" or "low".' },
  svg: { kind: 'object', fields: { model: { kind: 'other_model' }, reasoning: allow } },
  stream,
};

/** Multipart fields by their full names, as the SDK writes lists and objects. */
export const imageEditFields: FieldRules = {
  ...pictureFields,
  ...allowAll('image', 'image[]', 'mask', 'markup', 'input_fidelity', 'stream', 'svg[reasoning][effort]'),
  'svg[model]': { kind: 'other_model' },
};

export const imageVariationFields: FieldRules = {
  model,
  ...allowAll('image', 'n', 'response_format', 'size'),
  user: pseudonym,
};

export const speechFields: FieldRules = {
  model,
  voice,
  ...allowAll('input', 'instructions', 'response_format', 'speed', 'stream_format'),
};

export const transcriptionFields: FieldRules = {
  model,
  ...allowAll('file', 'language', 'languages[]', 'prompt', 'temperature', 'response_format', 'stream'),
  ...allowAll('include[]', 'keywords[]', 'timestamp_granularities[]'),
  ...allowAll('known_speaker_names[]', 'known_speaker_references[]'),
  ...allowAll('chunking_strategy', 'chunking_strategy[type]', 'chunking_strategy[threshold]'),
  ...allowAll('chunking_strategy[prefix_padding_ms]', 'chunking_strategy[silence_duration_ms]'),
};

export const translationFields: FieldRules = {
  model,
  ...allowAll('file', 'prompt', 'response_format', 'temperature'),
};
