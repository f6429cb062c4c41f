import type { JsonObject } from '../../../src/lib/json.ts';
import type { PowerField, Row } from './power_fields.ts';

const web = ['tools.web'];
const code = ['tools.code'];
const servers = ['tools.mcp'];

const messages = [{ role: 'user', content: 'Hi' }];

const message = (body: JsonObject, row: Row): PowerField => ({
  provider: 'anthropic',
  path: '/v1/messages',
  body: { model: 'claude-opus-5', max_tokens: 9, messages, ...body },
  ...row,
});
const claudeTool = (type: string, fields: JsonObject, row: Omit<Row, 'what'>) =>
  message({ tools: [{ type, ...fields }] }, { what: `the tool ${type}`, ...row });

const mcp = {
  mcp_servers: [{ type: 'url', name: 'a', url: 'https://a.example/mcp', authorization_token: 'token' }],
  tools: [{ type: 'mcp_toolset', mcp_server_name: 'a' }],
};

export const anthropicFields: readonly PowerField[] = [
  ...['20250305', '20260209', '20260318'].map((date) =>
    claudeTool(
      `web_search_${date}`,
      { name: 'web_search' },
      { needs: web, sent: { tools: [{ max_uses: 10 }] } },
    ),
  ),
  ...['20250910', '20260209', '20260309', '20260318'].map((date) =>
    claudeTool(
      `web_fetch_${date}`,
      { name: 'web_fetch', max_uses: 99 },
      { needs: web, sent: { tools: [{ max_uses: 10 }] } },
    ),
  ),
  ...['20250522', '20250825', '20260120', '20260521'].map((date) =>
    claudeTool(`code_execution_${date}`, { name: 'code_execution' }, { needs: code }),
  ),
  message(mcp, { what: 'servers', needs: servers }),
  {
    ...message(mcp, { what: 'servers while tokens are counted', needs: servers }),
    path: '/v1/messages/count_tokens',
    body: { model: 'claude-opus-5', messages, ...mcp },
  },
  ...['tool_search_tool_bm25_20251119', 'tool_search_tool_regex', 'advisor_20260301'].map((type) =>
    claudeTool(type, { name: 't' }, {}),
  ),
  message({ container: 'container_1' }, { what: 'the container of another' }),
  message({ container: { skills: [{ type: 'custom', skill_id: 'skill_1' }] } }, { what: 'skills' }),
  message(
    { messages: [{ role: 'user', content: [{ type: 'container_upload', file_id: 'file_1' }] }] },
    { what: 'a file for a container' },
  ),
  message(
    {
      messages: [
        {
          role: 'user',
          content: [{ type: 'document', source: { type: 'file', file_id: 'file_1' } }],
        },
      ],
    },
    { what: 'a file of the user' },
  ),
  message(
    {
      messages: [
        {
          role: 'user',
          content: [{ type: 'tool_addition', tool: { type: 'web_search_20250305', name: 'web_search' } }],
        },
      ],
    },
    { what: 'a tool within a message' },
  ),
  message({ fallbacks: [{ model: 'claude-opus-5-5' }] }, { what: 'another model to fall back to' }),
  message({ fallback_credit_token: 'fct_1' }, { what: 'fallback_credit_token' }),
  message({ thread: { type: 'continue', previous_message_id: 'msg_1' } }, { what: 'a stored thread' }),
  message({ workspace_id: 'wrkspc_1' }, { what: 'workspace_id' }),
  message({ user_profile_id: 'uprof_1' }, { what: 'user_profile_id' }),
  message({ billing_policy: { bill_to: 'x' } }, { what: 'billing_policy' }),
  message({ service_tier: 'auto' }, { what: 'service_tier', neutral: { service_tier: 'standard_only' } }),
  message({ speed: 'fast' }, { what: 'speed' }),
  message({ inference_geo: 'us' }, { what: 'inference_geo' }),
];

const content = (body: JsonObject, row: Row): PowerField => ({
  provider: 'gemini',
  path: '/v1/models/gemini-2.5-flash:generateContent',
  body: { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }], ...body },
  ...row,
});
const geminiTool = (name: string, fields: unknown, row: Omit<Row, 'what'>) =>
  content({ tools: [{ [name]: fields }] }, { what: `the tool ${name}`, ...row });

