import type { KeyShape, Provider } from '../provider.ts';
import { errors } from './gemini_errors.ts';
import { models } from './gemini_models.ts';
import { pictures } from './gemini_pictures.ts';
import { routes } from './gemini_routes.ts';
import { toolScopes } from './tool_scopes.ts';

const sandboxKeyPrefix = 'AIza-sandbox-';

export const gemini: Provider = {
  name: 'gemini',
  title: 'Gemini',
  mount: '/gemini',
  scopes: [
    { scope: 'gemini:models.read', may: 'see which of your models it may use' },
    { scope: 'gemini:text', may: 'generate text' },
    { scope: 'gemini:embeddings', may: 'turn text into vectors' },
    ...toolScopes('gemini', 'web', 'code', 'mcp'),
  ],
  routes,
  models,
  errors,
  tokenHeaders: ['x-goog-api-key'],
  featureHeaders: {},
  requestIdHeader: 'x-request-id',
  keysPage: 'https://aistudio.google.com/api-keys',
  billingPage: 'https://aistudio.google.com/usage',
  keyShape,
  sandboxKeyPrefix,
  sandboxPath: '/gemini',
  modelsPath: '/v1/models',
  billsByProject: false,
  authorize: ({ key }) => [['x-goog-api-key', key]],
  priceTable: 'google',
  // By its pages of models.
  traits: [
    { pattern: 'gemini-1.5-*', longest: 8_192, isPlain: true },
    { pattern: 'gemini-2.0-*', longest: 8_192, isPlain: true },
    { pattern: 'gemini-2.5-*', longest: 65_536, largestPicture: 8_192 },
    { pattern: 'gemini-3*', longest: 65_536, largestPicture: 4_096 },
  ],
  pictures,
  sdkExample: (baseUrl, token) => `import { GoogleGenAI } from '@google/genai';

const gemini = new GoogleGenAI({
  apiKey: ${token},
  httpOptions: { baseUrl: '${baseUrl}' },
});`,
};

function keyShape(pasted: string): KeyShape {
  const refuse = (advice: string): KeyShape => ({ kind: 'refused', advice });
  if (/^(auth_tokens\/|ya29\.)/.test(pasted)) {
    return refuse('This is a token that soon runs out, not an API key. Make an API key instead.');
  }
  if (pasted.startsWith('{')) {
    return refuse('This is the key of a service account, which opens far more than Gemini. Make an API key.');
  }
  if (/\s/.test(pasted)) {
    return refuse('There is a space or line break inside. Copy the key again, it alone.');
  }
  if (/^sk-(ant-)?sandbox-/.test(pasted)) {
    return refuse(`Sandbox keys for Gemini begin with ${sandboxKeyPrefix}.`);
  }
  if (!/^(AIza|AQ\.)/.test(pasted)) return refuse('Gemini keys begin with AIza or AQ.');
  const sandbox = pasted.startsWith(sandboxKeyPrefix);
  const whole = sandbox
    ? /^AIza-sandbox-[A-Za-z0-9_-]{4,200}$/
    : /^(AIza[A-Za-z0-9_-]{35}|AQ\.[A-Za-z0-9_-]{20,200})$/;
  if (!whole.test(pasted)) return refuse('This key is cut short or has something added. Copy it again.');
  return { kind: 'key', sandbox };
}
