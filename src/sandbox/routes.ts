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

const free = { method: 'POST', paid: false, body: 'json' } as const;
const paid = { method: 'POST', paid: true, body: 'json' } as const;
const paidForm = { method: 'POST', paid: true, body: 'multipart' } as const;

/** Everything the sandbox can do. Anything else is 404. */
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
];

const routesByName = new Map(routes.map((route) => [`${route.method} ${route.path}`, route]));
const oneModel = '/models/';

/**
 * Finds the route for a path below `/v1`.
 * @returns the route and the value of its path parameter ('' when it has none)
 */
export function matchRoute(method: string, path: string): { route: Route; parameter: string } | undefined {
  const route = routesByName.get(`${method} ${path}`);
  if (route !== undefined) return path.includes('{') ? undefined : { route, parameter: '' };
  const parameter = path.startsWith(oneModel) ? decoded(path.slice(oneModel.length)) : '';
  const modelRoute = routesByName.get(`${method} ${oneModel}{model}`);
  const isOneSegment = parameter !== '' && !path.slice(oneModel.length).includes('/');
  return modelRoute !== undefined && isOneSegment ? { route: modelRoute, parameter } : undefined;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return '';
  }
}
