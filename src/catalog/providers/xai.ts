import type { ErrorRules } from '../failure.ts';
import type { UsageRules } from '../usage.ts';
import { keyIsBad } from './failure_meanings.ts';
import {
  allowAll,
  chatFields,
  errors as commonErrors,
  compatibleProvider,
  modelGrammar,
  modelRoutes,
  openaiSdkExample,
  pseudonym,
  refuse,
  streamOptions,
  textRoute,
  webSearch,
} from './openai_compatible.ts';
import { gradualChatUsage } from './openai_usage.ts';

const name = 'xai';

const usage: UsageRules = {
  ...gradualChatUsage,
  table: {
    ...gradualChatUsage.table,
    // What is thought comes on top.
    output_tokens: {
      sum: [['completion_tokens'], ['completion_tokens_details', 'reasoning_tokens']],
    },
  },
  // Ten thousand million ticks are a dollar.
  cost: ({ cost_in_usd_ticks: ticks }) => (typeof ticks === 'number' && ticks >= 0 ? ticks / 1e10 : null),
};

const errors: ErrorRules = {
  ...commonErrors,
  // A wrong key is told as a wrong request. Such a refusal begins so: further inside stands what the app has sent.
  failures: [
    { status: 400, message: /^incorrect( |%20)api( |%20)key/i, means: keyIsBad },
    ...commonErrors.failures,
  ],
};

/** xAI, for which apps use OpenAI's SDK. Left out: responses (stored unless told otherwise), pictures, speech and files. */
export const xai = compatibleProvider({
  name,
  title: 'xAI',
  mount: '/xai/v1',
  routes: [
    ...modelRoutes(name, '/models'),
    textRoute(
      name,
      '/chat/completions',
      {
        ...chatFields,
        ...allowAll('max_completion_tokens', 'n', 'seed', 'logit_bias', 'logprobs', 'top_logprobs'),
        ...allowAll('parallel_tool_calls'),
        stream_options: streamOptions,
        user: pseudonym,
        deferred: refuse('A call that goes on without its caller is not lent. Use stream.'),
        search_parameters: refuse(webSearch),
        web_search_options: refuse(webSearch),
      },
      usage,
    ),
  ],
  models: {
    grammar: modelGrammar,
    refused: [{ pattern: /multi-agent/i, advice: 'Loops at the provider are not lent. Name a plain model.' }],
  },
  errors,
  keysPage: 'https://console.x.ai',
  billingPage: 'https://console.x.ai',
  keys: {
    key: /^xai-[A-Za-z0-9_-]{20,300}$/,
    sandboxKeyPrefix: 'xai-sandbox-',
    advice: 'xAI keys begin with xai-.',
    refused: [
      [/^xai-token-/, 'This is a management key: it can make further keys. Make an API key instead.'],
    ],
  },
  modelsPath: '/models',
  priceTable: 'x-ai',
  // Its own instructions are billed with every call: more than two thousand tokens have been seen.
  ownInput: 4_096,
  traits: [
    { pattern: 'grok-2*', isPlain: true },
    { pattern: 'grok-3-mini*', thinksBeyond: true },
    { pattern: 'grok-3*', isPlain: true },
    { pattern: 'grok-4-fast-non-reasoning*', isPlain: true },
    { pattern: 'grok-4-1-fast-non-reasoning*', isPlain: true },
    // What is thought is told apart from what is written, and nothing says that the bound is on both.
    { pattern: '*', thinksBeyond: true },
  ],
  sdkExample: openaiSdkExample(name),
});
