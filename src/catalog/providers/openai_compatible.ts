import { at, isObject, type JsonObject } from '../../lib/json.ts';
import type { ErrorRules } from '../failure.ts';
import type { FieldRule, FieldRules, TreeRules } from '../fields.ts';
import type { Provider } from '../provider.ts';
import type { AnswerRules, Route } from '../route.ts';
import type { UsageRules } from '../usage.ts';
import { keyIsBad, lacksPermission, outOfQuota, rateLimited } from './failure_meanings.ts';
import { type KeyRules, shapeOf } from './key_shapes.ts';
import { chatAnswer, held, through } from './openai_answers.ts';
import { allow, allowAll, model, stream } from './openai_common_fields.ts';
import { opaqueKeys, refusedKeys, refusedTypes, types } from './openai_trees.ts';
import { chatUsage, embeddingsUsage } from './openai_usage.ts';
import { commonPrivateParts } from './private_parts.ts';
import { toolScopes } from './tool_scopes.ts';

/** What providers have in common whose API is after OpenAI's. */

export { allow, allowAll, model, stream } from './openai_common_fields.ts';
export { streamOptions } from './openai_text_fields.ts';
export { types } from './openai_trees.ts';

export const drop: FieldRule = { kind: 'drop' };
/** For providers whose streams report their usage unasked. */
export const streamUsage: FieldRule = { kind: 'object', fields: { include_usage: allow } };
/** One pseudonym a grant, where the app tells users apart at all: some of the providers refuse fields they do not know. */
export const pseudonym: FieldRule = { kind: 'pseudonym', when: 'given' };
export const refuse = (advice: string): FieldRule => ({ kind: 'refuse', advice });

export const billed = 'This brings in another paid service of the provider, which is not lent. Leave it out.';
export const webSearch = 'Searching the web costs extra and is not lent. Leave it out.';
export const routing = 'Which account, price and provider a call gets is not up to the app. Leave it out.';

const functionTools: TreeRules = {
  types: types('text', 'image_url', 'input_audio', 'function', 'url_citation'),
  refusedTypes,
  refusedKeys,
  opaqueKeys,
  typedLists: ['tools'],
};

/** What conversations and tools may hold: texts, pictures, sound and functions, and what a provider adds. */
export function conversation(
  added: Partial<Pick<TreeRules, 'types' | 'refusedTypes' | 'contentKeys' | 'texts'>> = {},
) {
  const tree: TreeRules = {
    ...functionTools,
    ...added,
    types: { ...functionTools.types, ...added.types },
    refusedTypes: [...refusedTypes, ...(added.refusedTypes ?? [])],
  };
  const rule: FieldRule = { kind: 'tree', tree };
  return { messages: rule, tools: rule, tool_choice: rule };
}

/** Fields of a chat that all of them know and mean alike. */
export const chatFields: FieldRules = {
  model,
  ...conversation(),
  ...allowAll('temperature', 'top_p', 'max_tokens', 'stop', 'frequency_penalty', 'presence_penalty'),
  ...allowAll('response_format', 'reasoning_effort'),
  stream,
};

/** A POST that writes text, at once or as a stream. */
export function textRoute(
  provider: string,
  path: string,
  fields: FieldRules,
  usage: UsageRules = chatUsage,
): Route {
  const body = { kind: 'json', fields } as const;
  const caps = ['max_tokens', 'max_completion_tokens'].filter((field) => Object.hasOwn(fields, field));
  return {
    method: 'POST',
    path,
    scope: `${provider}:text`,
    body,
    output: { caps },
    answer: chatAnswer,
    usage,
  };
}

export function embeddingsRoute(
  provider: string,
  path: string,
  fields: FieldRules,
  usage: UsageRules = embeddingsUsage,
): Route {
  const body = { kind: 'json', fields } as const;
  return {
    method: 'POST',
    path,
    scope: `${provider}:embeddings`,
    body,
    content: 'none',
    answer: through,
    usage,
  };
}

/** How a provider tells of its models. */
interface ModelCards {
  /** Stands before each `id`, and goes. */
  readonly prefix?: string;
  /** Which fields of a card go on, beside `id`. */
  readonly fields: readonly string[];
  /** Whether an app may know of a model; all of them unless told otherwise. */
  readonly isShown?: (card: JsonObject) => boolean;
  /** Writes the list around the cards. */
  readonly list?: (cards: readonly JsonObject[]) => unknown;
}

const openaiCards: ModelCards = { fields: ['object', 'created', 'owned_by'] };

/** The list of models. */
export function modelListRoute(provider: string, path: string, cards: ModelCards = openaiCards): Route {
  const { list = (data: readonly JsonObject[]) => ({ object: 'list', data }) } = cards;
  return modelReadRoute(provider, path, (answer, isAllowed) => {
    const data = Array.isArray(answer) ? answer : at(answer, ['data']);
    if (!Array.isArray(data)) return null;
    const shown = data.map((card) => shownCard(cards, card)).filter((card) => card !== null);
    return list(shown.filter(({ id }) => isAllowed(String(id))));
  });
}

