import { isObject, type JsonObject } from '../../../src/lib/json.ts';
import type { UpstreamRequest } from './upstream.ts';
import { chat } from './world.ts';

/** How an app speaks with a provider, and how the provider could tell on the account. */
export interface Dialect {
  readonly provider: string;
  /** Of the API, where the provider has several. */
  readonly mount?: string;
  /** What goes on in the query; absent: nothing. */
  readonly query?: string;
  /** A call that writes text. */
  readonly path: string;
  /** The same as a stream, where that has a path of its own. */
  readonly streamPath?: string;
  readonly body: JsonObject;
  readonly answer: JsonObject;
  readonly events: readonly string[];
  /** What names the account. */
  readonly account: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly error: (error: unknown) => JsonObject;
  /** Errors in the middle of a stream, with MESSAGE for an error and TEXT for what it says. */
  readonly brokenStreams: readonly (readonly [name: string, template: string])[];
  readonly keyIn: (request: UpstreamRequest) => string;
  /** Headers that carry the key, and what goes with it. */
  readonly keyHeaders: (key: string) => Readonly<Record<string, string>>;
  /** Errors that are not about the request. */
  readonly refusedKey: JsonObject;
  /** What it calls errors of the kind that a refused key is, where not as OpenAI does. */
  readonly refusedType?: string;
  readonly rateLimit: JsonObject;
  readonly quota: { readonly status: number; readonly error: JsonObject };
}

const cookie = '__cf_bm=canary-cookie';

const everyHeader = {
  'set-cookie': `${cookie}; path=/`,
  'cf-ray': 'canary-ray',
  'alt-svc': 'h3=":443"',
  server: 'canary-server',
  via: 'canary-via',
  location: 'https://canary.example/',
  'access-control-expose-headers': 'x-request-id-canary',
};

const openai: Dialect = {
  provider: 'openai',
  path: '/chat/completions',
  body: chat,
  answer: { object: 'chat.completion', choices: [] },
  events: ['data: {"choices":[]}\n\n', 'data: [DONE]\n\n'],
  account: [
    'org-Canary00Organization',
    'proj_Canary00Project',
    'user-Canary00User',
    'req_canary00request',
    'ft:gpt-4o:canary::x',
  ],
  headers: {
    ...everyHeader,
    'openai-organization': 'org-Canary00Organization',
    'openai-project': 'proj_Canary00Project',
    'openai-processing-ms': '12',
    'openai-version': '2020-10-01',
    'x-request-id': 'req_canary00request',
    'x-ratelimit-limit-requests': '987654',
    'x-openai-proxy-wasm': 'canary',
  },
  error: (error) => ({ error }),
  brokenStreams: [
    ['an error as data', 'data: {"error":MESSAGE}\n\n'],
    ['an error event', 'event: error\ndata: {"type":"error","code":null,"message":TEXT,"param":null}\n\n'],
    ['an error event without a type', 'event: error\ndata: {"message":TEXT}\n\n'],
    [
      'a failed response',
      'event: response.failed\ndata: {"type":"response.failed","response":{"error":MESSAGE}}\n\n',
    ],
    ['an error written with spaces', 'data: { "error" : MESSAGE }\n\n'],
    ['an error on several lines', 'data: {"error":\ndata: MESSAGE}\n\n'],
    ['an error after a carriage return', 'data: {"error":MESSAGE}\r\r'],
    ['an error as text', 'data: {"error":TEXT}\n\n'],
  ],
  keyIn: ({ headers }) => (headers.authorization ?? '').replace('Bearer ', ''),
  keyHeaders: (key) => ({ authorization: `Bearer ${key}` }),
  refusedKey: { code: 'invalid_api_key' },
  rateLimit: { type: 'tokens', code: 'rate_limit_exceeded' },
  quota: { status: 429, error: { type: 'insufficient_quota', code: 'insufficient_quota' } },
};

