import type { TreeRules } from '../fields.ts';
import {
  allow,
  allowAll,
  cacheLife,
  drawingAuthor,
  drawingAuthorFields,
  items,
  types,
} from './openai_common_fields.ts';
import { pictureTokens } from './openai_costs.ts';
import { chosenTools, hosted, hostedItems, hostedTools } from './openai_hosted_tools.ts';
import { containerOf, fileOf, itemOf, kept, vectorStoreOf } from './openai_kept.ts';

export { types } from './openai_common_fields.ts';

/** What OpenAI's conversations and tools may hold. */

export const stored =
  'Without the scope openai:state nothing is stored with the provider. Send the whole conversation as input.';

export const refusedTypes: TreeRules['refusedTypes'] = [
  ['web_search', 'Web search costs per search and is not lent. Leave it out.'],
  ['file_search', 'Files are searched only with the scope openai:files. Leave it out.'],
  ['code_interpreter', 'Running code with the provider is not lent. Leave it out.'],
  [
    'container',
    'Running code with the provider is not lent. Run the shell yourself, with environment "local".',
  ],
  ['mcp', 'Letting the model call other servers is not lent. Call them yourself, as function tools.'],
  ['item_reference', stored],
  ['programmatic_tool_calling', 'Loops at the provider are not lent. Leave it out.'],
];

const namedFile = "The user's files cannot be named. Send the content itself, as data or as a URL.";

export const refusedKeys: TreeRules['refusedKeys'] = {
  file_id: namedFile,
  file_ids: namedFile,
  vector_store_ids: "The user's documents cannot be searched. Leave it out.",
  container: 'Running code with the provider is not lent. Leave it out.',
  container_id: 'Running code with the provider is not lent. Leave it out.',
  connector_id: "The user's connected services are not lent. Leave it out.",
  tunnel_id: "The user's private network is not lent. Leave it out.",
  server_url: 'Letting the model call other servers is not lent. Call them yourself, as function tools.',
};

const keptKeys: TreeRules['keptKeys'] = {
  file_id: fileOf,
  file_ids: fileOf,
  vector_store_ids: vectorStoreOf,
};

export const opaqueKeys: TreeRules['opaqueKeys'] = [
  'parameters',
  'output_schema',
  'schema',
  'arguments',
  'env',
  'logprobs',
  'acknowledged_safety_checks',
  'pending_safety_checks',
  'filters',
  'attributes',
];

export const chatTree: TreeRules = {
  types: types(
    ...['text', 'image_url', 'input_audio', 'file', 'refusal'],
    ...['function', 'custom', 'grammar', 'allowed_tools', 'url_citation'],
  ),
  refusedTypes,
  refusedKeys,
  keptKeys,
  texts: { ttl: cacheLife },
  opaqueKeys,
  typedLists: ['tools'],
};

/** Tools that the app has run, and what came of it. */
const calls = items({
  function_call: ['arguments'],
  function_call_output: ['output'],
  custom_tool_call: ['input'],
  custom_tool_call_output: ['output'],
});

const containers =
  'Only containers can be named that the app itself has had made, with the scope openai:tools.code.';

