import type { UsageRules } from '../usage.ts';
import {
  allow,
  allowAll,
  chatFields,
  compatibleProvider,
  modelGrammar,
  modelRoutes,
  openaiSdkExample,
  pseudonym,
  streamOptions,
  textRoute,
} from './openai_compatible.ts';
import { chatUsage } from './openai_usage.ts';

const name = 'deepseek';

/** What is read from its cache stands beside the counts. */
const usage: UsageRules = {
  ...chatUsage,
  table: { ...chatUsage.table, cache_read_tokens: ['prompt_cache_hit_tokens'] },
};

/** DeepSeek, which has no SDK of its own: apps use OpenAI's. Left out: completions (beta), its Anthropic and responses APIs. */
export const deepseek = compatibleProvider({
  name,
  title: 'DeepSeek',
  mount: '/deepseek',
  routes: [
    ...modelRoutes(name, '/models'),
    textRoute(
      name,
      '/chat/completions',
      {
        ...chatFields,
        ...allowAll('logprobs', 'top_logprobs'),
        thinking: { kind: 'object', fields: { type: allow } },
        stream_options: streamOptions,
        user: pseudonym,
        user_id: pseudonym,
      },
      usage,
    ),
  ],
  models: { grammar: modelGrammar, refused: [] },
  keysPage: 'https://platform.deepseek.com/api_keys',
  billingPage: 'https://platform.deepseek.com/top_up',
  keys: {
    key: /^sk-[0-9a-f]{32}$/,
    sandboxKeyPrefix: 'sk-deepseek-sandbox-',
    advice: 'DeepSeek keys are sk- and 32 digits and letters from a to f.',
  },
  modelsPath: '/models',
  priceTable: 'deepseek',
  // These names go with the times. What has been behind them writes so much at least, and reads more now.
  traits: [
    { pattern: 'deepseek-chat', longest: 8_192, contextWindow: 1_000_000 },
    { pattern: 'deepseek-reasoner', longest: 32_768, contextWindow: 1_000_000 },
  ],
  sdkExample: openaiSdkExample(name),
});
