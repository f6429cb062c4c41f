import { isLent, type ModelRules } from '../models.ts';
import type { Provider } from '../provider.ts';
import {
  allow,
  allowAll,
  chatFields,
  compatibleProvider,
  drop,
  embeddingsRoute,
  model,
  modelGrammar,
  modelRoutes,
  openaiSdkExample,
  pseudonym,
  stream,
  streamOptions,
  textRoute,
} from './openai_compatible.ts';
import { gradualChatUsage } from './openai_usage.ts';

export const capabilities = ['models.read', 'text', 'embeddings'] as const;
export const keyHeaders = ['authorization', 'api-key', 'x-api-key'] as const;

/** A provider of the operator's own, whose API is after OpenAI's. */
export interface ConfiguredProvider {
  readonly name: string;
  readonly title: string;
  readonly scopes: readonly (typeof capabilities)[number][];
  /** Which models may be named; null for any. */
  readonly models: RegExp | null;
  readonly keyHeader: (typeof keyHeaders)[number];
  /** By model, in USD for a million tokens. */
  readonly prices: Readonly<Record<string, { readonly input: number; readonly output: number }>>;
  /** Where a person makes keys. */
  readonly keysPage: string;
}

const sampling = allowAll('n', 'seed', 'logit_bias', 'logprobs', 'top_k', 'min_p', 'repetition_penalty');

/** Its rows: what servers after OpenAI's API commonly know, and nothing else. */
export function configuredProvider(own: ConfiguredProvider): Provider {
  const { name, title } = own;
  const models: ModelRules = {
    grammar: modelGrammar,
    refused: own.models ? [{ pattern: otherThan(own.models), advice: 'This model is not lent here.' }] : [],
  };
  const routes = [
    ...modelRoutes(name, '/models', {
      fields: ['object', 'created'],
      isShown: ({ id }) => isLent(models, String(id)),
    }),
    textRoute(
      name,
      '/chat/completions',
      {
        ...chatFields,
        ...sampling,
        ...allowAll('max_completion_tokens', 'top_logprobs', 'parallel_tool_calls', 'chat_template_kwargs'),
        stream_options: streamOptions,
        user: pseudonym,
        store: drop,
        metadata: drop,
      },
      gradualChatUsage,
    ),
    textRoute(
      name,
      '/completions',
      {
        model,
        ...sampling,
        ...allowAll('prompt', 'suffix', 'echo', 'max_tokens', 'stop', 'temperature', 'top_p'),
        ...allowAll('frequency_penalty', 'presence_penalty'),
        stream,
        stream_options: streamOptions,
        user: pseudonym,
      },
      gradualChatUsage,
    ),
    embeddingsRoute(name, '/embeddings', {
      model,
      input: allow,
      ...allowAll('dimensions', 'encoding_format'),
      user: pseudonym,
    }),
  ];
  const lent = own.scopes.map((capability) => `${name}:${capability}`);
  return compatibleProvider({
    name,
    title,
    mount: `/x/${name}/v1`,
    routes: routes.filter(({ scope }) => lent.includes(scope)),
    models,
    keysPage: own.keysPage,
    billingPage: own.keysPage,
    keys: {
      key: /^[\x21-\x7e]{1,500}$/,
      // The sandbox plays OpenAI in its place.
      sandboxKeyPrefix: 'sk-sandbox-',
      advice: 'Keys are letters, digits and signs.',
    },
    sandboxPath: '/v1',
    modelsPath: '/models',
    authorize: ({ key }) => [
      own.keyHeader === 'authorization' ? ['authorization', `Bearer ${key}`] : [own.keyHeader, key],
    ],
    priceTable: {
      own: Object.entries(own.prices).map(([pattern, { input, output }]) => ({
        pattern,
        rates: { input_mtok: input, output_mtok: output },
      })),
      table: null,
    },
    sdkExample: openaiSdkExample('client'),
  });
}

/** What a whole name that fits the pattern does not match. */
function otherThan(models: RegExp): RegExp {
  return new RegExp(`^(?!(?:${models.source})$)`, models.flags);
}
