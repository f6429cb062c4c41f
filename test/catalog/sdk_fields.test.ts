import type OpenAI from 'openai';
import type OpenAI6 from 'openai-6';
import { describe, expect, it } from 'vitest';
import { findProvider } from '../../src/catalog/catalog.ts';

/** Every field that an SDK can send. The type check fails here when an upgrade of the SDK brings another one. */
type Fields<Params> = Params extends unknown ? keyof Params : never;
type Known<Params> = Readonly<Record<Fields<Params>, true>>;

type Both<New, Old> = Known<New> & Known<Old>;

const chat: Both<OpenAI.ChatCompletionCreateParams, OpenAI6.ChatCompletionCreateParams> = {
  messages: true,
  model: true,
  audio: true,
  frequency_penalty: true,
  function_call: true,
  functions: true,
  logit_bias: true,
  logprobs: true,
  max_completion_tokens: true,
  max_tokens: true,
  metadata: true,
  modalities: true,
  moderation: true,
  n: true,
  parallel_tool_calls: true,
  prediction: true,
  presence_penalty: true,
  prompt_cache_key: true,
  prompt_cache_options: true,
  prompt_cache_retention: true,
  reasoning_effort: true,
  response_format: true,
  safety_identifier: true,
  seed: true,
  service_tier: true,
  stop: true,
  store: true,
  stream: true,
  stream_options: true,
  temperature: true,
  tool_choice: true,
  tools: true,
  top_logprobs: true,
  top_p: true,
  user: true,
  verbosity: true,
  web_search_options: true,
};

const completions: Both<OpenAI.CompletionCreateParams, OpenAI6.CompletionCreateParams> = {
  model: true,
  prompt: true,
  best_of: true,
  echo: true,
  frequency_penalty: true,
  logit_bias: true,
  logprobs: true,
  max_tokens: true,
  n: true,
  presence_penalty: true,
  seed: true,
  stop: true,
  stream: true,
  stream_options: true,
  suffix: true,
  temperature: true,
  top_p: true,
  user: true,
};

const responses: Both<OpenAI.Responses.ResponseCreateParams, OpenAI6.Responses.ResponseCreateParams> = {
  access_programs: true,
  background: true,
  context_management: true,
  conversation: true,
  image: true,
  include: true,
  input: true,
  instructions: true,
  max_output_tokens: true,
  max_tool_calls: true,
  metadata: true,
  model: true,
  moderation: true,
  parallel_tool_calls: true,
  previous_response_id: true,
  prompt: true,
  prompt_cache_key: true,
  prompt_cache_options: true,
  prompt_cache_retention: true,
  reasoning: true,
  safety_identifier: true,
  service_tier: true,
  store: true,
  stream: true,
  stream_options: true,
  temperature: true,
  text: true,
  tool_choice: true,
  tools: true,
  top_logprobs: true,
  top_p: true,
  truncation: true,
  user: true,
};

const compact: Both<OpenAI.Responses.ResponseCompactParams, OpenAI6.Responses.ResponseCompactParams> = {
  model: true,
  image: true,
  input: true,
  instructions: true,
  previous_response_id: true,
  prompt_cache_key: true,
  prompt_cache_options: true,
  prompt_cache_retention: true,
  service_tier: true,
};

const inputTokens: Both<
  OpenAI.Responses.InputTokens.InputTokenCountParams,
  OpenAI6.Responses.InputTokens.InputTokenCountParams
> = {
  conversation: true,
  input: true,
  instructions: true,
  model: true,
  parallel_tool_calls: true,
  personality: true,
  previous_response_id: true,
  reasoning: true,
  text: true,
  tool_choice: true,
  tools: true,
  truncation: true,
};

const conversations: Both<
  OpenAI.Conversations.ConversationCreateParams,
  OpenAI6.Conversations.ConversationCreateParams
> = { items: true, metadata: true };

const conversationUpdates: Both<
  OpenAI.Conversations.ConversationUpdateParams,
  OpenAI6.Conversations.ConversationUpdateParams
> = { metadata: true };

/** `include` goes into the query. */
const conversationItems: Known<Omit<OpenAI.Conversations.ItemCreateParams, 'include'>> = { items: true };

