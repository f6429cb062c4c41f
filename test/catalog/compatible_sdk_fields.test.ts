import type {
  ChatCompletionRequest$Outbound as MistralChat,
  ChatCompletionStreamRequest$Outbound as MistralChatStream,
  EmbeddingRequest$Outbound as MistralEmbedding,
  FIMCompletionRequest$Outbound as MistralFim,
} from '@mistralai/mistralai/models/components';
import type { ChatRequest$Outbound as OpenRouterChat } from '@openrouter/sdk/models';
import type { CreateEmbeddingsRequestBody$Outbound as OpenRouterEmbedding } from '@openrouter/sdk/models/operations';
import type Groq from 'groq-sdk';
import type { ChatCompletionCreateParams as GroqChat } from 'groq-sdk/resources/chat/completions';
import type Together from 'together-ai';
import { describe, expect, it } from 'vitest';
import { providerNamed } from '../support/broker.ts';

/** Every field that an SDK can send. The type check fails here when an upgrade of the SDK brings another one. */
type Fields<Params> = Params extends unknown ? keyof Params : never;
type Known<Params> = Readonly<Record<Fields<Params>, true>>;

const mistralChat: Known<MistralChat> & Known<MistralChatStream> = {
  model: true,
  temperature: true,
  top_p: true,
  max_tokens: true,
  stream: true,
  stop: true,
  random_seed: true,
  metadata: true,
  messages: true,
  response_format: true,
  tools: true,
  tool_choice: true,
  presence_penalty: true,
  frequency_penalty: true,
  n: true,
  prediction: true,
  parallel_tool_calls: true,
  reasoning_effort: true,
  prompt_mode: true,
  guardrails: true,
  prompt_cache_key: true,
  service_tier: true,
  safe_prompt: true,
};

const mistralFim: Known<MistralFim> = {
  model: true,
  temperature: true,
  top_p: true,
  max_tokens: true,
  stream: true,
  stop: true,
  random_seed: true,
  metadata: true,
  prompt: true,
  suffix: true,
  min_tokens: true,
  prompt_cache_key: true,
};

const mistralEmbedding: Known<MistralEmbedding> = {
  model: true,
  metadata: true,
  input: true,
  output_dimension: true,
  output_dtype: true,
  encoding_format: true,
};

const groqChat: Known<GroqChat> = {
  messages: true,
  model: true,
  citation_options: true,
  compound_custom: true,
  disable_tool_validation: true,
  documents: true,
  exclude_domains: true,
  frequency_penalty: true,
  function_call: true,
  functions: true,
  include_domains: true,
  include_reasoning: true,
  logit_bias: true,
  logprobs: true,
  max_completion_tokens: true,
  max_tokens: true,
  metadata: true,
  n: true,
  parallel_tool_calls: true,
  presence_penalty: true,
  reasoning_effort: true,
  reasoning_format: true,
  response_format: true,
  search_settings: true,
  seed: true,
  service_tier: true,
  stop: true,
  store: true,
  stream: true,
  temperature: true,
  tool_choice: true,
  tools: true,
  top_logprobs: true,
  top_p: true,
  user: true,
};

const groqEmbedding: Known<Groq.EmbeddingCreateParams> = {
  input: true,
  model: true,
  encoding_format: true,
  user: true,
};

const groqSpeech: Known<Groq.Audio.SpeechCreateParams> = {
  input: true,
  model: true,
  voice: true,
  response_format: true,
  sample_rate: true,
  speed: true,
};

const groqTranscription: Known<Groq.Audio.TranscriptionCreateParams> = {
  model: true,
  file: true,
  language: true,
  prompt: true,
  response_format: true,
  temperature: true,
  timestamp_granularities: true,
  url: true,
};

const groqTranslation: Known<Groq.Audio.TranslationCreateParams> = {
  model: true,
  file: true,
  prompt: true,
  response_format: true,
  temperature: true,
  url: true,
};

