import { type Answer, json } from './answer.ts';
import type { Api } from './api.ts';
import type { TokenPrices } from './bill.ts';
import type { Call } from './call.ts';
import { chatReporting, type UsageReport } from './compatible_stream.ts';
import { createCompletion } from './endpoints/completions.ts';
import { createEmbeddings } from './endpoints/embeddings.ts';
import { requireExisting } from './endpoints/models.ts';
import { createSpeech } from './endpoints/speech.ts';
import { createTranscription, createTranslation } from './endpoints/transcriptions.ts';
import { specialModels } from './faults.ts';
import { type Fields, fieldsOf } from './fields.ts';
import { openai } from './openai.ts';
import { openaiAccount, openaiErrors } from './openai_errors.ts';
import type { Route } from './route.ts';
import { derivedId } from './seed.ts';

/** Where a provider that is after OpenAI differs from it. */
interface Compatible
  extends Pick<Api, 'name' | 'path' | 'keyPrefix' | 'prices'>,
    Partial<Pick<Api, 'errorBody' | 'errorEvent'>> {
  /** Stands before the path of each route. */
  readonly prefix: string;
  readonly models: readonly string[];
  /** How it tells of a model, and of all of them; as OpenAI does unless told otherwise. */
  readonly card?: (id: string) => Fields;
  readonly list?: (cards: readonly Fields[]) => unknown;
  /** How it tells of usage; only when asked, as OpenAI does, unless told otherwise. */
  readonly usage?: UsageReport;
  /** What it has beyond chats. */
  readonly more?: readonly Route[];
}

/** 2024-01-01, in Unix seconds. */
const createdAt = 1_704_067_200;
const paid = { method: 'POST', paid: true, body: 'json' } as const;
const paidForm = { method: 'POST', paid: true, body: 'multipart' } as const;

export const embeddings: Route = { ...paid, path: '/embeddings', answer: createEmbeddings };
const openaiChat = openai.routes.filter(({ path }) => path === '/chat/completions');

/** For those that say with each answer what it costs. */
const aDollarForAMillion: TokenPrices = { input: 1, output: 1 };

const asCounted = { counted: (usage: Fields) => usage };
const asUsage: UsageReport = { ...asCounted, inLastChunk: (usage) => ({ usage }) };

/** A simulated provider that is after OpenAI. */
export function compatible(provider: Compatible): Api {
  const { prefix, models, usage, more = [], ...own } = provider;
  const card = provider.card ?? openaiCard;
  const list = provider.list ?? ((data) => ({ object: 'list', data }));
  const names = [...models, ...specialModels.map(({ name }) => name)];
  const read = { method: 'GET', paid: false, body: 'none' } as const;
  const retrieve = (id: string): Answer => {
    requireExisting(id, openaiErrors);
    return json(card(id));
  };
  const routes: readonly Route[] = [
    { ...read, path: '/models', answer: () => json(list(names.map(card))) },
    { ...read, path: '/models/{model}', answer: retrieve },
    ...(usage ? [{ ...paid, path: '/chat/completions', answer: chatReporting(usage) }] : openaiChat),
    ...more,
  ];
  return { ...openai, ...own, routes: routes.map((route) => ({ ...route, path: prefix + route.path })) };
}

function openaiCard(id: string): Fields {
  return { id, object: 'model', created: createdAt, owned_by: 'system' };
}

const mistral = compatible({
  name: 'mistral',
  path: '/mistral',
  prefix: '/v1',
  prices: 'mistral',
  keyPrefix: 'mistral-sandbox-',
  models: ['mistral-large-2512', 'mistral-small-2603', 'codestral-2508', 'mistral-embed'],
  card: (id) => ({
    ...openaiCard(id),
    capabilities: { completion_chat: true, function_calling: true },
    max_context_length: 128_000,
    type: 'base',
  }),
  usage: asUsage,
  more: [
    {
      ...paid,
      path: '/embeddings',
      answer: (call: Call) => {
        const answer = createEmbeddings(call);
        const id = derivedId('emb-', call.seed);
        return answer.kind === 'json' ? { ...answer, body: { id, ...fieldsOf(answer.body) } } : answer;
      },
    },
    {
      ...paid,
      path: '/fim/completions',
      answer: (call: Call) => {
        const messages = [{ role: 'user', content: call.fields.prompt }];
        return chatReporting(asUsage)({ ...call, fields: { ...call.fields, messages } });
      },
    },
  ],
  errorBody: ({ status, body }) => ({ object: 'error', ...body, raw_status_code: status }),
  errorEvent: () => ({
    data: {
      object: 'error',
      message: `The model crashed. Organization ${openaiAccount.organization}.`,
      type: 'internal_error',
      code: '3000',
    },
  }),
});