export const geminiFields: readonly PowerField[] = [
  ...[
    ...['googleSearch', 'googleSearchRetrieval', 'googleMaps', 'urlContext'],
    ...['enterpriseWebSearch', 'exaAiSearch', 'parallelAiSearch'],
  ].map((name) => geminiTool(name, {}, { needs: web })),
  geminiTool('codeExecution', {}, { needs: code }),
  geminiTool(
    'mcpServers',
    [{ name: 'a', streamableHttpTransport: { url: 'https://a.example', headers: { a: 'b' } } }],
    { needs: servers },
  ),
  geminiTool('fileSearch', { fileSearchStoreNames: ['fileSearchStores/a'] }, {}),
  geminiTool('retrieval', { vertexRagStore: {} }, {}),
  geminiTool('google_search', {}, {}),
  content({ cachedContent: 'cachedContents/a' }, { what: 'cached content' }),
  content({ contents: [{ parts: [{ fileData: { fileUri: 'files/a' } }] }] }, { what: 'a file of the user' }),
  content({ serviceTier: 'priority' }, { what: 'serviceTier' }),
  content({ store: true }, { what: 'store' }),
  content({ labels: { team: 'a' } }, { what: 'labels', neutral: { contents: [{}] } }),
];

const other = (provider: string, path: string, model: string) => (body: JsonObject, row: Row) => ({
  provider,
  path,
  body: { model, messages, ...body },
  ...row,
});
const openrouter = other('openrouter', '/chat/completions', 'openai/gpt-5');
const groq = other('groq', '/openai/v1/chat/completions', 'llama-3.3-70b-versatile');
const xai = other('xai', '/chat/completions', 'grok-4.5');
const mistral = other('mistral', '/v1/chat/completions', 'mistral-small-2603');

export const compatibleFields: readonly PowerField[] = [
  openrouter({ model: 'openai/gpt-5:online' }, { what: 'the suffix :online', needs: web }),
  openrouter(
    { model: 'openai/gpt-5:online:free' },
    { what: 'the suffix :online before another', needs: web },
  ),
  openrouter(
    { plugins: [{ id: 'web', max_uses: 1000 }] },
    { what: 'a thousand searches', needs: web, sent: { plugins: [{ id: 'web', max_uses: 10 }] } },
  ),
  openrouter({ model: 'perplexity/sonar' }, { what: 'a model that searches', needs: web }),
  openrouter(
    { model: 'openai/o4-mini-deep-research' },
    { what: 'a model that searches for long', needs: web },
  ),
  openrouter({ plugins: [{ id: 'web', max_results: 3 }] }, { what: 'the plugin web', needs: web }),
  openrouter({ plugins: [{ id: 'web', max_results: 1000 }] }, { what: 'a thousand results of a search' }),
  openrouter({ plugins: [{ id: 'file-parser' }] }, { what: 'another plugin' }),
  openrouter(
    { plugins: [{ id: 'web' }, { id: 'web', engine: 'firecrawl' }] },
    { what: "an engine with the account's key" },
  ),
  openrouter({ tools: [{ type: 'openrouter:web_search' }] }, { what: 'a tool of its own' }),
  openrouter({ models: ['openai/gpt-5:online'] }, { what: 'models to fall back to' }),
  openrouter({ provider: { order: ['azure'] } }, { what: 'the choice of a provider' }),
  openrouter({ preset: 'mine' }, { what: 'a preset' }),
  openrouter({ model: '@preset/mine' }, { what: 'a preset as the model' }),
  groq({ model: 'groq/compound' }, { what: 'a model that searches and runs code', needs: [...web, ...code] }),
  groq(
    { model: 'groq/compound', compound_custom: { models: { answering_model: 'openai/gpt-oss-120b' } } },
    { what: 'the models within such a model', needs: [...web, ...code] },
  ),
  groq({ search_settings: { country: 'germany' } }, { what: 'search_settings', needs: web }),
  groq({ tools: [{ type: 'browser_search' }] }, { what: 'the tool browser_search', needs: web }),
  groq({ tools: [{ type: 'code_interpreter' }] }, { what: 'the tool code_interpreter', needs: code }),
  groq({ documents: [{ source: { type: 'text', text: 'x' } }] }, { what: 'documents' }),
  xai({ search_parameters: { mode: 'on' } }, { what: 'search_parameters' }),
  xai({ tools: [{ type: 'live_search' }] }, { what: 'the tool live_search' }),
  xai({ deferred: true }, { what: 'deferred' }),
  mistral({ tools: [{ type: 'web_search' }] }, { what: 'the tool web_search' }),
  mistral({ tools: [{ type: 'connector', connector_id: 'gmail' }] }, { what: 'a connector' }),
];
