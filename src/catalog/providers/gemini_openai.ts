import type { ErrorRules } from '../failure.ts';
import type { FieldRule, FieldRules } from '../fields.ts';
import { isLent } from '../models.ts';
import type { Provider } from '../provider.ts';
import type { UsageRules } from '../usage.ts';
import { gemini } from './gemini.ts';
import {
  allow,
  allowAll,
  chatFields,
  conversation,
  drop,
  embeddingsRoute,
  model,
  modelRoutes,
  openaiSdkExample,
  refuse,
  streamOptions,
  textRoute,
  webSearch,
} from './openai_compatible.ts';
import { picturesBehind } from './openai_pictures.ts';
import { gradualChatUsage } from './openai_usage.ts';

const { name, errors: own, models } = gemini;

const object = (fields: FieldRules): FieldRule => ({ kind: 'object', fields });
const stored = refuse('Nothing is stored with the provider through the broker. Send the whole conversation.');
const textAlone = refuse('Only text is lent as an answer. Leave it out.');

const content = {
  pattern: /^data:/,
  advice:
    "Files and addresses are not opened for apps: the user's own could be among them. Send the content itself, as a data URL.",
};

const chat: FieldRules = {
  ...chatFields,
  ...conversation({
    texts: { url: content, image_url: content },
  }),
  ...allowAll('max_completion_tokens', 'seed', 'logprobs', 'top_logprobs', 'parallel_tool_calls'),
  stream_options: streamOptions,
  // Each answer may be as long as all that is allowed.
  n: { kind: 'limit', to: [1], advice: 'One answer is lent. Leave it out.' },
  extra_body: object({
    google: object({
      thinking_config: object(allowAll('include_thoughts', 'thinking_budget', 'thinking_level')),
      cached_content: stored,
    }),
  }),
  modalities: textAlone,
  audio: textAlone,
  web_search_options: refuse(webSearch),
  service_tier: { kind: 'limit', to: ['default'], advice: 'Only the service tier "default" is lent.' },
  store: { kind: 'limit', to: [false], advice: 'What is kept is not up to the app. Leave it out.' },
  user: drop,
  metadata: drop,
};

const usage: UsageRules = {
  ...gradualChatUsage,
  table: {
    ...gradualChatUsage.table,
    // What is thought is in the total alone.
    output_tokens: { whole: ['total_tokens'], without: ['prompt_tokens'], atLeast: ['completion_tokens'] },
  },
};

/** Its errors are Google's own, alone in a list; apps get them as OpenAI has them. */
const { embedded: _, ...shared } = own;
const errors: ErrorRules = {
  ...shared,
  inBody: (body) => own.inBody(Array.isArray(body) ? body[0] : body),
  body: (error) => ({ error }),
};

/** The API of Gemini that is after OpenAI's. Left out: pictures and films, files and batches. */
export const geminiOpenai: Provider = {
  ...gemini,
  mount: '/gemini-openai',
  basePath: '/v1beta/openai',
  routes: [
    ...modelRoutes(name, '/models', {
      prefix: 'models/',
      fields: ['object', 'created', 'owned_by'],
      isShown: ({ id }) => isLent(models, String(id)),
    }),
    textRoute(name, '/chat/completions', chat, usage),
    embeddingsRoute(name, '/embeddings', {
      model,
      input: allow,
      ...allowAll('dimensions', 'encoding_format'),
      user: drop,
    }),
  ],
  errors,
  pictures: picturesBehind(/^data:image\/(?:png|jpe?g|webp|heic|heif);base64,/),
  tokenHeaders: [],
  modelsPath: '/models',
  authorize: ({ key }) => [['authorization', `Bearer ${key}`]],
  sdkExample: openaiSdkExample(name),
};