const groq = compatible({
  name: 'groq',
  path: '/groq',
  prefix: '/openai/v1',
  prices: 'groq',
  keyPrefix: 'gsk_sandbox_',
  models: ['llama-3.3-70b-versatile', 'openai/gpt-oss-120b', 'whisper-large-v3'],
  usage: { ...asCounted, inLastChunk: (usage) => ({ x_groq: { id: 'req_01sandbox', usage } }) },
  more: [
    embeddings,
    { ...paid, path: '/audio/speech', answer: createSpeech },
    { ...paidForm, path: '/audio/transcriptions', answer: createTranscription },
    { ...paidForm, path: '/audio/translations', answer: createTranslation },
  ],
});

const openrouterKey = {
  label: 'sk-or-san...box',
  is_management_key: false,
  is_provisioning_key: false,
  limit: null,
  usage: 0,
};

const openrouter = compatible({
  name: 'openrouter',
  path: '/openrouter/api/v1',
  prefix: '',
  prices: aDollarForAMillion,
  keyPrefix: 'sk-or-sandbox-',
  models: ['openai/gpt-4o-mini', 'anthropic/claude-opus-5', 'deepseek/deepseek-chat'],
  card: (id) => ({
    id,
    name: id,
    created: createdAt,
    canonical_slug: id,
    architecture: { modality: 'text->text', input_modalities: ['text'], output_modalities: ['text'] },
    context_length: 128_000,
    pricing: { prompt: '0.000001', completion: '0.000002' },
    per_request_limits: null,
    default_parameters: null,
    supported_parameters: ['temperature'],
    supported_voices: null,
    top_provider: { is_moderated: false },
    links: { details: `/api/v1/models/${id}/endpoints` },
  }),
  list: (data) => ({ data, total_count: data.length, links: { next: null } }),
  usage: {
    counted: (usage) => ({ ...usage, cost: Number(usage.total_tokens) / 1e6, is_byok: false }),
    inLastChunk: (usage) => ({ usage }),
  },
  more: [
    embeddings,
    { method: 'GET', path: '/key', paid: false, body: 'none', answer: () => json({ data: openrouterKey }) },
  ],
  errorBody: ({ status, body: { message, code, type } }) => ({
    error: { code: status, message, metadata: { error_type: code ?? type } },
    user_id: 'user_SandboxAccount0001',
  }),
  errorEvent: (last) => ({
    data: {
      ...fieldsOf(last?.data),
      error: { code: 502, message: 'The model crashed. Account user_SandboxAccount0001.' },
      choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
    },
  }),
});

const deepseek = compatible({
  name: 'deepseek',
  path: '/deepseek',
  prefix: '',
  prices: 'deepseek',
  keyPrefix: 'sk-deepseek-sandbox-',
  models: ['deepseek-v4-flash', 'deepseek-v4-pro'],
});

const xai = compatible({
  name: 'xai',
  path: '/xai/v1',
  prefix: '',
  prices: aDollarForAMillion,
  keyPrefix: 'xai-sandbox-',
  models: ['grok-4.5', 'grok-code-fast-1'],
  usage: {
    // Ten thousand million ticks are a dollar.
    counted: (usage) => ({ ...usage, cost_in_usd_ticks: Number(usage.total_tokens) * 10_000 }),
    inLastChunk: (usage) => ({ usage }),
  },
});

const together = compatible({
  name: 'together',
  path: '/together/v1',
  prefix: '',
  prices: 'together',
  keyPrefix: 'tgp_v1_sandbox_',
  models: ['meta-llama/Llama-3.3-70B-Instruct-Turbo', 'openai/gpt-oss-120b'],
  card: (id) => ({
    id,
    object: 'model',
    created: createdAt,
    type: 'chat',
    display_name: id,
    context_length: 131_072,
  }),
  list: (cards) => cards,
  usage: asUsage,
  more: [embeddings, { ...paid, path: '/completions', answer: createCompletion }],
});

/** Simulated providers that are after OpenAI. */
export const compatibleApis: readonly Api[] = [mistral, groq, openrouter, deepseek, xai, together];