const files: Both<OpenAI.FileCreateParams, OpenAI6.FileCreateParams> = {
  file: true,
  purpose: true,
  expires_after: true,
};

const uploads: Both<OpenAI.UploadCreateParams, OpenAI6.UploadCreateParams> = {
  bytes: true,
  filename: true,
  mime_type: true,
  purpose: true,
  expires_after: true,
};

const uploadParts: Both<OpenAI.Uploads.PartCreateParams, OpenAI6.Uploads.PartCreateParams> = { data: true };

const uploadsCompleted: Both<OpenAI.UploadCompleteParams, OpenAI6.UploadCompleteParams> = {
  part_ids: true,
  md5: true,
};

const batches: Both<OpenAI.BatchCreateParams, OpenAI6.BatchCreateParams> = {
  completion_window: true,
  endpoint: true,
  input_file_id: true,
  metadata: true,
  output_expires_after: true,
};

const vectorStores: Both<OpenAI.VectorStoreCreateParams, OpenAI6.VectorStoreCreateParams> = {
  chunking_strategy: true,
  description: true,
  expires_after: true,
  file_ids: true,
  metadata: true,
  name: true,
};

const vectorStoreUpdates: Both<OpenAI.VectorStoreUpdateParams, OpenAI6.VectorStoreUpdateParams> = {
  expires_after: true,
  metadata: true,
  name: true,
};

const vectorStoreSearches: Both<OpenAI.VectorStoreSearchParams, OpenAI6.VectorStoreSearchParams> = {
  query: true,
  filters: true,
  max_num_results: true,
  ranking_options: true,
  rewrite_query: true,
};

const vectorStoreFiles: Both<OpenAI.VectorStores.FileCreateParams, OpenAI6.VectorStores.FileCreateParams> = {
  file_id: true,
  attributes: true,
  chunking_strategy: true,
};

/** The store goes into the path. */
const vectorStoreFileUpdates: Known<Omit<OpenAI.VectorStores.FileUpdateParams, 'vector_store_id'>> = {
  attributes: true,
};

const vectorStoreFileBatches: Both<
  OpenAI.VectorStores.FileBatchCreateParams,
  OpenAI6.VectorStores.FileBatchCreateParams
> = { attributes: true, chunking_strategy: true, file_ids: true, files: true };

const containers: Known<OpenAI.ContainerCreateParams> = {
  name: true,
  expires_after: true,
  file_ids: true,
  memory_limit: true,
  network_policy: true,
  skills: true,
};

const containerFiles: Both<OpenAI.Containers.FileCreateParams, OpenAI6.Containers.FileCreateParams> = {
  file: true,
  file_id: true,
};

const videos: Both<OpenAI.VideoCreateParams, OpenAI6.VideoCreateParams> = {
  prompt: true,
  input_reference: true,
  model: true,
  seconds: true,
  size: true,
};

const videoEdits: Known<OpenAI.VideoEditParams> = { prompt: true, video: true };

const videoExtensions: Known<OpenAI.VideoExtendParams> = { prompt: true, seconds: true, video: true };

const videoRemixes: Both<OpenAI.VideoRemixParams, OpenAI6.VideoRemixParams> = { prompt: true };

const videoCharacters: Known<OpenAI.VideoCreateCharacterParams> = { name: true, video: true };

const decisions: Known<OpenAI.DecisionCreateParams> = {
  input: true,
  model: true,
  questions: true,
  prompt_cache_key: true,
  prompt_cache_options: true,
  safety_identifier: true,
};

const embeddings: Both<OpenAI.EmbeddingCreateParams, OpenAI6.EmbeddingCreateParams> = {
  input: true,
  model: true,
  dimensions: true,
  encoding_format: true,
  user: true,
};

const moderations: Both<OpenAI.ModerationCreateParams, OpenAI6.ModerationCreateParams> = {
  input: true,
  model: true,
};

const images: Both<OpenAI.ImageGenerateParams, OpenAI6.ImageGenerateParams> = {
  prompt: true,
  background: true,
  complexity: true,
  frame_count: true,
  frame_duration_ms: true,
  model: true,
  moderation: true,
  n: true,
  output_compression: true,
  output_format: true,
  partial_images: true,
  quality: true,
  response_format: true,
  safety_identifier: true,
  size: true,
  stream: true,
  style: true,
  svg: true,
  user: true,
};

