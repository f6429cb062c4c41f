import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { documents } from '../docs/documents.ts';

it.each(Object.entries(documents))('docs/%s is as `npm run docs` writes it', (name, write) => {
  expect(readFileSync(join(import.meta.dirname, '..', 'docs', name), 'utf8')).toBe(write());
});