/** The list of models, and each by itself. */
export function modelRoutes(
  provider: string,
  path: string,
  cards: ModelCards = openaiCards,
): readonly Route[] {
  const one = modelReadRoute(provider, `${path}/{model}`, (answer) => shownCard(cards, answer));
  return [modelListRoute(provider, path, cards), one];
}

function modelReadRoute(provider: string, path: string, rebuild: AnswerRules['rebuild'] & {}): Route {
  const body = { kind: 'none' } as const;
  const answer = { ...held, rebuild };
  return { method: 'GET', path, scope: `${provider}:models.read`, body, answer, usage: null };
}

function shownCard({ prefix = '', fields, isShown }: ModelCards, given: unknown): JsonObject | null {
  if (!isObject(given) || typeof given.id !== 'string') return null;
  const id = given.id.startsWith(prefix) ? given.id.slice(prefix.length) : given.id;
  const card = { ...given, id };
  if (isShown?.(card) === false) return null;
  const shown = fields.filter((name) => name in given).map((name) => [name, given[name]] as const);
  return { id, ...Object.fromEntries(shown) };
}

const noMoney = /\bcredits?\b|insufficient balance|spending limit|key limit exceeded/i;

export const errors: ErrorRules = {
  failures: [
    { status: 401, means: keyIsBad },
    { status: 402, means: outOfQuota },
    { status: 403, message: noMoney, means: outOfQuota },
    { status: 403, means: lacksPermission },
    // More at once than the account ever may: what it says names the account.
    { status: 413, code: /^rate_limit/, means: rateLimited },
    { status: 429, code: /^insufficient_quota$/, means: outOfQuota },
    { status: 429, message: noMoney, means: outOfQuota },
    { status: 429, means: rateLimited },
  ],
  callersFault: /^(invalid_|unsupported_|content_|context_length|model_not_found|tool_use_failed)/,
  privateText:
    /\b(?:sk-|gsk_|xai-|tgp_v1_|key_|org-|ft:)[\w*.:-]{2,}[\w*]|\b(?:org|user|proj|req|acct|team|ws|wrkspc)[-_](?=[a-z]*[A-Z0-9])[A-Za-z0-9]{6,}|\b[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b|\b[A-Za-z0-9]{32}(?:[A-Za-z0-9]{32})?\b|[\w.+-]+@[\w-]+\.[\w.-]+/g,
  privateParts: commonPrivateParts,
  inBody: (body) => at(body, ['error']),
  codePath: ['code'],
  body: (error) => ({ error }),
};

type Particulars =
  | 'name'
  | 'title'
  | 'mount'
  | 'routes'
  | 'models'
  | 'priceTable'
  | 'modelsPath'
  | 'sdkExample';

/** A provider that takes its keys as OpenAI does. */
export function compatibleProvider(
  rows: Pick<Provider, Particulars | 'keysPage' | 'billingPage'> &
    Partial<Provider> & {
      /** Those of its keys that are its own to judge. */
      readonly keys: Omit<KeyRules, 'title'>;
      /** Which kinds of tools that run at the provider it lends. */
      readonly tools?: Parameters<typeof toolScopes>[1][];
    },
): Provider {
  const { keys, tools = [], ...own } = rows;
  const { name, title, mount, routes } = own;
  const lent = new Set(routes.map(({ scope }) => scope));
  return {
    scopes: [
      { scope: `${name}:models.read`, may: 'see which of your models it may use' },
      { scope: `${name}:text`, may: 'generate text' },
      { scope: `${name}:embeddings`, may: 'turn text into vectors for search' },
      { scope: `${name}:audio.speech`, may: 'turn text into speech' },
      { scope: `${name}:audio.transcribe`, may: 'turn speech into text' },
    ]
      .filter(({ scope }) => lent.has(scope))
      .concat(toolScopes(name, ...tools)),
    errors,
    tokenHeaders: [],
    featureHeaders: {},
    requestIdHeader: 'x-request-id',
    keyShape: (pasted) => shapeOf({ title, ...keys }, pasted),
    sandboxKeyPrefix: keys.sandboxKeyPrefix,
    // The sandbox has each of them where the broker has it.
    sandboxPath: mount,
    billsByProject: false,
    authorize: ({ key }) => [['authorization', `Bearer ${key}`]],
    ...own,
  };
}

/** How the SDK of OpenAI is pointed at a provider. */
export function openaiSdkExample(name: string) {
  return (baseUrl: string, token: string) => `import OpenAI from 'openai';

const ${name} = new OpenAI({
  baseURL: '${baseUrl}',
  apiKey: ${token},
});`;
}

/** Names of models that may have their maker in front of them. */
export const modelGrammar = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}(?:\/[A-Za-z0-9][A-Za-z0-9._:-]{0,127}){0,2}$/;