const imageEdits: Both<OpenAI.ImageEditParams, OpenAI6.ImageEditParams> = {
  image: true,
  prompt: true,
  background: true,
  complexity: true,
  frame_count: true,
  frame_duration_ms: true,
  input_fidelity: true,
  markup: true,
  mask: true,
  model: true,
  n: true,
  output_compression: true,
  output_format: true,
  partial_images: true,
  quality: true,
  response_format: true,
  safety_identifier: true,
  size: true,
  stream: true,
  svg: true,
  user: true,
};

const imageVariations: Both<OpenAI.ImageCreateVariationParams, OpenAI6.ImageCreateVariationParams> = {
  image: true,
  model: true,
  n: true,
  response_format: true,
  size: true,
  user: true,
};

const speech: Both<OpenAI.Audio.SpeechCreateParams, OpenAI6.Audio.SpeechCreateParams> = {
  input: true,
  model: true,
  voice: true,
  instructions: true,
  response_format: true,
  speed: true,
  stream_format: true,
};

const transcriptions: Both<OpenAI.Audio.TranscriptionCreateParams, OpenAI6.Audio.TranscriptionCreateParams> =
  {
    file: true,
    model: true,
    chunking_strategy: true,
    include: true,
    keywords: true,
    known_speaker_names: true,
    known_speaker_references: true,
    language: true,
    languages: true,
    prompt: true,
    response_format: true,
    stream: true,
    temperature: true,
    timestamp_granularities: true,
  };

const translations: Both<OpenAI.Audio.TranslationCreateParams, OpenAI6.Audio.TranslationCreateParams> = {
  file: true,
  model: true,
  prompt: true,
  response_format: true,
  temperature: true,
};

const bodies: Readonly<Record<string, object>> = {
  '/chat/completions': chat,
  '/completions': completions,
  '/responses': responses,
  '/responses/compact': compact,
  '/responses/input_tokens': inputTokens,
  '/conversations': conversations,
  '/conversations/{conversation_id}': conversationUpdates,
  '/conversations/{conversation_id}/items': conversationItems,
  '/files': files,
  '/uploads': uploads,
  '/uploads/{upload_id}/parts': uploadParts,
  '/uploads/{upload_id}/complete': uploadsCompleted,
  '/batches': batches,
  '/vector_stores': vectorStores,
  '/vector_stores/{vector_store_id}': vectorStoreUpdates,
  '/vector_stores/{vector_store_id}/search': vectorStoreSearches,
  '/vector_stores/{vector_store_id}/files': vectorStoreFiles,
  '/vector_stores/{vector_store_id}/files/{file_id}': vectorStoreFileUpdates,
  '/vector_stores/{vector_store_id}/file_batches': vectorStoreFileBatches,
  '/containers': containers,
  '/containers/{container_id}/files': containerFiles,
  '/videos': videos,
  '/videos/edits': videoEdits,
  '/videos/extensions': videoExtensions,
  '/videos/{video_id}/remix': videoRemixes,
  '/videos/characters': videoCharacters,
  '/decisions': decisions,
  '/embeddings': embeddings,
  '/moderations': moderations,
  '/images/generations': images,
  '/images/edits': imageEdits,
  '/images/variations': imageVariations,
  '/audio/speech': speech,
  '/audio/transcriptions': transcriptions,
  '/audio/translations': translations,
};

const openai = findProvider('openai') ?? expect.fail();

describe('request fields', () => {
  it.each(openai.routes.filter(({ body }) => body.kind !== 'none'))(
    '$path has a rule for each field of the SDK, and for no other',
    ({ path, body }) => {
      if (body.kind === 'none') return;
      // In multipart bodies lists and objects are written name[] and name[key].
      const ruled = Object.keys(body.fields).map((name) => name.replace(/\[.*$/, ''));
      expect(new Set(ruled)).toEqual(new Set(Object.keys(bodies[path] ?? {})));
    },
  );
});
