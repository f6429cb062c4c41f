import { type Arms, type Draw, leaves, pick, troublesome } from './drawing.ts';
import type { Random } from './random.ts';

/** From dear to cheap. */
const models = [
  'gemini-3-pro-preview',
  'gemini-2.5-pro',
  'gemini-2.5-flash',
  'gemini-2.0-flash',
  ...troublesome,
];

const contents = (text: string, times = 8) => [{ role: 'user', parts: [{ text: `${text} `.repeat(times) }] }];
const verb = (random: Random) => pick(random, ['generateContent', 'streamGenerateContent']);
const pathOf = (model: string, does: string) => `/gemini/v1beta/models/${model}:${does}`;

/** How long the answer may get, and what is thought, which counts as written. */
function generationConfig(random: Random): object {
  const tokens = random.between(1, 100);
  return {
    ...pick<object>(random, [
      { maxOutputTokens: tokens },
      { maxOutputTokens: tokens },
      { maxOutputTokens: 1_000_000 },
      { maxOutputTokens: null },
      { maxOutputTokens: String(tokens) },
      {},
    ]),
    ...pick<object>(random, [
      {},
      {},
      { thinkingConfig: { thinkingBudget: 0 } },
      { thinkingConfig: { thinkingBudget: -1 } },
      { thinkingConfig: { thinkingBudget: random.between(1, 100), includeThoughts: true } },
    ]),
  };
}

const content: Draw = (random, text) => ({
  path: pathOf(pick(random, ['gemini-2.5-pro', ...models]), verb(random)),
  body: {
    contents: contents(text),
    ...pick<object>(random, [{}, { generationConfig: generationConfig(random) }]),
  },
  ...leaves(random),
});

/** Tools of the provider: a search costs a fee beside tokens. */
const withTools: Draw = (random, text) => ({
  path: pathOf(pick(random, ['gemini-2.0-flash', 'gemini-2.5-flash']), verb(random)),
  body: {
    contents: contents(text),
    tools: pick<object>(random, [[{ googleSearch: {} }], [{ codeExecution: {} }]]),
    generationConfig: { maxOutputTokens: random.between(1, 100) },
  },
  ...leaves(random),
});

const embedding: Draw = (random, text) => {
  const [content] = contents(text);
  return {
    ...pick(random, [
      { path: pathOf('gemini-embedding-001', 'embedContent'), body: { content } },
      { path: pathOf('unheard-of', 'batchEmbedContents'), body: { requests: [{ content }, { content }] } },
    ]),
    ...leaves(random),
  };
};

const last: Draw = (_random, text) => ({
  path: pathOf('gemini-3-pro-preview', 'generateContent'),
  body: { contents: contents(text, 8_000), generationConfig: { maxOutputTokens: 60 } },
});

/** Every way to ask Gemini for text: contents most of all. */
export const geminiArms: Arms = { shots: [content, content, content, content, withTools, embedding], last };
