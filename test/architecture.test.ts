import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const source = join(root, 'src');

/** What the outer parts work with. */
const core = ['lib', 'catalog', 'store', 'mail', 'vault', 'tokens', 'ledger', 'grants', 'accounts'];
const outer = ['config.ts', 'deps.ts', ...core];

/** What each part of src may import from: itself and these. Files in src itself count by their own name. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  'environment.ts': ['lib'],
  'config.ts': ['lib', 'environment.ts'],
  'log.ts': ['lib', 'config.ts'],
  store: ['lib'],
  sandbox: ['lib'],
  catalog: ['lib'],
  mail: ['lib', 'catalog', 'store'],
  vault: ['lib', 'catalog', 'store', 'mail'],
  tokens: ['lib', 'catalog', 'store', 'vault'],
  ledger: ['lib', 'catalog', 'store', 'vault', 'tokens'],
  grants: ['lib', 'catalog', 'store', 'vault', 'tokens', 'ledger'],
  accounts: ['lib', 'store', 'vault'],
  'operator_file.ts': ['config.ts'],
  'providers_file.ts': ['lib', 'environment.ts', 'operator_file.ts', 'catalog'],
  'prices_file.ts': ['operator_file.ts', 'catalog'],
  'deps.ts': ['config.ts', 'providers_file.ts', 'prices_file.ts', 'sandbox', ...core],
  'transfer.ts': ['lib', 'config.ts', 'store', 'vault'],
  oauth: outer,
  proxy: outer,
  web: outer,
  'health.ts': ['deps.ts'],
  'app.ts': ['lib', 'config.ts', 'deps.ts', 'health.ts', 'oauth', 'proxy', 'web'],
  'workers.ts': ['lib'],
  'main.ts': [
    'vault',
    'tokens',
    'lib',
    'config.ts',
    'log.ts',
    'deps.ts',
    'app.ts',
    'workers.ts',
    'accounts',
    'sandbox',
  ],
  cli: ['log.ts', 'sandbox', 'transfer.ts', ...outer],
  'bin.ts': ['main.ts', 'cli'],
};

const importPattern =
  /(?:^|\n)\s*(?:import|export)\b[^;'"]*?['"](\.[^'"]+)['"]|\bimport\(\s*['"](\.[^'"]+)['"]\s*\)/g;

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => join(source, name));

const imports = new Map(
  files.map((file) => {
    const text = readFileSync(file, 'utf8');
    const targets = [...text.matchAll(importPattern)].map((match) =>
      resolve(dirname(file), match[1] ?? match[2] ?? ''),
    );
    return [file, targets] as const;
  }),
);

function partOf(file: string): string {
  return relative(source, file).split('/')[0] ?? '';
}

describe('architecture', () => {
  it('reads the imports it judges', () => {
    expect(imports.get(join(source, 'deps.ts'))).toContain(join(source, 'store', 'store.ts'));
    expect(imports.get(join(source, 'bin.ts'))).toContain(join(source, 'main.ts'));
  });

  it('imports only downward', () => {
    const forbidden = [...imports].flatMap(([file, targets]) =>
      targets
        .filter(
          (target) => partOf(target) !== partOf(file) && !allowed[partOf(file)]?.includes(partOf(target)),
        )
        .map((target) => `${relative(source, file)} → ${relative(source, target)}`),
    );
    expect(forbidden).toEqual([]);
  });

  it('has no cycles', () => {
    const finished = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]) => {
      if (path.includes(file)) {
        const cycle = [...path.slice(path.indexOf(file)), file];
        cycles.push(cycle.map((name) => relative(source, name)).join(' → '));
        return;
      }
      if (finished.has(file)) return;
      for (const target of imports.get(file) ?? []) visit(target, [...path, file]);
      finished.add(file);
    };
    for (const file of files) visit(file, []);
    expect(cycles).toEqual([]);
  });

  // The one opens a store by its intents, the other moves whole stores from database to database.
  it.each(['sqlite', 'postgres'])('keeps %s out of everything but its adapter', (database) => {
    const adapter = `/store/${database}/`;
    const reached = [...imports].flatMap(([file, targets]) =>
      targets
        .filter((target) => target.includes(adapter) && !file.includes(adapter))
        .map(() => relative(source, file)),
    );
    expect([...new Set(reached)].sort()).toEqual(['deps.ts', 'transfer.ts']);
  });
});
