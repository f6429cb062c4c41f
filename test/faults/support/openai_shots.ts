import { type Arms, type Draw, leaves, pick, troublesome } from './drawing.ts';
import type { Random } from './random.ts';

const mount = '/openai/v1';

/** From dear to cheap. */
const models = ['o1-pro', 'gpt-4', 'gpt-4-turbo', 'gpt-4o', 'gpt-5', 'gpt-5-mini', 'gpt-4.1', ...troublesome];

const modelFor = (random: Random) => pick(random, ['gpt-4o', ...models]);
/** As different as the texts are: the sandbox gives equal questions one id. */
const asTokens = (text: string) => [...Buffer.from(text)];
const picture = { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(4_000)}` } };

/** A text, in one of four cases with a picture. */
function messages(random: Random, text: string): object {
  const words = `${text} `.repeat(8);
  const pictured = [{ type: 'text', text: words }, picture];
  return [{ role: 'user', content: pick<unknown>(random, [words, words, words, pictured]) }];
}

/** How long the answer may get: said, said twice alike, in contradiction, in words, or not at all. */
function chatCap(random: Random): object {
  const tokens = random.between(1, 100);
  return pick<object>(random, [
    { max_tokens: tokens },
    { max_completion_tokens: tokens },
    { max_tokens: tokens, max_completion_tokens: tokens },
    { max_tokens: tokens, max_completion_tokens: tokens + 1 },
    { max_tokens: null },
    { max_tokens: String(tokens) },
    {},
  ]);
}

const chat: Draw = (random, text) => ({
  path: `${mount}/chat/completions`,
  body: {
    model: modelFor(random),
    messages: messages(random, text),
    ...chatCap(random),
    ...pick<object>(random, [{}, {}, { n: 2 }, { n: 3 }, { n: '2' }]),
    ...pick<object>(random, [
      {},
      { stream: true },
      { stream: true, stream_options: { include_usage: true } },
      { stream: true, stream_options: { include_usage: false } },
    ]),
  },
  ...leaves(random),
});

const responses: Draw = (random, text) => ({
  path: `${mount}/responses`,
  body: {
    model: modelFor(random),
    input: `${text} `.repeat(8),
    stream: pick(random, [true, false]),
    ...pick<object>(random, [{}, { max_output_tokens: random.between(1, 100) }]),
    ...pick<object>(random, [{}, {}, {}, hostedTools(random)]),
  },
  ...leaves(random),
});

/** A tool that draws small pictures, which answers tell of or not. */
const drawing = (model: string) => ({
  ...{ type: 'image_generation', model },
  ...{ quality: 'low', size: '1024x1024' },
});

/** Tools of the provider, which cost fees beside tokens; of those for code no answer tells. */
const hostedTools = (random: Random) => ({
  tools: pick<object>(random, [
    [drawing('gpt-image-2')],
    [drawing('sandbox-no-usage')],
    [{ type: 'web_search' }],
    [{ type: 'web_search' }, { type: 'code_interpreter', container: { type: 'auto' } }],
  ]),
  ...pick<object>(random, [{ max_tool_calls: random.between(0, 3) }, {}]),
});

const completions: Draw = (random, text) => ({
  path: `${mount}/completions`,
  body: {
    model: pick(random, ['gpt-3.5-turbo-instruct', 'unheard-of']),
    prompt: pick<unknown>(random, [text, [text, `${text} again`], asTokens(text), [asTokens(text), [3]]]),
    ...pick<object>(random, [{}, { max_tokens: random.between(0, 60) }]),
    ...pick<object>(random, [{}, { n: 3 }, { n: 2, best_of: 4 }]),
    stream: pick(random, [true, false]),
  },
  ...leaves(random),
});

const embeddings: Draw = (random, text) => ({
  path: `${mount}/embeddings`,
  body: {
    model: pick(random, ['text-embedding-3-small', 'text-embedding-3-large', 'unheard-of']),
    input: pick<unknown>(random, [text, [text, text], asTokens(text)]),
  },
  ...leaves(random),
});

const last: Draw = (_random, text) => ({
  path: `${mount}/chat/completions`,
  body: { model: 'o1-pro', max_tokens: 60, messages: [{ role: 'user', content: `${text} `.repeat(20) }] },
});

/** Every way to ask OpenAI for text: chats most of all. */
export const openaiArms: Arms = {
  shots: [chat, chat, chat, chat, responses, responses, completions, embeddings],
  last,
};
