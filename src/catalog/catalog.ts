import type { Provider, ScopeRow } from './provider.ts';
import { anthropic } from './providers/anthropic.ts';
import { deepseek } from './providers/deepseek.ts';
import { groq } from './providers/groq.ts';
import { mistral } from './providers/mistral.ts';
import { openai } from './providers/openai.ts';
import { openrouter } from './providers/openrouter.ts';
import { together } from './providers/together.ts';
import { xai } from './providers/xai.ts';

/** Every provider whose keys can be lent. */
export const providers: readonly Provider[] = [
  openai,
  anthropic,
  mistral,
  groq,
  openrouter,
  deepseek,
  xai,
  together,
];

const providersByName = new Map(providers.map((provider) => [provider.name, provider]));
const scopeRows = new Map(providers.flatMap((provider) => provider.scopes).map((row) => [row.scope, row]));

/** Every scope there is, in the order in which people see them. */
export const allScopes: readonly string[] = [...scopeRows.keys()];

/** What an app may ask for that names no scopes when it is registered. Further providers have to be named. */
export const defaultScopes: readonly string[] = openai.scopes.map(({ scope }) => scope);

/** The provider of this name, such as `openai`. */
export function findProvider(name: string): Provider | undefined {
  return providersByName.get(name);
}

/** What a scope is, if there is such a one. */
export function findScope(scope: string): ScopeRow | undefined {
  return scopeRows.get(scope);
}

/** The provider that a known scope belongs to. */
export function providerOfScope(scope: string): Provider | undefined {
  return findProvider(scope.slice(0, scope.indexOf(':')));
}

/** The providers that these scopes reach, each once. */
export function providersOfScopes(scopes: readonly string[]): readonly Provider[] {
  return providers.filter((provider) => scopes.some((scope) => providerOfScope(scope) === provider));
}

/** Resource indicators (RFC 8707) of the providers that these scopes reach. */
export function resourcesOfScopes(issuer: string, scopes: readonly string[]): readonly string[] {
  return providersOfScopes(scopes).map((provider) => issuer + provider.mount);
}
