import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apis } from '../../src/catalog/catalog.ts';
import { contentOf, moderationRequests } from '../../src/catalog/moderation.ts';
import { moderation } from '../../src/catalog/providers/openai_moderation.ts';

const { content } = moderation;
const plenty = { mostText: 1_000_000, mostPictures: 10 };
const textsOf = (body: Record<string, unknown>) =>
  moderationRequests(moderation, body).requests.flatMap(({ body: { input } }) => input);

describe('what is judged', () => {
  it('is every call with a body that a model answers', () => {
    const left = apis.flatMap(({ routes }) =>
      routes.filter(({ body, content: where }) => body.kind !== 'none' && where === 'none'),
    );
    const paths = left.map(({ path }) => path.replace(/^.*[/:]/, ''));
    expect([...new Set(paths)].sort()).toEqual([
      'batchEmbedContents',
      'countTokens',
      'count_tokens',
      'embedContent',
      'embeddings',
      'input_tokens',
      'moderations',
    ]);
  });

  it('is nothing of what is run later or in a session, which it never sees', () => {
    const routes = apis.flatMap((api) => [
      ...api.routes,
      ...(api.sockets ?? []).flatMap(({ work }) => work.map(({ route }) => route)),
    ]);
    const unseen = routes.filter(({ content: where }) => where === 'elsewhere').map(({ path }) => path);
    expect([...new Set(unseen)].sort()).toEqual(['/batches', '/realtime']);
  });

  it('is each text, in order, and no name of a type, role or model', () => {
    const body = {
      model: 'gpt-5',
      instructions: 'Be brief',
      input: [
        { type: 'message', role: 'user', content: 'Hello' },
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Be brief' }] },
        { type: 'reasoning', encrypted_content: 'AAAA', summary: [{ text: 'Thinking' }] },
      ],
      temperature: 1,
      tools: null,
    };
    expect(contentOf(content, body, plenty)).toEqual({
      text: 'Be brief\nHello\nBe brief\nThinking',
      pictures: [],
      isWhole: true,
    });
  });

  it.each(content.unread)('is a text that an app has written under the name %s', (key) => {
    const properties = { [key]: { type: 'string', description: 'harm' } };
    expect(contentOf(content, { tools: [{ parameters: { properties } }] }, plenty).text).toBe('harm');
    expect(contentOf(content, { arguments: { [key]: 'how to harm' } }, plenty).text).toBe('how to harm');
    expect(contentOf(content, { arguments: { [key]: '傷害' } }, plenty).text).toBe('傷害');
    expect(contentOf(content, { arguments: { [key]: ['how to harm'] } }, plenty).text).toBe('how to harm');
  });

  it('is a name that is longer than the names of fields', () => {
    const name = 'the_property_that_tells_how_to_do_harm';
    expect(contentOf(content, { properties: { [name]: {} } }, plenty).text).toBe(name);
  });

  it('takes bodies that hold as much as the app likes', () => {
    const parts = Array.from({ length: 200_000 }, () => ({ text: 'x' }));
    expect(contentOf(content, { parts }, plenty).text).toHaveLength(399_999);
  });

  it('takes bodies that are nested as deep as the app likes', () => {
    let body: Record<string, unknown> = { text: 'harm' };
    for (let depth = 0; depth < 100_000; depth += 1) body = { nested: [body] };
    expect(contentOf(content, body, plenty).text).toBe('harm');
  });

  it('is cut into pieces of which none is too long, and what is said across a cut is whole in one of them', () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 });
    const texts = fc.array(word, { minLength: 500, maxLength: 2_000 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(texts, (text) => {
        const pieces = textsOf({ text }) as string[];
        for (const piece of pieces) expect([...piece].length).toBeLessThanOrEqual(2_000);
        const characters = [...text];
        for (let start = 0; start < characters.length; start += 50) {
          const said = characters.slice(start, start + 90).join('');
          expect(pieces.some((piece) => piece.includes(said))).toBe(true);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('is not looked for any further once there is more than can be judged', () => {
    const texts = Array.from({ length: 1_000 }, (_, index) => `text ${index}`);
    expect(contentOf(content, { texts }, { mostText: 100, mostPictures: 1 })).toMatchObject({
      text: expect.stringMatching(/^text 0\n.*text 1\d$/s),
      isWhole: false,
    });
    const pictures = texts.map((url) => ({ image_url: { url } }));
    expect(contentOf(content, { pictures }, { mostText: 100, mostPictures: 1 })).toEqual({
      text: '',
      pictures: ['text 0', 'text 1'],
      isWhole: false,
    });
  });

  it('is asked about in a bounded number of requests, and said not to be whole beyond it', () => {
    const long = moderationRequests(moderation, { text: 'x'.repeat(10_000_000) });
    expect(long.requests).toHaveLength(16);
    expect(long.isWhole).toBe(false);
    expect(moderationRequests(moderation, { text: 'x'.repeat(450_000) }).isWhole).toBe(true);
    expect(moderationRequests(moderation, {}).requests).toEqual([]);
  });
});

describe('a verdict', () => {
  const result = (flagged: boolean, categories: object) => ({ flagged, categories });

  it.each([
    ['nothing', [result(false, { hate: false })], [[]]],
    [
      'what is flagged',
      [result(true, { hate: true, 'self-harm/intent': true, violence: false })],
      [['hate', 'self-harm/intent']],
    ],
    ['each input for itself', [result(true, { hate: true }), result(false, {})], [['hate'], []]],
    ['no category that is nothing to write down', [result(true, { 'a b': true, '<b>': true })], [['other']]],
    ['harm without a category', [result(true, {})], [['other']]],
  ])('names %s', (_, results, found) => {
    expect(moderation.found({ results })).toEqual(found);
  });

  it.each([[null], [{}], [{ results: {} }], [{ results: [{ flagged: true }] }], [{ results: [null] }]])(
    'is nothing else: %j',
    (answer) => {
      expect(moderation.found(answer)).toBeNull();
    },
  );
});
