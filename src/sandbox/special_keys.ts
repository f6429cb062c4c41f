import {
  incorrectKey,
  insufficientQuota,
  missingKey,
  missingScopes,
  type Refusal,
  rateLimited,
  serverError,
} from './errors.ts';
import type { Route } from './routes.ts';

/** Every key that the sandbox accepts begins like this. */
const keyPrefix = 'sk-sandbox-';

interface Circumstances {
  readonly key: string;
  readonly route: Route | undefined;
  readonly model: string;
}

interface SpecialKey {
  readonly prefix: string;
  /** In words, for people. */
  readonly effect: string;
  readonly on: 'every call' | 'all but models' | 'paid calls';
  readonly refusal: (circumstances: Circumstances) => Refusal;
}

/**
 * Keys that fail on demand. The first row whose prefix fits counts. Most leave the list of models alone, so that such
 * a key passes the check made when it is deposited.
 */
export const specialKeys: readonly SpecialKey[] = [
  {
    prefix: 'sk-sandbox-invalid',
    effect: '401 invalid_api_key, the message repeats parts of the key',
    on: 'every call',
    refusal: ({ key }) => incorrectKey(key),
  },
  {
    prefix: 'sk-sandbox-no-quota',
    effect: '429 insufficient_quota',
    on: 'paid calls',
    refusal: insufficientQuota,
  },
  {
    prefix: 'sk-sandbox-rate-limited',
    effect: '429 rate_limit_exceeded with retry-after: 2, the message names an organization',
    on: 'all but models',
    refusal: ({ model }) => rateLimited(model),
  },
  {
    prefix: 'sk-sandbox-error',
    effect: '500 server_error',
    on: 'all but models',
    refusal: () => serverError(500),
  },
  {
    prefix: 'sk-sandbox-unavailable',
    effect: '503 server_error',
    on: 'every call',
    refusal: () => serverError(503),
  },
  {
    prefix: 'sk-sandbox-restricted',
    effect: 'missing scopes: 403 for models, 401 for everything else',
    on: 'every call',
    refusal: ({ route }) =>
      isModels(route) ? missingScopes(403, 'api.model.read') : missingScopes(401, 'model.request'),
  },
];

function isModels(route: Route | undefined): boolean {
  return route?.path.startsWith('/models') ?? false;
}

function applies(row: SpecialKey, route: Route | undefined): boolean {
  switch (row.on) {
    case 'every call':
      return true;
    case 'all but models':
      return !isModels(route);
    case 'paid calls':
      return route?.paid ?? false;
  }
}

/** The key of an `Authorization: Bearer` header, if there is one. */
export function bearerKey(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
}

/** Why this key may not make this call, if it may not. */
export function keyRefusal(
  key: string | undefined,
  route: Route | undefined,
  model: string,
): Refusal | undefined {
  if (key === undefined) return missingKey();
  if (!key.startsWith(keyPrefix)) return incorrectKey(key);
  const row = specialKeys.find(({ prefix }) => key.startsWith(prefix));
  return row !== undefined && applies(row, route) ? row.refusal({ key, route, model }) : undefined;
}
