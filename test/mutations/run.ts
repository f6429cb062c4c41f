/**
 * Breaks the source on purpose, one way after the other, and leaves with 1 when no test of the broken line notices.
 *
 *   npm run mutations -- [line …]
 */
import { join } from 'node:path';
import { startVitest } from 'vitest/node';
import { type Mutation, mutations } from './mutations.ts';

const root = join(import.meta.dirname, '..', '..');

/** Runs the tests of a line. @returns the titles of those that ran, by how they ended */
async function test({ line, noticedBy }: Mutation, isBroken: boolean) {
  process.env.MUTATION = isBroken ? String(line) : '';
  const vitest = await startVitest([join('test', noticedBy)], {
    root,
    config: join(import.meta.dirname, 'vitest.config.ts'),
    testNamePattern: `(^| )${line}( \\d+)* `,
    watch: false,
    reporters: [{}],
  });
  const tests = vitest.state.getTestModules().flatMap((file) => [...file.children.allTests()]);
  const titles = (state: string) =>
    tests.filter((each) => each.result().state === state).map(({ name }) => name);
  const ended = { passed: titles('passed'), failed: titles('failed') };
  await vitest.close();
  return ended;
}

const lines = process.argv.slice(2).map(Number);
const chosen = mutations.filter(({ line }) => lines.length === 0 || lines.includes(line));
let noticed = 0;
for (const mutation of chosen) {
  const whole = await test(mutation, false);
  const broken = await test(mutation, true);
  const isGreen = whole.failed.length === 0 && whole.passed.length > 0;
  const isNoticed = isGreen && broken.failed.length > 0;
  if (isNoticed) noticed += 1;
  const verdict = isNoticed ? 'noticed' : isGreen ? 'NOT NOTICED' : 'RED UNBROKEN';
  console.log(`${mutation.line} ${mutation.breaks}: ${verdict}`);
  for (const title of isGreen ? broken.failed : whole.failed) console.log(`    ${title}`);
}
console.log(`${noticed} of ${chosen.length} noticed`);
// vitest says 1 after a red run, and some are meant to be red.
process.exitCode = noticed === chosen.length ? 0 : 1;
