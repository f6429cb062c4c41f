import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const lockfile = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package-lock.json'), 'utf8')) as {
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
