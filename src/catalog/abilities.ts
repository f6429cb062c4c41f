import type { Provider } from './provider.ts';

/** Scopes, each by whether a key is permitted to do it; what is not known is left out. */
export type Abilities = Readonly<Record<string, boolean>>;

const both = new Intl.ListFormat('en-GB', { type: 'conjunction' });
const either = new Intl.ListFormat('en-GB', { type: 'disjunction' });

/** What a key can do and what not, as "can do text and embeddings, not images"; null where nothing is known. */
export function abilitiesInWords({ probes = [] }: Provider, abilities: Abilities): string | null {
  const which = (can: boolean) =>
    probes.filter(({ scope }) => abilities[scope] === can).map(({ what }) => what);
  const [can, cannot] = [which(true), which(false)];
  if (can.length === 0 && cannot.length === 0) return null;
  if (can.length === 0) return `cannot do ${either.format(cannot)}`;
  return `can do ${both.format(can)}${cannot.length === 0 ? '' : `, not ${either.format(cannot)}`}`;
}

/** What of these scopes a key is known not to be permitted to do, as "images or speech"; null where there is no such. */
export function missingInWords(
  { probes = [] }: Provider,
  abilities: Abilities,
  scopes: readonly string[],
): string | null {
  const missing = probes.filter(({ scope }) => scopes.includes(scope) && abilities[scope] === false);
  return missing.length === 0 ? null : either.format(missing.map(({ what }) => what));
}