export const responsesTree: TreeRules = {
  types: {
    // Messages and what is in them.
    ...items({ message: ['content'] }),
    ...types('input_text', 'input_image', 'input_file', 'input_audio'),
    ...types('output_text', 'refusal', 'url_citation', 'summary_text', 'reasoning_text'),
    // Tools that the app runs itself, what they are asked and what they answer.
    ...types('function', 'custom', 'namespace', 'text', 'grammar', 'allowed_tools'),
    ...calls,
    ...items({ additional_tools: ['tools'], tool_search_call: ['arguments'], tool_search_output: ['tools'] }),
    ...types('direct', 'local', 'local_shell', 'apply_patch', 'computer', 'computer_use_preview'),
    shell: {
      needs: {
        path: ['environment', 'type'],
        advice: 'Say where the shell runs: with you, in the environment "local", or in "container_auto".',
      },
    },
    tool_search: {
      needs: {
        path: ['execution'],
        value: 'client',
        advice: 'Searching tools at the provider is not lent. Search yourself, with execution "client".',
      },
    },
    ...items({ shell_call: ['action'], shell_call_output: ['output'] }),
    ...types('exit', 'timeout'),
    // The id of what a command has written is that of its call, and it may have written nothing.
    ...items({ local_shell_call: ['action'], local_shell_call_output: ['type'] }),
    ...types('exec'),
    ...items({ apply_patch_call: ['operation'], apply_patch_call_output: ['status'] }),
    ...types('create_file', 'update_file', 'delete_file'),
    ...items({ computer_call: ['action', 'actions'], computer_call_output: ['output'] }),
    ...types('computer_screenshot', 'computer_use'),
    ...types('click', 'double_click', 'drag', 'keypress', 'move', 'screenshot', 'scroll', 'type', 'wait'),
    // The model's own notes, given back.
    compaction: {
      needs: {
        path: ['encrypted_content'],
        orKept: itemOf,
        advice: `${stored} Give it back with its encrypted_content.`,
      },
    },
    configuration_update: {
      holds: ['reasoning', 'text'],
      fields: {
        ...allowAll('type', 'id'),
        reasoning: { kind: 'object', fields: { effort: allow } },
        text: { kind: 'object', fields: { format: allow } },
      },
    },
    reasoning: {
      needs: {
        path: ['encrypted_content'],
        orKept: itemOf,
        advice: `${stored} Ask for include: ["reasoning.encrypted_content"] and give reasoning back with it, or leave it out.`,
      },
    },
    image_generation: {
      scope: 'openai:images',
      models: [{ named: ['model'] }, drawingAuthor],
      hosted: hosted('images'),
      draws: pictureTokens,
      fields: {
        model: { kind: 'other_model' },
        ...allowAll('type', 'action', 'background', 'complexity', 'frame_count', 'frame_duration_ms'),
        ...allowAll('input_fidelity', 'moderation', 'output_compression', 'output_format'),
        ...allowAll('partial_images', 'quality', 'size'),
        input_image_mask: { kind: 'object', fields: { image_url: allow, file_id: kept(fileOf, namedFile) } },
        svg: drawingAuthorFields,
      },
    },
    image_generation_call: {
      needs: { path: ['result'], orKept: itemOf, advice: `${stored} Give the picture back in result.` },
    },
    // Tools that run at the provider.
    ...hostedTools,
    ...hostedItems,
    // What is kept, and searched in.
    item_reference: { knownWith: itemOf.scope, names: itemOf },
    file_search: {
      knownWith: fileOf.scope,
      hosted: hosted('storage_searches', { nanoUsd: 2_500_000, per: 'use' }),
    },
    file_search_call: { knownWith: fileOf.scope, holds: ['queries'] },
    file_citation: { knownWith: fileOf.scope },
    file_path: { knownWith: fileOf.scope },
  },
  refusedTypes,
  refusedKeys: { ...refusedKeys, container: containers, container_id: containers },
  keptKeys: { ...keptKeys, container_id: containerOf },
  texts: { ttl: cacheLife },
  reference: itemOf,
  idsAreStored: true,
  answerKeys: {
    approval_request_id: {
      type: 'mcp_approval_request',
      kept: itemOf,
      advice: 'Give what is approved along with the approval.',
    },
  },
  opaqueKeys,
  typedLists: ['tools'],
};

/** What a conversation is told to hold: no tools of the provider, which would be at hand in every later call in it. */
export const itemsTree: TreeRules = {
  ...responsesTree,
  types: Object.fromEntries(Object.entries(responsesTree.types).filter(([, { hosted }]) => !hosted)),
};

/** Which of the tools are to be used; what each of them is stands with the tools. */
export const toolChoiceTree: TreeRules = {
  ...responsesTree,
  types: {
    ...responsesTree.types,
    ...chosenTools,
    image_generation: { scope: 'openai:images' },
    shell: {},
  },
};

export const decisionTree: TreeRules = {
  ...responsesTree,
  types: {
    ...items({ message: ['content'] }),
    ...types('input_text', 'input_image', 'output_text', 'refusal'),
    ...calls,
    ...types('predicate', 'choice', 'score'),
  },
};

export const moderationTree: TreeRules = { ...chatTree, types: types('text', 'image_url') };
