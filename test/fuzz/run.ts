/**
 * Sends every endpoint what no client would send, and leaves with 1 when one answers as it never should.
 *
 *   npm run fuzz -- [--minutes 10] [--store sqlite|postgres] [--seed 1]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    store: { type: 'string', default: 'sqlite' },
    seed: { type: 'string' },
  },
});
const root = join(import.meta.dirname, '..', '..');
// By way of the tests, which bring a PostgreSQL.
const tests = spawn(
  process.execPath,
  [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--project', values.store, 'test/fuzz'],
  {
    cwd: root,
    env: {
      ...process.env,
      COATCHECK_TEST_FULL: '1',
      FUZZ_MINUTES: values.minutes,
      ...(values.seed !== undefined && { COATCHECK_TEST_SEED: values.seed }),
    },
    stdio: 'inherit',
  },
);
const [code] = (await once(tests, 'exit')) as [number | null];
process.exitCode = code ?? 1;
