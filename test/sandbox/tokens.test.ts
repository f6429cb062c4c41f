import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { schemaSample } from '../../src/sandbox/schema_sample.ts';
import { countTokens, splitTokens } from '../../src/sandbox/tokens.ts';
import { answerText, writeText } from '../../src/sandbox/written_text.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 200 });

describe('tokens', () => {
  test('are the text when joined, each of at most 4 bytes, and as many as counted', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const tokens = splitTokens(text);
        expect(tokens.join('')).toBe(text);
        expect(tokens.every((token) => token !== '' && Buffer.byteLength(token) <= 4)).toBe(true);
        expect(countTokens(text)).toBe(tokens.length);
      }),
    );
  });

  test('of ASCII are a quarter of its length, rounded up', () => {
    expect(countTokens('')).toBe(0);
    expect(countTokens('abcd')).toBe(1);
    expect(countTokens('abcde')).toBe(2);
  });

  test('are never more than the limit, and only then cut', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 60 }), (text, limit) => {
        const written = writeText(text, { limit });
        expect(written.tokens.length).toBe(Math.min(limit, countTokens(text)));
        expect(written.finish).toBe(written.text === text ? 'stop' : 'length');
      }),
    );
  });
});

test('an answer repeats only the beginning of a long prompt, and never half a character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 150, maxLength: 400 }), (prompt) => {
      const answer = answerText('gpt-4o', prompt);
      expect(answer.length).toBeLessThan(230);
      expect(answer.isWellFormed()).toBe(true);
    }),
  );
});

describe('a sample of a schema', () => {
  test.each<[string, object, unknown]>([
    ['a constant', { const: 7 }, 7],
    ['the first of several values', { enum: ['a', 'b'] }, 'a'],
    ['a string', { type: 'string' }, 'text'],
    ['a string of a format', { type: 'string', format: 'email' }, 'sandbox@example.com'],
    ['a string of some length', { type: 'string', minLength: 6, maxLength: 6 }, 'text..'],
    ['a number above a bound', { type: 'integer', exclusiveMinimum: 4 }, 5],
    ['a multiple', { type: 'number', minimum: 5, multipleOf: 4 }, 8],
    ['the first of alternatives', { anyOf: [{ type: 'boolean' }, { type: 'null' }] }, true],
    ['a nullable type', { type: ['boolean', 'null'] }, true],
    ['parts put together', { allOf: [{ type: 'object', properties: { a: { type: 'null' } } }] }, { a: null }],
    ['a list of at least two', { type: 'array', minItems: 2, items: { type: 'boolean' } }, [true, true]],
    ['an object without a type', { properties: { a: { const: 1 } } }, { a: 1 }],
  ])('%s', (_what, schema, expected) => {
    expect(schemaSample(schema, 'text')).toEqual(expected);
  });

  test('of a recursive schema ends', () => {
    const node = {
      type: 'object',
      properties: { next: { anyOf: [{ $ref: '#' }, { type: 'null' }] } },
      required: ['next'],
    };
    expect(JSON.stringify(schemaSample(node, 'text'))).toMatch(/^(\{"next":)+null\}+$/);
  });

  test.each([
    ['refers to itself', { $ref: '#' }],
    ['refers to nothing', { $ref: '#/$defs/gone' }],
    ['never ends', { type: 'object', properties: { a: { $ref: '#' } }, required: ['a'] }],
    ['branches for ever', { type: 'array', minItems: 100, items: { $ref: '#' } }],
  ])('of a schema that %s comes back all the same', (_what, schema) => {
    expect(() => schemaSample(schema, 'text')).not.toThrow();
  });
});
