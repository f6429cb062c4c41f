import { type Arms, type Draw, leaves, pick, troublesome } from './drawing.ts';
import type { Random } from './random.ts';

const path = '/anthropic/v1/messages';

/** From dear to cheap. */
const models = [
  ...['claude-opus-4-1', 'claude-opus-5', 'claude-sonnet-4-5', 'claude-haiku-4-5', 'claude-3-5-haiku-latest'],
  ...troublesome,
];

const messages = (text: string) => [{ role: 'user', content: `${text} `.repeat(8) }];

/** How long the answer may get: said, in words, or not at all. */
function cap(random: Random): object {
  const tokens = random.between(1, 100);
  return pick<object>(random, [
    { max_tokens: tokens },
    { max_tokens: tokens },
    { max_tokens: 1_000_000 },
    { max_tokens: null },
    { max_tokens: String(tokens) },
    {},
  ]);
}

/** What is thought counts as written. */
function thinking(random: Random): object {
  return pick<object>(random, [
    {},
    {},
    { thinking: { type: 'disabled' } },
    { thinking: { type: 'adaptive' } },
    { thinking: { type: 'enabled', budget_tokens: random.between(1, 100) } },
  ]);
}

const message: Draw = (random, text) => ({
  path,
  body: {
    model: pick(random, ['claude-opus-5', ...models]),
    messages: messages(text),
    ...cap(random),
    ...thinking(random),
    ...pick<object>(random, [{}, { stream: true }, { stream: true }]),
  },
  ...leaves(random),
});

/** Tools of the provider, which cost fees beside tokens; of those for code no answer tells. */
const withTools: Draw = (random, text) => ({
  path,
  body: {
    model: pick(random, ['claude-3-5-haiku-latest', 'claude-haiku-4-5']),
    messages: messages(text),
    max_tokens: random.between(1, 100),
    tools: pick<object>(random, [
      [{ type: 'web_search_20260318', name: 'web_search', max_uses: random.between(0, 3) }],
      [{ type: 'web_search_20260318', name: 'web_search' }],
      [{ type: 'web_search_20260318', name: 'web_search', max_uses: 0 }],
      [{ type: 'code_execution_20260521', name: 'code_execution' }],
    ]),
    stream: pick(random, [true, false]),
  },
  ...leaves(random),
});

const last: Draw = (_random, text) => ({
  path,
  body: {
    model: 'claude-opus-4-1',
    max_tokens: 60,
    messages: [{ role: 'user', content: `${text} `.repeat(1_000) }],
  },
});

/** Every way to ask Anthropic for text. */
export const anthropicArms: Arms = { shots: [message, message, message, message, withTools], last };
