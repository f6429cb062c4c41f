import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const read = (name: string) => readFileSync(join(import.meta.dirname, '..', name), 'utf8');

const lockfile = JSON.parse(read('package-lock.json')) as {
  packages: Record<string, { gypfile?: boolean; resolved?: string }>;
};

// better-sqlite3 ships its binaries and says so, but npm 10 reads that from the lockfile alone, into which `npm install`
// does not write it. Without it npm 10 wants Python and a compiler. After an `npm install` that dropped it, add
// `"gypfile": false` to the entry again.
it('a machine without a compiler can install', () => {
  expect(lockfile.packages['node_modules/better-sqlite3']?.gypfile).toBe(false);
});

it('the lockfile names no host', () => {
  const resolved = Object.values(lockfile.packages).filter((entry) => entry.resolved);
  expect(resolved).toEqual([]);
});

it('every dependency is justified in docs/dependencies.md', () => {
  const manifest = JSON.parse(read('package.json')) as Record<'dependencies' | 'devDependencies', object>;
  const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  const justified = read('docs/dependencies.md');
  const missing = names.filter((name) => !name.startsWith('@types/') && !justified.includes(`\`${name}\``));
  expect(missing).toEqual([]);
});
