import type { Api } from './api.ts';
import { listModels, retrieveModel } from './endpoints/models.ts';
import { openai } from './openai.ts';
import type { Route } from './route.ts';

const deployed = [
  ...['/chat/completions', '/completions', '/embeddings', '/images/generations', '/images/edits'],
  ...['/audio/speech', '/audio/transcriptions', '/audio/translations'],
];

const read = { method: 'GET', paid: false, body: 'none' } as const;

const routes: readonly Route[] = [
  { ...read, path: '/openai/models', answer: listModels },
  { ...read, path: '/openai/models/{model}', answer: retrieveModel },
  ...openai.routes
    .filter(({ path }) => deployed.includes(path))
    .map((route) => ({ ...route, path: `/openai/deployments/{model}${route.path}` })),
  ...openai.routes
    .filter(({ path }) => path === '/responses')
    .map((route) => ({ ...route, path: `/openai${route.path}` })),
];

/** A simulated Azure OpenAI: every deployment is there, and has the model that it is named after. */
export const azure: Api = {
  ...openai,
  name: 'azure',
  path: '/azure',
  routes,
  prices: 'azure',
  keyPrefix: 'azure-sandbox-',
  keyIn: (headers) => {
    const key = headers['api-key'];
    return typeof key === 'string' ? key : undefined;
  },
};