const gemini: Dialect = {
  provider: 'gemini',
  path: '/v1beta/models/gemini-2.5-flash:generateContent',
  streamPath: '/v1beta/models/gemini-2.5-flash:streamGenerateContent',
  body: { contents: [{ role: 'user', parts: [{ text: 'Good morning' }] }] },
  answer: { candidates: [] },
  events: [
    'data: {"candidates":[{"content":{"parts":[]}}]}\n\n',
    'data: {"candidates":[{"finishReason":"STOP"}]}\n\n',
  ],
  account: [
    'gen-lang-client-0987654321',
    'projects/987654321098',
    'project_number:987654321098',
    'tunedModels/canary-x1',
    'files/canary0file',
  ],
  headers: {
    ...everyHeader,
    'x-goog-upload-url': 'https://canary.example/',
    'x-goog-quota-user': 'canary',
    'server-timing': 'gfet4t7; dur=987654',
  },
  error: (error) => ({ error }),
  brokenStreams: [
    ['an error as data', 'data: {"error":MESSAGE}\n\n'],
    ['an error written with spaces', 'data: { "error" : MESSAGE }\n\n'],
    ['an error on several lines', 'data: {"error":\ndata: MESSAGE}\n\n'],
    ['an error after a carriage return', 'data: {"error":MESSAGE}\r\r'],
    ['an error as text', 'data: {"error":TEXT}\n\n'],
  ],
  keyIn: ({ headers }) => String(headers['x-goog-api-key'] ?? ''),
  keyHeaders: (key) => ({ 'x-goog-api-key': key }),
  refusedKey: { status: 'UNAUTHENTICATED' },
  refusedType: 'PERMISSION_DENIED',
  rateLimit: { status: 'RESOURCE_EXHAUSTED' },
  quota: {
    status: 429,
    error: {
      status: 'RESOURCE_EXHAUSTED',
      details: [{ violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' }] }],
    },
  },
};

/** Those whose API is after OpenAI's. */
const compatible: readonly Dialect[] = [
  {
    ...openai,
    provider: 'mistral',
    path: '/v1/chat/completions',
    account: ['ca9a0000-0000-4000-8000-0ca9a00e0001', 'Canary00Canary00Canary00Canary00', 'org-Canary00'],
    error: (error) => (isObject(error) ? { object: 'error', ...error } : { detail: error }),
    brokenStreams: [
      ...openai.brokenStreams,
      ['an error that is the event', 'data: {"object":"error","message":TEXT,"type":"internal_error"}\n\n'],
    ],
    refusedKey: {},
    quota: { status: 402, error: {} },
  },
  {
    ...openai,
    provider: 'groq',
    path: '/openai/v1/chat/completions',
    account: ['org_01Canary00Organization', 'req_01Canary00Request', 'proj_01Canary00Project'],
    brokenStreams: [
      ...openai.brokenStreams,
      ['an error in what it adds of its own', 'data: {"choices":[],"x_groq":{"error":TEXT}}\n\n'],
    ],
    quota: { status: 429, error: { code: 'insufficient_quota' } },
  },
  {
    ...openai,
    provider: 'openrouter',
    account: ['user_2Canary00User', 'org_2Canary00Organization', 'req-1Canary00Request'],
    error: (error) => ({
      error: isObject(error) ? { ...error, code: 400 } : error,
      user_id: 'user_2Canary00User',
    }),
    quota: { status: 402, error: {} },
  },
  {
    ...openai,
    provider: 'deepseek',
    account: ['user_Canary00User', 'canary@example.com'],
    refusedKey: { type: 'authentication_error', code: 'invalid_request_error' },
    quota: { status: 402, error: { message: 'Insufficient Balance' } },
  },
  {
    ...openai,
    provider: 'xai',
    account: ['ca9a0000-0000-4000-8000-0ca9a00e0001', 'team-Canary00Team', 'canary@example.com'],
    quota: { status: 403, error: { message: 'The team has no credits left.' } },
  },
  {
    ...openai,
    provider: 'together',
    account: ['proj_Canary00Project', 'key_Canary00Key', 'canary@example.com'],
    quota: { status: 402, error: {} },
  },
];

export const dialects: readonly Dialect[] = [
  openai,
  {
    provider: 'anthropic',
    path: '/v1/messages',
    body: { model: 'claude-opus-5', max_tokens: 100, messages: chat.messages },
    answer: { type: 'message', content: [] },
    events: [
      'event: message_start\ndata: {"type":"message_start","message":{"content":[]}}\n\n',
      'event: message_stop\ndata: {"type":"message_stop"}\n\n',
    ],
    account: [
      'ca9a0000-0000-4000-8000-0ca9a00e0001',
      'wrkspc_01Canary00Workspace',
      'req_011Canary00Request',
      'apikey_01Canary00Key',
      'file_011Canary00File',
    ],
    headers: {
      ...everyHeader,
      'anthropic-organization-id': 'ca9a0000-0000-4000-8000-0ca9a00e0001',
      'anthropic-workspace-id': 'wrkspc_01Canary00Workspace',
      'anthropic-ratelimit-requests-limit': '987654',
      'request-id': 'req_011Canary00Request',
      'x-envoy-upstream-service-time': '987654',
    },
    error: (error) => ({ type: 'error', error, request_id: 'req_011Canary00Request' }),
    brokenStreams: [
      [
        'an error event',
        'event: error\ndata: {"type":"error","error":MESSAGE,"request_id":"req_011Canary00Request"}\n\n',
      ],
      ['an error event without a type', 'event: error\ndata: {"error":MESSAGE}\n\n'],
      ['an error that is the event', 'event: error\ndata: {"type":"error","message":TEXT}\n\n'],
      ['an error without the name of an event', 'data: {"type":"error","error":MESSAGE}\n\n'],
      ['an error written with spaces', 'event: error\ndata: { "type": "error", "error" : MESSAGE }\n\n'],
      ['an error on several lines', 'event: error\ndata: {"type":"error",\ndata: "error":MESSAGE}\n\n'],
      ['an error after a carriage return', 'event: error\rdata: {"type":"error","error":MESSAGE}\r\r'],
      ['an error as text', 'event: error\ndata: {"type":"error","error":TEXT}\n\n'],
    ],
    keyIn: ({ headers }) => String(headers['x-api-key'] ?? ''),
    keyHeaders: (key) => ({ 'x-api-key': key, 'anthropic-version': '2023-06-01' }),
    refusedKey: { type: 'authentication_error' },
    rateLimit: { type: 'rate_limit_error' },
    quota: {
      status: 400,
      error: { type: 'invalid_request_error', message: 'Your credit balance is too low.' },
    },
  },
  gemini,
  ...compatible,
  {
    ...openai,
    provider: 'gemini',
    mount: '/gemini-openai',
    body: { ...chat, model: 'gemini-2.5-flash' },
    account: gemini.account,
    headers: gemini.headers,
    refusedKey: gemini.refusedKey,
    rateLimit: gemini.rateLimit,
    quota: gemini.quota,
  },
  {
    ...openai,
    provider: 'azure',
    query: '?api-version=2025-04-01-preview',
    path: '/openai/deployments/my-chat/chat/completions',
    account: [
      'ca9a0000-0000-4000-8000-0ca9a00e0001',
      '/subscriptions/ca9a0000/resourceGroups/canary',
      'canary-resource.openai.azure.com',
      'canary@example.com',
    ],
    headers: {
      ...everyHeader,
      'x-ms-region': 'canary-region',
      'apim-request-id': 'ca9a0000-0000-4000-8000-0ca9a00e0001',
      'x-ms-deployment-name': 'canary-deployment',
      'azureml-model-session': 'canary-session',
      'x-ratelimit-remaining-tokens': '987654',
    },
    error: (error) => ({ error, innererror: { code: 'canary' } }),
    brokenStreams: [
      ...openai.brokenStreams,
      ['an error with more beside it', 'data: {"error":MESSAGE,"innererror":{"code":TEXT}}\n\n'],
    ],
    keyIn: ({ headers }) => String(headers['api-key'] ?? ''),
    keyHeaders: (key) => ({ 'api-key': key }),
    refusedKey: { code: '401' },
    rateLimit: { code: '429' },
    quota: { status: 403, error: { code: '403', message: 'Out of call volume quota.' } },
  },
];
