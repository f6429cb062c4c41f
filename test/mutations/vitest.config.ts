import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { type Mutation, mutations } from './mutations.ts';

const source = join(import.meta.dirname, '..', '..', 'src');

/** The files that a mutation changes, by name, as they are with it. @throws when what is to be replaced is not there once */
function mutate({ line, edits }: Mutation): ReadonlyMap<string, string> {
  const changed = new Map<string, string>();
  for (const { file, find, put } of edits) {
    const path = join(source, file);
    const text = changed.get(path) ?? readFileSync(path, 'utf8');
    if (text.split(find).length !== 2) throw new Error(`${line}: ${file} does not hold this once: ${find}`);
    changed.set(
      path,
      text.replace(find, () => put),
    );
  }
  return changed;
}

// All of them, so that the first run says which have to be written anew.
const sources = new Map(mutations.map((mutation) => [String(mutation.line), mutate(mutation)]));
const changed = sources.get(process.env.MUTATION ?? '');

/** Runs tests against the source as it is, or with the mutation of the line in `MUTATION`. The files stay as they are. */
export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'hono/jsx' } },
  plugins: [{ name: 'mutation', enforce: 'pre', load: (id) => changed?.get(id) ?? null }],
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/loopback_only.ts'],
    provide: { store: 'sqlite' },
    pool: 'forks',
    // It would give the tests a file as it was in another run.
    fsModuleCache: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
