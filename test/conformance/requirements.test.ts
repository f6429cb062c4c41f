import { describe, expect, it } from 'vitest';
import { findProofs } from '../../docs/conformance.ts';
import { readRequirements } from './requirements.ts';

const lines = readRequirements().flatMap(({ requirements }) => requirements.map(({ line }) => line));
const proven = new Set(findProofs().flatMap((proof) => proof.lines));

describe('the requirements', () => {
  it('are numbered once each', () => {
    expect(lines.toSorted((a, b) => a - b)).toEqual(lines.map((_, index) => index + 1));
  });

  it('have a test each', () => {
    expect(lines.filter((line) => !proven.has(line))).toEqual([]);
  });

  it('are what the numbers of tests mean', () => {
    expect([...proven].filter((line) => !lines.includes(line))).toEqual([]);
  });
});
