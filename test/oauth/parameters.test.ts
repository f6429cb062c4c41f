import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseParameters } from '../../src/oauth/parameters.ts';

describe('parameters', () => {
  it('reads what URLSearchParams writes', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((value) => !value.includes('\0'));
    fc.assert(
      fc.property(fc.dictionary(text, text), (fields) => {
        const parameters = parseParameters(new URLSearchParams(fields).toString());
        for (const [name, value] of Object.entries(fields)) expect(parameters?.one(name)).toBe(value);
        expect(parameters?.repeated).toEqual([]);
      }),
    );
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseParameters(text)));
  });

  it.each(['%', '%z1', 'a=%ff', 'a=%c3%28', 'a=%00', '%00=a', 'a=\0'])('refuses %j', (text) => {
    expect(parseParameters(text)).toBeNull();
  });

  it('takes an empty value for none, and gives no value of a repeated parameter', () => {
    const parameters = parseParameters('a=&b=1&b=2&c=x=y&d&resource=1&resource=2&&e=%2B+');
    expect(parameters?.one('a')).toBeUndefined();
    expect(parameters?.one('b')).toBeUndefined();
    expect(parameters?.one('c')).toBe('x=y');
    expect(parameters?.one('d')).toBeUndefined();
    expect(parameters?.one('e')).toBe('+ ');
    expect(parameters?.one('toString')).toBeUndefined();
    expect(parameters?.all('resource')).toEqual(['1', '2']);
    expect(parameters?.repeated).toEqual(['b']);
  });
});
