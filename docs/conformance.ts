import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Requirement, readRequirements } from '../test/conformance/requirements.ts';
import { mutations } from '../test/mutations/mutations.ts';

const tests = join(import.meta.dirname, '..', 'test');

/** A test whose title begins with the numbers of the lines that it proves. */
export interface Proof {
  readonly lines: readonly number[];
  /** Relative to `test`. */
  readonly file: string;
  /** Without the numbers. */
  readonly title: string;
}

const numberedTitle = /(['"`])(\d+(?: \d+)*) (.+?)\1,\s*(?:async )?\(/g;

/** @returns every numbered test below `test`, file by file */
export function findProofs(): readonly Proof[] {
  const files = readdirSync(tests, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  return files
    .sort()
    .flatMap((file) =>
      [...readFileSync(join(tests, file), 'utf8').matchAll(numberedTitle)].map(
        ([, , numbers = '', title = '']) => ({ lines: numbers.split(' ').map(Number), file, title }),
      ),
    );
}

/** The traceability table. */
export function conformance(): string {
  const proofs = findProofs();
  const rowOf = ({ line, requirement, source }: Requirement) =>
    `| ${line} | ${requirement} | ${testsOf(proofs.filter(({ lines }) => lines.includes(line)))} | ${source} |`;
  return [
    '# Conformance',
    '',
    'What an outsider can see of Coatcheck as an OAuth 2.1 authorization server and resource server, line by line, and the',
    'tests that show it. “Page” is a 4xx page for the person, without a redirect; “redirect” goes to the registered redirect',
    'URI with `error`, `state` and `iss`.',
    '',
    '<!-- Generated from test/conformance/requirements.tsv and the titles of the tests by `npm run docs`. -->',
    '',
    'A test proves the lines whose numbers its title begins with. Those in `test/conformance` use HTTP alone and run against any',
    'server ([how](../test/conformance/README.md)); what HTTP cannot show, such as kill -9 or the bytes of the database, is',
    'proved elsewhere. Everything that a broker serves is tested on SQLite and on PostgreSQL. `npm test` fails when a line has no',
    'test, when a test names a line that is not here, and when this page is out of date.',
    '',
    '`npm run fuzz` draws requests for every route, from what is nearly good, and fails at any 5xx and at whatever is given',
    'for nothing. `npm run mutations` breaks the lines that would hurt most, and fails when no test [notices](#broken-on-purpose).',
    ...readRequirements().flatMap(({ title, requirements }) => [
      '',
      `## ${title}`,
      '',
      '| # | what an outsider sees | tests | source |',
      '|---|---|---|---|',
      ...requirements.map(rowOf),
    ]),
    '',
    '## Broken on purpose',
    '',
    '| # | what is broken | noticed by |',
    '|---|---|---|',
    ...mutations.map(
      ({ line, breaks, noticedBy }) => `| ${line} | ${breaks} | [${noticedBy}](../test/${noticedBy}) |`,
    ),
    '',
  ].join('\n');
}

/** File by file, with the titles of its tests. */
function testsOf(proofs: readonly Proof[]): string {
  return [...Map.groupBy(proofs, ({ file }) => file)]
    .map(([file, found]) => {
      const titles = found.map(({ title }) => title.replaceAll('|', '\\|').replaceAll('\\\\', '\\'));
      return `[${file}](../test/${file}): ${titles.join('; ')}`;
    })
    .join('<br>');
}
