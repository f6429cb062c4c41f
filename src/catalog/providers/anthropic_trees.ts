import type { TreeRules } from '../fields.ts';
import { hostedItems, hostedTools } from './anthropic_hosted_tools.ts';
import { types } from './openai_common_fields.ts';

/** What Anthropic's conversations and tools may hold, as the types of its SDK have them (`@anthropic-ai/sdk` 0.137 and 1.12). */

export const containers =
  'Containers cannot be named: other apps may have theirs in the same account. Leave it out, each call gets one of its own.';
const toolSearch = 'Searching tools at the provider is not lent. Search yourself, as a tool of your own.';
const otherServers = 'Servers for the model to call are named in mcp_servers.';
const files = "The user's files cannot be named. Send the content itself, as data or as a URL.";
const otherModel = 'Bringing in another model is not lent. Call it yourself.';

export const messageTree: TreeRules = {
  types: {
    // What is in messages.
    ...types('text', 'image', 'document', 'search_result', 'thinking', 'redacted_thinking'),
    ...types('tool_use', 'tool_result', 'tool_reference', 'direct'),
    ...types('browser_state', 'tab_opened', 'download_started', 'download_completed', 'download_failed'),
    ...types('base64', 'url', 'content', 'ephemeral'),
    ...types('char_location', 'page_location', 'content_block_location', 'search_result_location'),
    // Tools that the app runs itself.
    ...types('custom', 'bash_20241022', 'bash_20250124', 'memory_20250818'),
    ...types('text_editor_20241022', 'text_editor_20250124', 'text_editor_20250429', 'text_editor_20250728'),
    ...types('computer_20241022', 'computer_20250124', 'computer_20251124', 'computer_toolset_20260801'),
    ...types('browser_toolset_20260801'),
    // How they are chosen, how much is thought, and what is written.
    ...types('auto', 'any', 'tool', 'none', 'enabled', 'disabled', 'adaptive', 'between_tools'),
    ...types('json_schema'),
    // What tools of the provider did.
    ...hostedItems,
  },
  refusedTypes: [
    ['container', containers],
    ['tool_search', toolSearch],
    ['file', files],
    ['advisor', otherModel],
    ['fallback', otherModel],
  ],
  refusedKeys: {
    file_id: files,
    model: otherModel,
    container: containers,
    skill_id: "The account's skills are not lent. Leave it out.",
    server_url: otherServers,
    mcp_server_name: otherServers,
  },
  // Of tools: the schema, the model's arguments and examples of them, and which of a set are on.
  opaqueKeys: ['input_schema', 'input', 'input_examples', 'configs', 'schema'],
};

export const toolTree: TreeRules = { ...messageTree, types: { ...messageTree.types, ...hostedTools } };
