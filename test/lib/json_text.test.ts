import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonText } from '../../src/lib/json_text.ts';

describe('an object as JSON', () => {
  it('is what JSON.stringify makes of it, again and with other members', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (object, value) => {
        expect(jsonText(object)).toBe(JSON.stringify(object));
        const changed = { ...object, a: value, b: undefined };
        expect(jsonText(changed)).toBe(JSON.stringify(changed));
      }),
    );
  });

  it('keeps a member that is named like the prototype', () => {
    const text = '{"__proto__":{"a":1},"b":[]}';
    expect(jsonText(JSON.parse(text))).toBe(text);
  });

  it('writes what a member holds only once', () => {
    let written = 0;
    const list = {
      toJSON() {
        written += 1;
        return ['a'];
      },
    };
    expect(jsonText({ list })).toBe('{"list":["a"]}');
    expect(jsonText({ list, more: true })).toBe('{"list":["a"],"more":true}');
    expect(written).toBe(1);
  });
});
