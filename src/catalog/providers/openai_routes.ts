import { at, isObject } from '../../lib/json.ts';
import type { OutputRules, Route } from '../route.ts';
import { captions, chatAnswer, eventStream, held, json, responsesAnswer, through } from './openai_answers.ts';
import { speechFields, transcriptionFields, translationFields } from './openai_audio_fields.ts';
import { batchRoutes } from './openai_batch_routes.ts';
import { containerRoutes } from './openai_container_routes.ts';
import { heardCost, pictureCost, speechCost } from './openai_costs.ts';
import { fileRoutes } from './openai_file_routes.ts';
import { imageEditFields, imageFields, imageVariationFields } from './openai_image_fields.ts';
import { madeByResponse, stateRoutes } from './openai_state_routes.ts';
import {
  chatFields,
  compactFields,
  completionFields,
  decisionFields,
  embeddingFields,
  inputTokensFields,
  moderationFields,
  responsesFields,
} from './openai_text_fields.ts';
import {
  chatUsage,
  embeddingsUsage,
  imagesUsage,
  responsesUsage,
  speechUsage,
  transcriptionUsage,
} from './openai_usage.ts';
import { videoRoutes } from './openai_video_routes.ts';

const chatOutput: OutputRules = { caps: ['max_completion_tokens', 'max_tokens'] };
/** Of a completion the provider writes 16 tokens where nothing else is said. */
const completionOutput: OutputRules = { caps: ['max_tokens'], otherwise: 16, mayBeNone: true };
const responsesOutput: OutputRules = { caps: ['max_output_tokens'] };
const unboundedOutput: OutputRules = { caps: [] };

/** What is lent of OpenAI's API. Whatever is not here is refused. */
export const routes: readonly Route[] = [
  {
    method: 'GET',
    path: '/models',
    scope: 'openai:models.read',
    body: { kind: 'none' },
    answer: { ...held, rebuild: modelList },
    usage: null,
  },
  {
    method: 'GET',
    path: '/models/{model}',
    scope: 'openai:models.read',
    body: { kind: 'none' },
    answer: { ...held, rebuild: modelCard },
    usage: null,
  },
  {
    method: 'POST',
    path: '/chat/completions',
    scope: 'openai:text',
    body: { kind: 'json', fields: chatFields },
    output: chatOutput,
    answer: chatAnswer,
    usage: chatUsage,
  },
  {
    method: 'POST',
    path: '/completions',
    scope: 'openai:text',
    body: { kind: 'json', fields: completionFields },
    output: completionOutput,
    answer: chatAnswer,
    usage: chatUsage,
  },
  {
    method: 'POST',
    path: '/responses',
    scope: 'openai:text',
    body: { kind: 'json', fields: responsesFields },
    output: responsesOutput,
    answer: responsesAnswer,
    makes: madeByResponse,
    usage: responsesUsage,
  },
  {
    method: 'POST',
    path: '/responses/compact',
    scope: 'openai:text',
    body: { kind: 'json', fields: compactFields },
    output: unboundedOutput,
    answer: held,
    usage: responsesUsage,
  },
  {
    method: 'POST',
    path: '/responses/input_tokens',
    scope: 'openai:text',
    body: { kind: 'json', fields: inputTokensFields },
    content: 'none',
    answer: held,
    usage: null,
  },
  {
    method: 'POST',
    path: '/decisions',
    scope: 'openai:text',
    body: { kind: 'json', fields: decisionFields },
    output: unboundedOutput,
    answer: held,
    usage: responsesUsage,
  },
  {
    method: 'POST',
    path: '/embeddings',
    scope: 'openai:embeddings',
    body: { kind: 'json', fields: embeddingFields },
    content: 'none',
    answer: through,
    usage: embeddingsUsage,
  },
  {
    method: 'POST',
    path: '/moderations',
    scope: 'openai:moderation',
    body: { kind: 'json', fields: moderationFields },
    content: 'none',
    answer: held,
    usage: null,
  },
  {
    method: 'POST',
    path: '/images/generations',
    scope: 'openai:images',
    body: { kind: 'json', fields: imageFields },
    answer: through,
    usage: imagesUsage,
    cost: pictureCost,
  },
  {
    method: 'POST',
    path: '/images/edits',
    scope: 'openai:images',
    body: { kind: 'multipart', fields: imageEditFields },
    answer: through,
    usage: imagesUsage,
    cost: pictureCost,
  },
  {
    method: 'POST',
    path: '/images/variations',
    scope: 'openai:images',
    body: { kind: 'multipart', fields: imageVariationFields },
    answer: through,
    usage: imagesUsage,
    cost: pictureCost,
  },
  {
    method: 'POST',
    path: '/audio/speech',
    scope: 'openai:audio.speech',
    body: { kind: 'json', fields: speechFields },
    answer: { types: ['audio/', 'application/octet-stream', eventStream], json: 'through', endings: null },
    usage: speechUsage,
    cost: speechCost,
  },
  {
    method: 'POST',
    path: '/audio/transcriptions',
    scope: 'openai:audio.transcribe',
    body: { kind: 'multipart', fields: transcriptionFields },
    answer: { types: [json, eventStream, ...captions], json: 'held', endings: null },
    usage: transcriptionUsage,
    cost: heardCost,
  },
  {
    method: 'POST',
    path: '/audio/translations',
    scope: 'openai:audio.transcribe',
    body: { kind: 'multipart', fields: translationFields },
    answer: { types: [json, ...captions], json: 'held', endings: null },
    usage: transcriptionUsage,
    cost: heardCost,
  },
  ...stateRoutes,
  ...containerRoutes,
  ...fileRoutes,
  ...batchRoutes,
  ...videoRoutes,
];

/** Fine-tuned models name the organisation, and what it trains. */
export const fineTuned = /(^|:)ft[:-]/i;
const publicOwner = /^(openai(-[a-z]+)?|system|sandbox)$/;

function modelList(answer: unknown, isAllowed: (model: string) => boolean): unknown {
  const data = at(answer, ['data']);
  if (!Array.isArray(data)) return null;
  const cards = data.map((card) => modelCard(card));
  return { object: 'list', data: cards.filter((card) => card !== null && isAllowed(card.id)) };
}

function modelCard(answer: unknown) {
  if (!isObject(answer)) return null;
  const { id, created, owned_by: owner, shutdown_date } = answer;
  if (typeof id !== 'string' || fineTuned.test(id)) return null;
  // A model of the account's own is owned by the organisation, by name.
  const owned_by = typeof owner === 'string' && publicOwner.test(owner) ? owner : 'user';
  return { id, object: 'model', created, owned_by, shutdown_date };
}