const openrouterChat: Known<OpenRouterChat> = {
  cache_control: true,
  debug: true,
  frequency_penalty: true,
  image_config: true,
  logit_bias: true,
  logprobs: true,
  max_completion_tokens: true,
  max_tokens: true,
  messages: true,
  metadata: true,
  min_p: true,
  modalities: true,
  model: true,
  models: true,
  parallel_tool_calls: true,
  plugins: true,
  prediction: true,
  presence_penalty: true,
  prompt_cache_key: true,
  prompt_cache_options: true,
  provider: true,
  reasoning: true,
  reasoning_effort: true,
  repetition_penalty: true,
  response_format: true,
  seed: true,
  service_tier: true,
  session_id: true,
  stop: true,
  stop_server_tools_when: true,
  stream: true,
  stream_options: true,
  temperature: true,
  tool_choice: true,
  tools: true,
  top_a: true,
  top_k: true,
  top_logprobs: true,
  top_p: true,
  trace: true,
  user: true,
};

const openrouterEmbedding: Known<OpenRouterEmbedding> = {
  dimensions: true,
  encoding_format: true,
  input: true,
  input_type: true,
  model: true,
  provider: true,
  session_id: true,
  trace: true,
  user: true,
};

const togetherChat: Known<Together.Chat.CompletionCreateParams> = {
  messages: true,
  model: true,
  chat_template_kwargs: true,
  compliance: true,
  context_length_exceeded_behavior: true,
  echo: true,
  frequency_penalty: true,
  function_call: true,
  logit_bias: true,
  logprobs: true,
  max_tokens: true,
  min_p: true,
  n: true,
  presence_penalty: true,
  reasoning: true,
  reasoning_effort: true,
  repetition_penalty: true,
  response_format: true,
  safety_model: true,
  seed: true,
  stop: true,
  stream: true,
  temperature: true,
  tool_choice: true,
  tools: true,
  top_k: true,
  top_p: true,
};

const togetherCompletion: Known<Together.CompletionCreateParams> = {
  model: true,
  prompt: true,
  echo: true,
  frequency_penalty: true,
  logit_bias: true,
  logprobs: true,
  max_tokens: true,
  min_p: true,
  n: true,
  presence_penalty: true,
  repetition_penalty: true,
  safety_model: true,
  seed: true,
  stop: true,
  stream: true,
  temperature: true,
  top_k: true,
  top_p: true,
};

const togetherEmbedding: Known<Together.EmbeddingCreateParams> = { input: true, model: true };

/** `more`: what apps send that use another SDK, or what the documentation has beyond the types. */
const bodies: Readonly<
  Record<string, readonly { path: string; fields: object; more?: readonly string[] }[]>
> = {
  mistral: [
    { path: '/v1/chat/completions', fields: mistralChat },
    { path: '/v1/fim/completions', fields: mistralFim },
    { path: '/v1/embeddings', fields: mistralEmbedding },
  ],
  groq: [
    { path: '/openai/v1/chat/completions', fields: groqChat, more: ['stream_options'] },
    { path: '/openai/v1/embeddings', fields: groqEmbedding },
    { path: '/openai/v1/audio/speech', fields: groqSpeech },
    { path: '/openai/v1/audio/transcriptions', fields: groqTranscription },
    { path: '/openai/v1/audio/translations', fields: groqTranslation },
  ],
  openrouter: [
    { path: '/chat/completions', fields: openrouterChat, more: ['preset', 'usage'] },
    { path: '/embeddings', fields: openrouterEmbedding },
  ],
  together: [
    { path: '/chat/completions', fields: togetherChat, more: ['stream_options', 'user'] },
    { path: '/completions', fields: togetherCompletion, more: ['stream_options'] },
    { path: '/embeddings', fields: togetherEmbedding, more: ['encoding_format'] },
  ],
};

describe.each(Object.entries(bodies))('request fields of %s', (provider, routes) => {
  it.each(routes)(
    '$path has a rule for each field of the SDK, and for no other',
    ({ path, fields, more }) => {
      const route = providerNamed(provider).routes.find((candidate) => candidate.path === path);
      const rules = route && route.body.kind !== 'none' ? Object.keys(route.body.fields) : [];
      // In multipart bodies lists are written name[].
      const ruled = rules.map((name) => name.replace('[]', ''));
      expect(ruled.toSorted()).toEqual([...Object.keys(fields), ...(more ?? [])].toSorted());
    },
  );

  it('are those of every route that has a body', () => {
    const withBody = providerNamed(provider).routes.filter(({ body }) => body.kind !== 'none');
    expect(withBody.map(({ path }) => path)).toEqual(routes.map(({ path }) => path));
  });
});
