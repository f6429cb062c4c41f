import type { JsonObject } from '../../../src/lib/json.ts';

/** Where a good answer can tell of the account: in a text about an error, or by its name. */
export const partsThatTell: readonly (readonly [
  where: string,
  part: (text: string, account: string) => JsonObject,
])[] = [
  [
    'an error of an output',
    (text) => ({ output: [{ id: 'ig_1', error: { code: 'server_error', message: text } }] }),
  ],
  [
    'an error of an item',
    (text) => ({ item: { id: 'mcp_1', error: { type: 'http_error', code: 500, message: text } } }),
  ],
  [
    'what an error of an item holds',
    (text) => ({ item: { error: { type: 'failed', content: [{ text }] } } }),
  ],
  ['an error of an item, as text', (text) => ({ output: [{ type: 'mcp_call', error: text }] })],
  [
    'an error of a choice',
    (text) => ({ choices: [{ error: { code: 502, message: text, metadata: { raw: text } } }] }),
  ],
  ['the last error of a file', (text) => ({ last_error: { code: 'server_error', message: text } })],
  [
    'an error of a file in a list',
    (text) => ({ data: [{ status: 'failed', last_error: { code: 'server_error', message: text } }] }),
  ],
  [
    'the errors of a batch',
    (text) => ({ errors: { object: 'list', data: [{ code: 'token_limit', line: 1, message: text }] } }),
  ],
  [
    'an error for what a tool has found',
    (text) => ({
      content: [
        { content: { type: 'web_search_tool_result_error', error_code: 'unavailable', message: text } },
      ],
    }),
  ],
  [
    'what became of a file',
    (text) => ({
      content: [{ content: { type: 'tool_search_tool_result_error', error_code: 'x', error_message: text } }],
    }),
  ],
  [
    'an error beside another',
    (text) => ({ error: null, response: { output: [{ error: text }, { error: { message: text } }] } }),
  ],
  [
    'the organisation',
    (_, account) => ({ organization: account, organization_id: account, org_id: account }),
  ],
  ['the user', (_, account) => ({ user_id: account, user_email: account, account_id: account })],
  ['the project', (_, account) => ({ response: { project: account, project_id: { name: account } } })],
];
