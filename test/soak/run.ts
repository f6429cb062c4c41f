/**
 * Keeps one server busy with everything that a broker does, and leaves with 1 when something goes wrong or keeps growing.
 *
 *   npm run soak -- [--minutes 30] [--store sqlite|postgres] [--short]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    store: { type: 'string', default: 'sqlite' },
    short: { type: 'boolean', default: false },
  },
});
const root = join(import.meta.dirname, '..', '..');
// By way of the tests, which bring a PostgreSQL.
const tests = spawn(
  process.execPath,
  [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--project', values.store, 'test/soak'],
  {
    cwd: root,
    env: {
      ...process.env,
      COATCHECK_TEST_FULL: '1',
      ...(values.short ? {} : { SOAK_MINUTES: values.minutes }),
    },
    stdio: 'inherit',
  },
);
const [code] = (await once(tests, 'exit')) as [number | null];
process.exitCode = code ?? 1;
