import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { repeatsMember } from '../../src/lib/json.ts';

describe('a member that is named twice', () => {
  it('is found, however it is written', () => {
    for (const text of [
      '{"a":1,"a":1}',
      '[{"a":{"b":1,"c":2,"b":3}}]',
      '{"a":1,"\\u0061":2}',
      '{"a" : 1, "b": 2,\n"a"\t:3}',
      '{"":1,"":1}',
      '{"__proto__":1,"__proto__":1}',
      '{"\\"":1,"\\"":2}',
    ]) {
      expect(repeatsMember(text, JSON.parse(text)), text).toBe(true);
    }
  });

  it('is not seen in what is no name', () => {
    for (const text of [
      '[{"a":1},{"a":1}]',
      '{"a":{"a":1}}',
      '["a", ": b", "a:"]',
      '{"a":"\\"a\\":","b":"\\\\"}',
      '"a\\": 1"',
      '{"__proto__":1}',
      '[]',
    ]) {
      expect(repeatsMember(text, JSON.parse(text)), text).toBe(false);
    }
  });

  it('is never seen in JSON that was written from a value, and always in it with one member more', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'), (value, space) => {
        const text = JSON.stringify(value, null, space);
        expect(repeatsMember(text, JSON.parse(text))).toBe(false);
        const twice = `{"a": 1, "b": ${text}, "a": 2}`;
        expect(repeatsMember(twice, JSON.parse(twice))).toBe(true);
      }),
    );
  });
});
