import { type Api, bearerKey } from './api.ts';
import { createChatCompletion } from './endpoints/chat.ts';
import { createCompletion } from './endpoints/completions.ts';
import { createDecision } from './endpoints/decisions.ts';
import { createEmbeddings } from './endpoints/embeddings.ts';
import { editImages, generateImages, varyImages } from './endpoints/images.ts';
import { listModels, retrieveModel } from './endpoints/models.ts';
import { createModeration } from './endpoints/moderations.ts';
import { compactResponse, countInputTokens, createResponse } from './endpoints/responses.ts';
import { createSpeech } from './endpoints/speech.ts';
import { createTranscription, createTranslation } from './endpoints/transcriptions.ts';
import { fieldsOf } from './fields.ts';
import { keptRoutes } from './kept_routes.ts';
import { openaiAccount, openaiErrors } from './openai_errors.ts';
import type { Route } from './route.ts';
import { derivedId } from './seed.ts';

const free = { method: 'POST', paid: false, body: 'json' } as const;
const paid = { method: 'POST', paid: true, body: 'json' } as const;
const paidForm = { method: 'POST', paid: true, body: 'multipart' } as const;

const routes: readonly Route[] = [
  { method: 'GET', path: '/models', paid: false, body: 'none', answer: listModels },
  { method: 'GET', path: '/models/{model}', paid: false, body: 'none', answer: retrieveModel },
  { ...paid, path: '/chat/completions', answer: createChatCompletion },
  { ...paid, path: '/completions', answer: createCompletion },
  { ...paid, path: '/responses', answer: createResponse },
  { ...free, path: '/responses/input_tokens', answer: countInputTokens, defaultModel: 'gpt-5' },
  { ...paid, path: '/responses/compact', answer: compactResponse },
  { ...paid, path: '/decisions', answer: createDecision },
  { ...paid, path: '/embeddings', answer: createEmbeddings },
  { ...free, path: '/moderations', answer: createModeration, defaultModel: 'omni-moderation-latest' },
  { ...paid, path: '/images/generations', answer: generateImages, defaultModel: 'gpt-image-2' },
  { ...paidForm, path: '/images/edits', answer: editImages, defaultModel: 'gpt-image-2' },
  { ...paidForm, path: '/images/variations', answer: varyImages, defaultModel: 'dall-e-2' },
  { ...paid, path: '/audio/speech', answer: createSpeech },
  { ...paidForm, path: '/audio/transcriptions', answer: createTranscription },
  { ...paidForm, path: '/audio/translations', answer: createTranslation },
  ...keptRoutes,
];

function keyHeader(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A simulated OpenAI. */
export const openai: Api = {
  name: 'openai',
  path: '/v1',
  routes,
  prices: 'openai',
  keyPrefix: 'sk-sandbox-',
  // Some that are after OpenAI take the key in a header of its own.
  keyIn: (headers) => bearerKey(headers) ?? keyHeader(headers['api-key'] ?? headers['x-api-key']),
  errors: openaiErrors,
  errorBody: ({ body }) => ({ error: body }),

  errorEvent(last) {
    const { organization, project } = openaiAccount;
    const message = `The model crashed. Organization ${organization}, project ${project}.`;
    const error = { type: 'server_error', code: 'server_error', message, param: null };
    const number = fieldsOf(last?.data).sequence_number;
    // The responses API has an error event of its own; the others send OpenAI's error shape as data.
    return typeof number === 'number'
      ? { event: 'error', data: { ...error, type: 'error', sequence_number: number + 1 } }
      : { data: { error } };
  },

  headers(seed) {
    return {
      'openai-organization': openaiAccount.organization,
      'openai-project': openaiAccount.project,
      'openai-processing-ms': '12',
      'openai-version': '2020-10-01',
      'x-request-id': derivedId('req_', seed),
      'x-ratelimit-limit-requests': '10000',
      'x-ratelimit-limit-tokens': '30000000',
      'x-ratelimit-remaining-requests': '9999',
      'x-ratelimit-remaining-tokens': '29999985',
      'x-ratelimit-reset-requests': '6ms',
      'x-ratelimit-reset-tokens': '0s',
      'set-cookie': '__cf_bm=sandbox-cookie; path=/; domain=.api.openai.com; HttpOnly; Secure; SameSite=None',
      'alt-svc': 'h3=":443"; ma=86400',
      'cf-cache-status': 'DYNAMIC',
      'cf-ray': '8f0000000000sand-BOX',
      server: 'cloudflare',
    };
  },
};
