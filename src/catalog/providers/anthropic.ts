import type { KeyShape, Provider } from '../provider.ts';
import { errors } from './anthropic_errors.ts';
import { serverFeatures } from './anthropic_hosted_tools.ts';
import { pictures } from './anthropic_pictures.ts';
import { routes } from './anthropic_routes.ts';
import { traits } from './anthropic_traits.ts';
import { regionSurcharge } from './anthropic_usage.ts';
import { toolScopes } from './tool_scopes.ts';

const sandboxKeyPrefix = 'sk-ant-sandbox-';

export const anthropic: Provider = {
  name: 'anthropic',
  title: 'Anthropic',
  mount: '/anthropic',
  scopes: [
    { scope: 'anthropic:models.read', may: 'see which of your models it may use' },
    { scope: 'anthropic:text', may: 'generate text' },
    ...toolScopes('anthropic', 'web', 'code', 'mcp'),
  ],
  routes,
  models: { grammar: /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/, refused: [] },
  errors,
  tokenHeaders: ['x-api-key'],
  featureHeaders: {
    'anthropic-version': { allowed: ['2023-06-01', '2026-10-21'], otherwise: '2023-06-01' },
    'anthropic-beta': { allowed: [], scoped: serverFeatures },
  },
  requestIdHeader: 'request-id',
  keysPage: 'https://platform.claude.com/settings/keys',
  billingPage: 'https://platform.claude.com/settings/billing',
  keyShape,
  sandboxKeyPrefix,
  sandboxPath: '/anthropic',
  modelsPath: '/v1/models',
  billsByProject: false,
  authorize: ({ key }) => [['x-api-key', key]],
  priceTable: 'anthropic',
  surcharge: regionSurcharge,
  traits,
  pictures,
  sdkExample: (baseUrl, token) => `import Anthropic from '@anthropic-ai/sdk';

const anthropic = new Anthropic({
  baseURL: '${baseUrl}',
  apiKey: ${token},
});`,
};

function keyShape(pasted: string): KeyShape {
  const refuse = (advice: string): KeyShape => ({ kind: 'refused', advice });
  if (/^sk-ant-admin/.test(pasted)) {
    return refuse('This is an admin key: it can change your whole organisation. Make an API key instead.');
  }
  if (/^sk-ant-(oat|ort|sid)/.test(pasted)) {
    return refuse('This is a token of a sign-in, not an API key. Make an API key instead.');
  }
  if (/\s/.test(pasted)) {
    return refuse('There is a space or line break inside. Copy the key again, it alone.');
  }
  if (pasted.startsWith('sk-sandbox-')) {
    return refuse(`Sandbox keys for Anthropic begin with ${sandboxKeyPrefix}.`);
  }
  if (!/^sk-ant-[\x21-\x7e]+$/.test(pasted)) return refuse('Anthropic keys begin with sk-ant-.');
  if (!/^sk-ant-(?=(api\d{2}|sandbox)-)[A-Za-z0-9_-]{12,300}$/.test(pasted)) {
    return refuse('This key is cut short or is none that can be lent. Copy it again, or make an API key.');
  }
  return { kind: 'key', sandbox: pasted.startsWith(sandboxKeyPrefix) };
}
