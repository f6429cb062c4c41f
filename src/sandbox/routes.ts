import type { Answer } from './answer.ts';
import type { Call } from './call.ts';
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

export type Route = {
  readonly method: 'GET' | 'POST';
  /** Below `/v1`. `{model}` stands for a model's name, the only parameter there is. */
  readonly path: string;
  readonly paid: boolean;
} & (
  | { readonly body: 'none'; readonly answer: (parameter: string) => Answer }
  | {
      readonly body: 'json' | 'multipart';
      readonly answer: (call: Call) => Answer;
      /** What answers when the request names no model. Without it the request is refused. */
      readonly defaultModel?: string;
    }
);

/** Everything the sandbox can do. Anything else is 404. */
const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/models', paid: false, body: 'none', answer: listModels },
  { method: 'GET', path: '/models/{model}', paid: false, body: 'none', answer: retrieveModel },
  { method: 'POST', path: '/chat/completions', paid: true, body: 'json', answer: createChatCompletion },
  { method: 'POST', path: '/completions', paid: true, body: 'json', answer: createCompletion },
  { method: 'POST', path: '/responses', paid: true, body: 'json', answer: createResponse },
  {
    method: 'POST',
    path: '/responses/input_tokens',
    paid: false,
    body: 'json',
    answer: countInputTokens,
    defaultModel: 'gpt-5',
  },
  { method: 'POST', path: '/responses/compact', paid: true, body: 'json', answer: compactResponse },
  { method: 'POST', path: '/decisions', paid: true, body: 'json', answer: createDecision },
  { method: 'POST', path: '/embeddings', paid: true, body: 'json', answer: createEmbeddings },
  {
    method: 'POST',
    path: '/moderations',
    paid: false,
    body: 'json',
    answer: createModeration,
    defaultModel: 'omni-moderation-latest',
  },
  {
    method: 'POST',
    path: '/images/generations',
    paid: true,
    body: 'json',
    answer: generateImages,
    defaultModel: 'gpt-image-2',
  },
  {
    method: 'POST',
    path: '/images/edits',
    paid: true,
    body: 'multipart',
    answer: editImages,
    defaultModel: 'gpt-image-2',
  },
  {
    method: 'POST',
    path: '/images/variations',
    paid: true,
    body: 'multipart',
    answer: varyImages,
    defaultModel: 'dall-e-2',
  },
  { method: 'POST', path: '/audio/speech', paid: true, body: 'json', answer: createSpeech },
  {
    method: 'POST',
    path: '/audio/transcriptions',
    paid: true,
    body: 'multipart',
    answer: createTranscription,
  },
  { method: 'POST', path: '/audio/translations', paid: true, body: 'multipart', answer: createTranslation },
];

const STATIC_ROUTES = new Map(ROUTES.map((route) => [`${route.method} ${route.path}`, route]));
const ONE_MODEL = '/models/';

/**
 * Finds the route for a path below `/v1`.
 * @returns the route and the value of its path parameter ('' when it has none)
 */
export function matchRoute(method: string, path: string): { route: Route; parameter: string } | undefined {
  const route = STATIC_ROUTES.get(`${method} ${path}`);
  if (route !== undefined) return path.includes('{') ? undefined : { route, parameter: '' };
  const parameter = path.startsWith(ONE_MODEL) ? decoded(path.slice(ONE_MODEL.length)) : '';
  const modelRoute = STATIC_ROUTES.get(`${method} ${ONE_MODEL}{model}`);
  const isOneSegment = parameter !== '' && !path.slice(ONE_MODEL.length).includes('/');
  return modelRoute !== undefined && isOneSegment ? { route: modelRoute, parameter } : undefined;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '';
  }
}
