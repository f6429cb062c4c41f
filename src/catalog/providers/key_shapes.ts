import type { KeyShape } from '../provider.ts';

/** How keys begin that are easily pasted in the wrong place, and whose they are. */
const owners: readonly (readonly [beginning: RegExp, whose: string])[] = [
  [/^sk-ant-/, 'an Anthropic key'],
  [/^sk-or-/, 'an OpenRouter key'],
  [/^sk-(proj|svcacct|admin|None|sandbox)-/, 'an OpenAI key'],
  [/^gsk_/, 'a Groq key'],
  [/^xai-/, 'an xAI key'],
  [/^tgp_v1_/, 'a Together key'],
  [/^AIza/, 'a Google key'],
];

export interface KeyRules {
  readonly title: string;
  /** What a whole key looks like. */
  readonly key: RegExp;
  readonly sandboxKeyPrefix: string;
  /** What people are told of anything else, such as how keys begin. */
  readonly advice: string;
  /** Keys too powerful to lend. */
  readonly refused?: readonly (readonly [beginning: RegExp, advice: string])[];
}

/** Judges a pasted key by its shape alone. */
export function shapeOf(
  { title, key, sandboxKeyPrefix, advice, refused = [] }: KeyRules,
  pasted: string,
): KeyShape {
  if (/\s/.test(pasted)) {
    return {
      kind: 'refused',
      advice: 'There is a space or line break inside. Copy the key again, it alone.',
    };
  }
  const row = refused.find(([beginning]) => beginning.test(pasted));
  if (row) return { kind: 'refused', advice: row[1] };
  if (pasted.startsWith(sandboxKeyPrefix) && /^[\w-]{1,300}$/.test(pasted)) {
    return { kind: 'key', sandbox: true };
  }
  if (key.test(pasted)) return { kind: 'key', sandbox: false };
  const owner = owners.find(([beginning]) => beginning.test(pasted));
  return {
    kind: 'refused',
    advice:
      owner && !owner[1].endsWith(` ${title} key`) ? `This is ${owner[1]}, not one of ${title}.` : advice,
  };
}
