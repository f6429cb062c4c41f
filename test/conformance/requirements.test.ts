import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { conformance, findProofs } from '../../docs/conformance.ts';
import { awaited, sections } from './requirements.ts';

const lines = sections.flatMap(({ requirements }) => requirements.map(([line]) => line));
const proven = new Set(findProofs().flatMap((proof) => proof.lines));

describe('the requirements', () => {
  it('are numbered once each', () => {
    expect(lines.toSorted((a, b) => a - b)).toEqual(lines.map((_, index) => index + 1));
  });

  it('have a test each', () => {
    expect(lines.filter((line) => !proven.has(line))).toEqual(awaited);
  });

  it('are what the numbers of tests mean', () => {
    expect([...proven].filter((line) => !lines.includes(line))).toEqual([]);
  });

  it('are listed in docs/conformance.md as they are: npm run docs', () => {
    const document = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'conformance.md'), 'utf8');
    expect(document).toBe(conformance());
  });
});
