import type { ScopeRow } from '../provider.ts';

const tools = {
  web: 'search and fetch from the web at your cost',
  code: "run code in the provider's sandbox",
  mcp: 'let the model call outside servers',
} as const;

/** Scopes for tools that run at a provider. */
export function toolScopes(provider: string, ...names: readonly (keyof typeof tools)[]): readonly ScopeRow[] {
  return names.map((name) => ({ scope: `${provider}:tools.${name}`, may: tools[name], onlyByName: true }));
}
