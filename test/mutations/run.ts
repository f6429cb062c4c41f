/**
 * Breaks the source on purpose, one way after the other, and leaves with 1 when no test of the broken line notices.
 *
 *   npm run mutations -- [line …]
 */
import { join } from 'node:path';
import { startVitest } from 'vitest/node';
import { mutations } from './mutations.ts';

const root = join(import.meta.dirname, '..', '..');

interface Ended {
  readonly title: string;
  readonly hasPassed: boolean;
}

/** Runs the tests of lines in a file. @param mutation line of what is broken meanwhile; null for nothing */
async function test(
  file: string,
  lines: readonly number[],
  mutation: number | null,
): Promise<readonly Ended[]> {
  process.env.MUTATION = mutation === null ? '' : String(mutation);
  const vitest = await startVitest([join('test', file)], {
    root,
    config: join(import.meta.dirname, 'vitest.config.ts'),
    testNamePattern: `(^| )(${lines.join('|')})( \\d+)* `,
    watch: false,
    reporters: [{}],
  });
  const ended = vitest.state
    .getTestModules()
    .flatMap((module) => [...module.children.allTests()])
    .map((each) => ({ title: each.name, state: each.result().state }))
    .filter(({ state }) => state === 'passed' || state === 'failed')
    .map(({ title, state }) => ({ title, hasPassed: state === 'passed' }));
  await vitest.close();
  return ended;
}

const wanted = process.argv.slice(2).map(Number);
const chosen = mutations.filter(({ line }) => wanted.length === 0 || wanted.includes(line));
let noticed = 0;
for (const [file, ofFile] of Map.groupBy(chosen, ({ noticedBy }) => noticedBy)) {
  const lines = ofFile.map(({ line }) => line);
  const unbroken = await test(file, lines, null);
  const reds = unbroken.filter(({ hasPassed }) => !hasPassed);
  if (unbroken.length === 0 || reds.length > 0) {
    console.log(`${file} is not green unbroken: ${reds.map(({ title }) => title).join('; ')}`);
    continue;
  }
  for (const { line, breaks } of ofFile) {
    const broken = await test(file, [line], line);
    const reds = broken.filter(({ hasPassed }) => !hasPassed);
    if (reds.length > 0) noticed += 1;
    console.log(`${line} ${breaks}: ${reds.length > 0 ? 'noticed' : 'NOT NOTICED'}`);
    for (const { title } of reds) console.log(`    ${title}`);
  }
}
console.log(`${noticed} of ${chosen.length} noticed`);
// vitest says 1 after a red run, and some are meant to be red.
process.exitCode = noticed === chosen.length ? 0 : 1;
