import type { FieldRule, FieldRules, TreeRules } from '../fields.ts';
import { speechFields, transcriptionFields, translationFields } from './openai_audio_fields.ts';
import { reasoning, upload, voice } from './openai_common_fields.ts';
import {
  allow,
  allowAll,
  conversation,
  drop,
  model,
  chatFields as plainChatFields,
  pseudonym,
  refuse,
  stream,
  streamOptions,
  types,
  webSearch,
} from './openai_compatible.ts';
import { opaqueKeys, refusedKeys, refusedTypes, responsesTree, stored } from './openai_trees.ts';

/** Request fields of Azure's endpoints, which are OpenAI's of some months before. */

/** What a deployment is called in the path. SDKs send it in the body too, or the name of the model behind it. */
const deployment: FieldRule = { kind: 'path_model', prefix: '', standsIn: true };
const documents = refuse("The user's documents cannot be searched. Leave it out.");
const serviceTier: FieldRule = {
  kind: 'limit',
  to: ['default'],
  advice: 'Only the service tier "default" is lent. Leave it out.',
};

export const chatFields: FieldRules = {
  ...plainChatFields,
  model: deployment,
  ...conversation({ types: types('file', 'refusal', 'custom', 'grammar', 'allowed_tools') }),
  ...allowAll('functions', 'function_call', 'parallel_tool_calls', 'prediction', 'logit_bias', 'seed'),
  ...allowAll('max_completion_tokens', 'n', 'logprobs', 'top_logprobs', 'verbosity'),
  modalities: { kind: 'words', scopes: { audio: 'azure:audio.speech' } },
  audio: { kind: 'object', fields: { format: allow, voice } },
  stream_options: streamOptions,
  service_tier: serviceTier,
  user: pseudonym,
  safety_identifier: pseudonym,
  prompt_cache_key: pseudonym,
  store: drop,
  metadata: drop,
  data_sources: documents,
  web_search_options: refuse(webSearch),
};

export const completionFields: FieldRules = {
  model: deployment,
  ...allowAll('prompt', 'suffix', 'echo', 'best_of', 'n', 'max_tokens', 'logprobs', 'logit_bias'),
  ...allowAll('temperature', 'top_p', 'frequency_penalty', 'presence_penalty', 'seed', 'stop'),
  stream,
  stream_options: streamOptions,
  user: pseudonym,
};

export const embeddingFields: FieldRules = {
  model: deployment,
  ...allowAll('input', 'dimensions', 'encoding_format'),
  user: pseudonym,
};

const pictureFields: FieldRules = {
  model: deployment,
  ...allowAll('prompt', 'n', 'size', 'quality', 'background', 'response_format'),
  ...allowAll('output_format', 'output_compression', 'partial_images'),
  user: pseudonym,
};

export const imageFields: FieldRules = {
  ...pictureFields,
  style: allow,
  moderation: { kind: 'limit', to: ['auto', 'low'], advice: 'moderation must be "auto" or "low".' },
  stream,
};

/** Multipart fields by their full names. */
export const imageEditFields: FieldRules = {
  ...pictureFields,
  image: upload,
  'image[]': upload,
  mask: upload,
  ...allowAll('input_fidelity', 'stream'),
};

export const deployedSpeechFields: FieldRules = { ...speechFields, model: deployment };
export const deployedTranscriptionFields: FieldRules = { ...transcriptionFields, model: deployment };
export const deployedTranslationFields: FieldRules = { ...translationFields, model: deployment };

/** What needs nothing beyond text: of the others OpenAI's rules speak of scopes of its own. */
const plainTypes = Object.entries(responsesTree.types).flatMap(
  ([type, { needs, holds, fields, ...more }]) => {
    if (Object.keys(more).length > 0) return [];
    // Nothing is kept that could stand for what has to be there.
    const { orKept, ...needed } = needs ?? {};
    return [[type, { ...(needs && { needs: needed }), ...(holds && { holds }), ...(fields && { fields }) }]];
  },
);
const tree: TreeRules = {
  types: Object.fromEntries(plainTypes),
  refusedTypes,
  refusedKeys,
  idsAreStored: true,
  opaqueKeys,
  typedLists: ['tools'],
};
const responsesItems: FieldRule = { kind: 'tree', tree };

export const responsesFields: FieldRules = {
  model,
  input: responsesItems,
  tools: responsesItems,
  tool_choice: responsesItems,
  instructions: { kind: 'text', advice: 'instructions must be a string.' },
  ...allowAll('include', 'max_output_tokens', 'max_tool_calls', 'metadata', 'parallel_tool_calls'),
  ...allowAll('text', 'temperature', 'top_p', 'top_logprobs', 'truncation'),
  reasoning,
  stream,
  stream_options: { kind: 'object', fields: { include_obfuscation: allow } },
  service_tier: serviceTier,
  user: pseudonym,
  safety_identifier: pseudonym,
  prompt_cache_key: pseudonym,
  store: { kind: 'force', value: false },
  background: {
    kind: 'limit',
    to: [false],
    advice: 'A call that goes on without its caller is not lent. Leave background out and use stream.',
  },
  previous_response_id: refuse(stored),
  conversation: refuse(stored),
  prompt: refuse("The project's stored prompts are not lent. Send the prompt itself, as instructions."),
  context_management: refuse('What is kept with the provider is not lent. Leave it out.'),
};
