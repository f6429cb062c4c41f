import type { Api } from './api.ts';
import type { ErrorWords, Refusal } from './errors.ts';
import type { Route } from './route.ts';

interface Circumstances {
  readonly errors: ErrorWords;
  readonly key: string;
  readonly route: Route | undefined;
  readonly model: string;
}

interface SpecialKey {
  /** What stands behind the beginning that all keys of a provider have. */
  readonly name: string;
  /** In words, for people. */
  readonly effect: string;
  readonly on: 'every call' | 'all but models' | 'paid calls' | 'images and sound' | 'moderation';
  readonly refusal: (circumstances: Circumstances) => Refusal;
}

/**
 * Keys that fail on demand. The first row whose name fits counts. Most leave the list of models alone, so that such
 * a key passes the check made when it is deposited.
 */
export const specialKeys: readonly SpecialKey[] = [
  {
    name: 'invalid',
    effect: '401, the message may repeat parts of the key',
    on: 'every call',
    refusal: ({ errors, key }) => errors.incorrectKey(key),
  },
  {
    name: 'no-quota',
    effect: 'an account without money',
    on: 'paid calls',
    refusal: ({ errors }) => errors.insufficientQuota(),
  },
  {
    name: 'rate-limited',
    effect: '429 with retry-after: 2, the message names an organization',
    on: 'all but models',
    refusal: ({ errors, model }) => errors.rateLimited(model),
  },
  {
    name: 'error',
    effect: '500',
    on: 'all but models',
    refusal: ({ errors }) => errors.serverError(),
  },
  {
    name: 'unavailable',
    effect: 'a provider with too much to do',
    on: 'every call',
    refusal: ({ errors }) => errors.unavailable(),
  },
  {
    name: 'restricted',
    effect: 'a key that is not permitted to do this',
    on: 'every call',
    refusal: ({ errors, route }) => errors.notPermitted(isModels(route) ? 'models' : 'others'),
  },
  {
    name: 'text-only',
    effect: 'a key that is permitted to do text, but no images and no sound',
    on: 'images and sound',
    refusal: ({ errors }) => errors.notPermitted('others'),
  },
  {
    name: 'no-moderation',
    effect: 'a key that is not permitted to have content judged',
    on: 'moderation',
    refusal: ({ errors }) => errors.notPermitted('others'),
  },
];

function isModels(route: Route | undefined): boolean {
  return route?.method === 'GET';
}

function applies(row: SpecialKey, route: Route | undefined): boolean {
  switch (row.on) {
    case 'every call':
      return true;
    case 'all but models':
      return !isModels(route);
    case 'paid calls':
      return route?.paid ?? false;
    case 'images and sound':
      return /^\/(images|audio)\//.test(route?.path ?? '');
    case 'moderation':
      return route?.path === '/moderations';
  }
}

/** Why this key may not make this call, if it may not. */
export function keyRefusal(
  { errors, keyPrefix }: Api,
  key: string | undefined,
  route: Route | undefined,
  model: string,
): Refusal | undefined {
  if (key === undefined) return errors.missingKey();
  if (!key.startsWith(keyPrefix)) return errors.incorrectKey(key);
  const row = specialKeys.find(({ name }) => key.startsWith(keyPrefix + name));
  return row !== undefined && applies(row, route) ? row.refusal({ errors, key, route, model }) : undefined;
}
