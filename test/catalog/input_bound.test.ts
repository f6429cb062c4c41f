import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apis } from '../../src/catalog/catalog.ts';
import type { FieldRule, FieldRules } from '../../src/catalog/fields.ts';
import { inputSize } from '../../src/catalog/input_bound.ts';

/** Every type that may stand in a body of any provider. */
function typesIn(fields: FieldRules): readonly string[] {
  return Object.values(fields).flatMap((rule: FieldRule): readonly string[] => {
    if (rule.kind === 'tree') return Object.keys(rule.tree.types);
    if (rule.kind === 'scoped') return typesIn({ rule: rule.rule });
    return 'fields' in rule ? typesIn(rule.fields) : [];
  });
}

const types = new Set(
  apis.flatMap(({ routes }) => routes.flatMap(({ body }) => ('fields' in body ? typesIn(body.fields) : []))),
);

describe('the size of a body', () => {
  /** They name a tool, what is done on a screen or to a file of the app's, or where a text is from. */
  const shown = [
    ...['image_generation', 'file_search', 'file_search_call', 'screenshot'],
    ...['create_file', 'update_file', 'delete_file', 'file_citation', 'file_path'],
  ];

  it('is not taken from its bytes where a part is no text', () => {
    const media = [...types].filter((type) => /image|audio|video|file|document|screenshot|pdf/.test(type));
    expect(media).toEqual(expect.arrayContaining(['image_url', 'input_audio', 'document', 'input_file']));
    const missed = media.filter((type) => !shown.includes(type) && !inputSize({ input: [{ type }] }).hasMore);
    expect(missed).toEqual([]);
  });

  it.each([
    [{ contents: [{ parts: [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }] }] }, false],
    [{ contents: [{ parts: [{ inlineData: { mimeType: 'audio/wav', data: 'AAAA' } }] }] }, true],
    [{ contents: [{ parts: [{ inlineData: { mimeType: 'application/ogg', data: 'AAAA' } }] }] }, true],
    [{ messages: [{ content: [{ input_audio: { data: 'AAAA' } }] }] }, true],
    [{ messages: [{ content: [{ image_url: 'https://example.com/a.png' }] }] }, false],
    [{ input: 'Hi', previous_response_id: 'resp_1' }, false],
  ])('has more in it, and maybe sound, in %j', (body, hasSound) => {
    expect(inputSize(body)).toMatchObject({ hasMore: true, hasSound });
  });

  it('is at least its bytes and some for each message, whatever is written in it', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('"type":"image"'));
    fc.assert(
      fc.property(fc.array(text, { maxLength: 20 }), (texts) => {
        const messages = texts.map((content) => ({ role: 'user', content }));
        const least = texts.reduce((sum, one) => sum + Buffer.byteLength(one) + 16, 0);
        const { tokens, hasMore } = inputSize({ messages });
        expect(tokens).toBeGreaterThanOrEqual(least);
        expect(hasMore).toBe(false);
      }),
    );
  });

  it.each([
    [{ tools: [{ name: 'a' }] }, 2_048],
    [{ tools: [{ type: 'bash_20250124', name: 'bash' }] }, 2_048 + 8_192],
    [{ tools: [{ computerUse: {} }] }, 2_048 + 8_192],
    [{ tools: [] }, 0],
  ])('has what the provider adds on top for %j', (body, added) => {
    expect(inputSize(body).tokens - Buffer.byteLength(JSON.stringify(body))).toBe(256 + added);
  });
});
