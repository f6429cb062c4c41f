import fc from 'fast-check';
import { expect, test } from 'vitest';
import { returnPath } from '../../src/web/return_path.ts';

const home = 'https://broker.example';

/** Whether a browser that is given this as Location stays on the site. */
function stays(location: string): boolean {
  return URL.canParse(location, home) && new URL(location, home).origin === home;
}

test('42 whatever next is, the way on stays on this site', () => {
  const pieces = fc.constantFrom(
    '/',
    '\\',
    '.',
    '..',
    '%2f',
    '%5c',
    '\t',
    '\n',
    ' ',
    '@',
    ':',
    '?',
    '#',
    'e',
    'https:',
    'evil.example',
  );
  const hostile = fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(
      fc.oneof(
        hostile,
        hostile.map((rest) => `/${rest}`),
        fc.string(),
        fc.webUrl(),
      ),
      (next) => {
        const path = returnPath(next);
        if (path === null) return;
        expect(path).toMatch(/^\/(?![/\\])/);
        expect(stays(path)).toBe(true);
      },
    ),
    { numRuns: 2000 },
  );
});

test('a path of ours is kept as it is', () => {
  for (const path of ['/', '/keys', '/consent/arq_1', '/keys/new?provider=openai&next=%2Fconsent%2Farq_1']) {
    expect(returnPath(path)).toBe(path);
  }
});
