import type { Api } from './api.ts';
import { countContentTokens, generateContent } from './endpoints/content.ts';
import { embedContent, embedContents } from './endpoints/content_embeddings.ts';
import { listGeminiModels, retrieveGeminiModel } from './endpoints/gemini_models.ts';
import type { Refusal } from './errors.ts';
import { geminiAccount, geminiErrors } from './gemini_errors.ts';
import type { Route } from './route.ts';

const post = { method: 'POST', body: 'json' } as const;

const ofEach: readonly Route[] = [
  { method: 'GET', path: '/models', paid: false, body: 'none', answer: listGeminiModels },
  { method: 'GET', path: '/models/{model}', paid: false, body: 'none', answer: retrieveGeminiModel },
  { ...post, path: '/models/{model}:generateContent', paid: true, answer: generateContent },
  {
    ...post,
    path: '/models/{model}:streamGenerateContent',
    paid: true,
    answer: generateContent,
    streams: true,
  },
  { ...post, path: '/models/{model}:countTokens', paid: false, answer: countContentTokens },
  { ...post, path: '/models/{model}:embedContent', paid: true, answer: embedContent },
  { ...post, path: '/models/{model}:batchEmbedContents', paid: true, answer: embedContents },
];

const routes: readonly Route[] = ['/v1', '/v1beta'].flatMap((version) =>
  ofEach.map((route) => ({ ...route, path: version + route.path })),
);

/** A simulated Gemini. */
export const gemini: Api = {
  name: 'gemini',
  path: '/gemini',
  routes,
  prices: 'google',
  keyPrefix: 'AIza-sandbox-',
  keyIn: (headers) => {
    const key = headers['x-goog-api-key'];
    return typeof key === 'string' ? key : undefined;
  },
  errors: geminiErrors,
  errorBody: geminiError,
  errorEvent: () => ({
    data: error(500, 'INTERNAL', `The model crashed in projects/${geminiAccount.number}.`, null),
  }),

  headers: () => ({
    'server-timing': 'gfet4t7; dur=12',
    'alt-svc': 'h3=":443"; ma=2592000',
    vary: 'Origin, X-Origin, Referer',
    'x-frame-options': 'SAMEORIGIN',
    'x-xss-protection': '0',
    server: 'scaffolding on HTTPServer2',
  }),
};

/** A refusal as Google writes it. */
export function geminiError({ status, body: { message, type, code } }: Refusal) {
  return error(status, type, message, code);
}

function error(code: number, type: string, message: string, reason: string | null) {
  const status = /^[A-Z_]+$/.test(type) ? type : 'INVALID_ARGUMENT';
  const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com' };
  return { error: { code, message, status, ...(reason === null ? {} : { details: [info] }) } };
}
