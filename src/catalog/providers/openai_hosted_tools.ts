import type { FieldRule, FieldRules, TreeRules, TypeRule } from '../fields.ts';
import type { HostedTool } from '../hosted_tool.ts';
import { allow, allowAll, types } from './openai_common_fields.ts';
import { code, containerInUse, fileOf, kept } from './openai_kept.ts';

/** OpenAI's tools that run at the provider, and what they leave in a conversation. */

export const web = 'openai:tools.web';
const servers = 'openai:tools.mcp';

/** All tools of a call share the bound. */
const shared = { most: 10, by: { of: 'call', field: 'max_tool_calls' } } as const;

/** @param fee in nano-USD */
export const hosted = (unit: string, fee?: HostedTool['fee']): HostedTool => ({
  unit,
  ...shared,
  isReadLater: true,
  ...(fee && { fee }),
});

/** The older kind of search, which costs more and is not told in the usage. */
const searchPreview = { nanoUsd: 25_000_000, per: 'use' } as const;

/** A model or a field that has a chat search. */
export const chatSearch: HostedTool = { unit: 'web_search_previews', most: null, fee: searchPreview };

/** A container of 4g, for up to 20 minutes. */
const session = { nanoUsd: 120_000_000, per: 'call' } as const;

const refuse = (advice: string): FieldRule => ({ kind: 'refuse', advice });

/** By its page about web search, however large the context window of the model is. */
const longestFinding = 128_000;

const webSearch: TypeRule = {
  scope: web,
  hosted: { ...hosted('web_searches', { nanoUsd: 10_000_000, per: 'use' }), longestFinding },
  fields: allowAll(
    ...['type', 'external_web_access', 'filters', 'user_location'],
    ...['search_context_size', 'search_content_types'],
  ),
};

const webSearchPreview: TypeRule = {
  ...webSearch,
  hosted: { ...hosted('web_search_previews', searchPreview), longestFinding },
};

export const ownFiles = kept(
  fileOf,
  'Files are named only with the scope openai:files. Put their content into the input.',
);
export const cutOff: FieldRule = { kind: 'force', value: { type: 'disabled' } };

/** Where code runs: in a fresh container, without the user's files, skills and secrets, and cut off from the network. */
const container: FieldRules = {
  file_ids: ownFiles,
  memory_limit: {
    kind: 'limit',
    to: ['1g', '4g'],
    advice: 'Containers of 1g and 4g are lent, larger ones cost a multiple. Leave it out.',
  },
  network_policy: cutOff,
};

const ownContainer = 'Use {"type": "auto"}, or the id of a container that the app itself has had made.';

const codeInterpreter: TypeRule = {
  scope: code,
  hosted: hosted('code_runs', session),
  fields: {
    ...allowAll('type', 'allowed_callers'),
    container: {
      kind: 'object',
      always: true,
      orKept: { object: containerInUse, advice: ownContainer },
      fields: {
        type: {
          kind: 'limit',
          to: ['auto'],
          otherwise: { replaces: [], by: 'auto' },
          advice: ownContainer,
        },
        ...container,
      },
    },
  },
};

/** The environment of a shell that the provider runs. */
const shellContainer: TypeRule = {
  scope: code,
  hosted: hosted('code_runs', session),
  fields: { type: allow, skills: { kind: 'drop' }, ...container },
};

/** One that is there already. */
const containerReference: TypeRule = {
  scope: code,
  hosted: hosted('code_runs', session),
  fields: { type: allow, container_id: kept(containerInUse, ownContainer) },
};

const onlyByUrl = refuse('Only servers with an address of their own are lent. Name one in server_url.');

const mcp: TypeRule = {
  scope: servers,
  // What a server can do it tells itself, at any length.
  hosted: { unit: 'server_calls', ...shared },
  needs: { path: ['server_url'], advice: 'Servers are named by their address. Name one in server_url.' },
  fields: {
    ...allowAll('type', 'server_label', 'server_description', 'server_url', 'headers', 'authorization'),
    ...allowAll('allowed_callers', 'allowed_tools', 'defer_loading', 'require_approval'),
    connector_id: onlyByUrl,
    tunnel_id: onlyByUrl,
  },
};

export const hostedTools: TreeRules['types'] = {
  web_search: webSearch,
  web_search_2025_08_26: webSearch,
  web_search_preview: webSearchPreview,
  web_search_preview_2025_03_11: webSearchPreview,
  code_interpreter: codeInterpreter,
  container_auto: shellContainer,
  container_reference: containerReference,
  mcp,
};

/** The same where one of them is chosen: what it is stands with the tools. */
export const chosenTools: TreeRules['types'] = Object.fromEntries(
  Object.entries(hostedTools).map(([type, { scope }]) => [type, scope === undefined ? {} : { scope }]),
);

/** What they did, given back. A search is text like any other; what stands for a server or a container is not. */
export const hostedItems: TreeRules['types'] = {
  web_search_call: {
    needs: {
      path: ['action', 'type'],
      advice: 'Give the search back with what was searched, or leave it out.',
    },
  },
  ...types('search', 'open_page', 'find_in_page', 'url'),
  code_interpreter_call: { scope: code, holds: ['code', 'outputs'] },
  ...types('logs', 'image'),
  // The schemas of its tools are the server's own.
  mcp_list_tools: {
    scope: servers,
    holds: ['tools', 'error'],
    fields: allowAll('type', 'id', 'server_label', 'tools', 'error'),
  },
  mcp_call: {
    scope: servers,
    holds: ['arguments'],
    fields: {
      ...allowAll('type', 'id', 'server_label', 'name', 'arguments', 'output', 'error', 'status'),
      // By now it is of no more use.
      approval_request_id: { kind: 'drop' },
    },
  },
  mcp_approval_request: { scope: servers, holds: ['arguments'] },
  mcp_approval_response: { scope: servers, holds: ['approval_request_id'] },
};
