import {
  allowAll,
  billed,
  chatFields,
  compatibleProvider,
  conversation,
  drop,
  embeddingsRoute,
  model,
  modelGrammar,
  modelListRoute,
  refuse,
  routing,
  stream,
  streamUsage,
  textRoute,
  types,
} from './openai_compatible.ts';

const name = 'together';

const textFields = {
  ...allowAll('echo', 'n', 'seed', 'logit_bias', 'logprobs'),
  ...allowAll('min_p', 'top_k', 'repetition_penalty'),
  stream_options: streamUsage,
  safety_model: refuse(billed),
};

/** Together AI, by the types of `together-ai` 0.52. Left out: rerank, pictures, video and sound. */
export const together = compatibleProvider({
  name,
  title: 'Together',
  mount: '/together/v1',
  routes: [
    modelListRoute(name, '/models', {
      fields: ['object', 'type', 'created', 'display_name', 'license', 'link', 'context_length', 'pricing'],
      list: (cards) => cards,
    }),
    textRoute(name, '/chat/completions', {
      ...chatFields,
      ...conversation({ types: types('video_url', 'audio_url') }),
      ...textFields,
      ...allowAll('function_call', 'context_length_exceeded_behavior', 'chat_template_kwargs', 'reasoning'),
      compliance: refuse(routing),
      user: drop,
    }),
    textRoute(name, '/completions', {
      model,
      ...allowAll('prompt', 'temperature', 'top_p', 'max_tokens', 'stop'),
      ...allowAll('frequency_penalty', 'presence_penalty'),
      ...textFields,
      stream,
    }),
    embeddingsRoute(name, '/embeddings', { model, ...allowAll('input', 'encoding_format') }),
  ],
  models: { grammar: modelGrammar, refused: [] },
  keysPage: 'https://api.together.ai/settings/api-keys',
  billingPage: 'https://api.together.ai/settings/billing',
  keys: {
    key: /^(tgp_v1_[A-Za-z0-9_-]{20,200}|[0-9a-f]{64})$/,
    sandboxKeyPrefix: 'tgp_v1_sandbox_',
    advice: 'Together keys begin with tgp_v1_, or are 64 digits and letters from a to f.',
  },
  modelsPath: '/models',
  priceTable: 'together',
  sdkExample: (baseUrl, token) => `import Together from 'together-ai';

const together = new Together({
  baseURL: '${baseUrl}',
  apiKey: ${token},
});`,
});
