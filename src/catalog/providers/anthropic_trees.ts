import type { TreeRules } from '../fields.ts';

/** What Anthropic's conversations and tools may hold, as the types of its SDK have them (`@anthropic-ai/sdk` 0.137 and 1.12). */

const webSearch = 'Searching and fetching from the web costs extra and is not lent. Leave it out.';
const codeExecution = 'Running code with the provider is not lent. Run it yourself, as a tool of your own.';
const toolSearch = 'Searching tools at the provider is not lent. Search yourself, as a tool of your own.';
const otherServers =
  'Letting the model call other servers is not lent. Call them yourself, as tools of your own.';
const files = "The user's files cannot be named. Send the content itself, as data or as a URL.";
const otherModel = 'Bringing in another model is not lent. Call it yourself.';

const types = (...names: readonly string[]): TreeRules['types'] =>
  Object.fromEntries(names.map((name) => [name, {}]));

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
  },
  refusedTypes: [
    ['web_search', webSearch],
    ['web_fetch', webSearch],
    ['code_execution', codeExecution],
    ['bash_code_execution', codeExecution],
    ['text_editor_code_execution', codeExecution],
    ['encrypted_code_execution', codeExecution],
    ['container', codeExecution],
    ['tool_search', toolSearch],
    ['server_tool', 'Tools that run at the provider are not lent. Run them yourself.'],
    ['mcp', otherServers],
    ['file', files],
    ['advisor', otherModel],
    ['fallback', otherModel],
  ],
  refusedKeys: {
    file_id: files,
    model: otherModel,
    container: codeExecution,
    skill_id: codeExecution,
    server_url: otherServers,
    mcp_server_name: otherServers,
  },
  // Of tools: the schema, the model's arguments and examples of them, and which of a set are on.
  opaqueKeys: ['input_schema', 'input', 'input_examples', 'configs', 'schema'],
};
