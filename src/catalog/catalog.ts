import { type OwnPrices, withOwnPrices } from './prices.ts';
import type { Provider, ScopeRow } from './provider.ts';
import { anthropic } from './providers/anthropic.ts';
import { azure } from './providers/azure.ts';
import { deepseek } from './providers/deepseek.ts';
import { gemini } from './providers/gemini.ts';
import { geminiOpenai } from './providers/gemini_openai.ts';
import { groq } from './providers/groq.ts';
import { mistral } from './providers/mistral.ts';
import { openai } from './providers/openai.ts';
import { openrouter } from './providers/openrouter.ts';
import { together } from './providers/together.ts';
import { xai } from './providers/xai.ts';

const builtIn: readonly Provider[] = [
  openai,
  anthropic,
  gemini,
  mistral,
  groq,
  openrouter,
  deepseek,
  xai,
  together,
  azure,
];

/** Further APIs of these, on mounts of their own: rows that share the provider's name, and so its scopes and keys. */
const otherApis: readonly Provider[] = [geminiOpenai];

const all: Provider[] = [];
const mounted: Provider[] = [];
const providersByName = new Map<string, Provider>();
const scopeRows = new Map<string, ScopeRow>();
const scopes: string[] = [];
lendAlso([]);

/** Every provider whose keys can be lent. */
export const providers: readonly Provider[] = all;

/** Everything that has a mount: the API of each provider, and behind them the further ones. */
export const apis: readonly Provider[] = mounted;

/** Every scope there is, in the order in which people see them. */
export const allScopes: readonly string[] = scopes;

/**
 * Puts the operator's own providers behind those that are built in, before anything asks for them.
 * @param prices rows by the provider's name, which go before the provider's
 */
export function lendAlso(
  own: readonly Provider[],
  prices: Readonly<Record<string, readonly OwnPrices[]>> = {},
): void {
  const priced = (provider: Provider): Provider => {
    const rows = Object.hasOwn(prices, provider.name) ? prices[provider.name] : undefined;
    return rows ? { ...provider, priceTable: withOwnPrices(provider.priceTable, rows) } : provider;
  };
  all.splice(0, all.length, ...[...builtIn, ...own].map(priced));
  mounted.splice(0, mounted.length, ...all, ...otherApis.map(priced));
  providersByName.clear();
  scopeRows.clear();
  for (const provider of all) {
    providersByName.set(provider.name, provider);
    for (const row of provider.scopes) scopeRows.set(row.scope, row);
  }
  scopes.splice(0, scopes.length, ...scopeRows.keys());
}

/** What an app may ask for that names no scopes when it is registered. Those of further providers have to be named. */
export const defaultScopes: readonly string[] = usualScopes(openai);

/** The scopes of a provider that an app gets to know of without having to look for more. */
export function usualScopes({ scopes }: Provider): readonly string[] {
  return scopes.filter(({ onlyByName }) => !onlyByName).map(({ scope }) => scope);
}

/** Whether the provider of this name comes with the broker. */
export function isBuiltIn(name: string): boolean {
  return builtIn.some((provider) => provider.name === name);
}

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

/** Resource indicators (RFC 8707) of the providers that these scopes reach: one for each mount. */
export function resourcesOfScopes(issuer: string, scopes: readonly string[]): readonly string[] {
  const reached = providersOfScopes(scopes).map(({ name }) => name);
  return apis.filter(({ name }) => reached.includes(name)).map(({ mount }) => issuer + mount);
}
