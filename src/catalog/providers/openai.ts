import type { KeyShape, Provider } from '../provider.ts';
import { ownPrices } from './openai_costs.ts';
import { errors } from './openai_errors.ts';
import { chatSearch } from './openai_hosted_tools.ts';
import { moderation } from './openai_moderation.ts';
import { pictures } from './openai_pictures.ts';
import { fineTuned, routes } from './openai_routes.ts';
import { sockets } from './openai_sockets.ts';
import { traits } from './openai_traits.ts';
import { toolScopes } from './tool_scopes.ts';

const sandboxKeyPrefix = 'sk-sandbox-';

export const openai: Provider = {
  name: 'openai',
  title: 'OpenAI',
  mount: '/openai/v1',
  scopes: [
    { scope: 'openai:models.read', may: 'see which of your models it may use' },
    { scope: 'openai:text', may: 'generate text' },
    { scope: 'openai:embeddings', may: 'turn text into vectors for search' },
    { scope: 'openai:moderation', may: 'check content for harm (free)' },
    { scope: 'openai:images', may: 'make and edit images' },
    { scope: 'openai:audio.speech', may: 'turn text into speech' },
    { scope: 'openai:audio.transcribe', may: 'turn speech into text' },
    { scope: 'openai:realtime', may: 'talk and listen live', onlyByName: true },
    ...toolScopes('openai', 'web', 'code', 'mcp'),
    {
      scope: 'openai:state',
      may: 'keep conversations with OpenAI, and come back to those it has kept',
      onlyByName: true,
    },
    {
      scope: 'openai:files',
      may: 'upload files to OpenAI, and use and search those it has uploaded',
      onlyByName: true,
    },
    { scope: 'openai:batch', may: 'run large jobs later, at half the price', onlyByName: true },
    { scope: 'openai:video', may: 'make videos (expensive)', onlyByName: true },
  ],
  routes,
  sockets,
  models: {
    grammar: /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/,
    refused: [
      {
        pattern: fineTuned,
        advice: "The user's fine-tuned models are not lent. Name a model of the provider.",
      },
    ],
    scoped: [
      {
        pattern: /-search-(preview|api)/i,
        scopes: ['openai:tools.web'],
        hosted: chatSearch,
      },
      { pattern: /-deep-research/i, scopes: ['openai:tools.web'] },
    ],
  },
  moderation,
  errors,
  tokenHeaders: [],
  featureHeaders: { 'openai-beta': { allowed: [] } },
  requestIdHeader: 'x-request-id',
  keysPage: 'https://platform.openai.com/api-keys',
  billingPage: 'https://platform.openai.com/settings/organization/billing',
  keyShape,
  sandboxKeyPrefix,
  sandboxPath: '/v1',
  modelsPath: '/models',
  probes: [
    { scope: 'openai:text', what: 'text', paths: ['/chat/completions', '/responses'] },
    { scope: 'openai:embeddings', what: 'embeddings', paths: ['/embeddings'] },
    { scope: 'openai:moderation', what: 'moderation', paths: ['/moderations'] },
    { scope: 'openai:images', what: 'images', paths: ['/images/generations'] },
    { scope: 'openai:audio.speech', what: 'speech', paths: ['/audio/speech'] },
    { scope: 'openai:audio.transcribe', what: 'transcription', paths: ['/audio/transcriptions'] },
    { scope: 'openai:files', what: 'files', paths: ['/uploads'] },
    { scope: 'openai:video', what: 'videos', paths: ['/videos'] },
    { scope: 'openai:batch', what: 'batches', paths: ['/batches'] },
  ],
  billsByProject: true,
  authorize: ({ key, organization, project }) => [
    ['authorization', `Bearer ${key}`],
    ...(organization ? [['openai-organization', organization] as const] : []),
    ...(project ? [['openai-project', project] as const] : []),
  ],
  priceTable: { own: ownPrices, table: 'openai' },
  traits,
  pictures,
  sdkExample: (baseUrl, token) => `import OpenAI from 'openai';

const openai = new OpenAI({
  baseURL: '${baseUrl}',
  apiKey: ${token},
});`,
};

function keyShape(pasted: string): KeyShape {
  const refuse = (advice: string): KeyShape => ({ kind: 'refused', advice });
  if (/^sk-admin-/.test(pasted)) {
    return refuse('This is an admin key: it can change your whole organisation. Make a project key instead.');
  }
  if (/^sk-ant-/.test(pasted)) return refuse('This is an Anthropic key, not one of OpenAI.');
  if (/^sk-or-/.test(pasted)) return refuse('This is an OpenRouter key, not one of OpenAI.');
  if (/^ek_/.test(pasted)) return refuse('This is a short-lived client secret. Paste a project key.');
  if (/^(org|proj|user)[-_]/.test(pasted)) return refuse('This is an id, not a key. Keys begin with sk-.');
  if (/\s/.test(pasted))
    return refuse('There is a space or line break inside. Copy the key again, it alone.');
  if (!/^sk-[\x21-\x7e]+$/.test(pasted)) return refuse('OpenAI keys begin with sk-.');
  if (!/^sk-[A-Za-z0-9_-]{8,300}$/.test(pasted)) {
    return refuse('This key is cut short or holds characters that keys never have. Copy it again.');
  }
  return { kind: 'key', sandbox: pasted.startsWith(sandboxKeyPrefix) };
}
