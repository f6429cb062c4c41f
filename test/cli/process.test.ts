import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createPostgresHome, createSqliteHome, type Home } from '../support/home.ts';
import { environmentFor, program, spawnCommand } from '../support/process.ts';

// What the other tests of commands, which run them in their own process, cannot see.

const email = 'ada@example.com';

let home: Home;
beforeAll(() => {
  home = createSqliteHome();
});
afterAll(() => home.remove());

test('a command takes the first line from an input that stays open, and ends', async () => {
  const child = spawn(process.execPath, [program, 'user', 'create', '--email', email, '--json'], {
    env: environmentFor(home),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill());
  const printed = text(child.stdout);
  child.stdin.write('correct horse battery\n');
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(JSON.parse(await printed)).toEqual({ user_id: expect.stringMatching(/^usr_/), email });
});

test('a command leaves nothing open that would keep it from ending, and prints one JSON document', async () => {
  const [restored, copied] = [await createPostgresHome(), await createPostgresHome()];
  try {
    const backup = join(home.dataDir, 'backup');
    for (const { dataDir } of [restored, copied]) {
      cpSync(join(home.dataDir, 'master.key'), join(dataDir, 'master.key'));
    }
    const steps: readonly [Home, readonly string[], string?][] = [
      [home, ['key', 'deposit', '--user', email, '--provider', 'openai'], 'sk-sandbox-first-4321\n'],
      [home, ['backup', backup]],
      [restored, ['restore', backup]],
      [restored, ['doctor']],
      [{ ...home, env: copied.env }, ['store', 'copy']],
    ];
    for (const [place, args, input = ''] of steps) {
      const { code, stdout, stderr } = await spawnCommand(place, [...args, '--json'], { input });
      expect([args, code, stderr]).toEqual([args, 0, '']);
      expect(JSON.parse(stdout)).toEqual(expect.any(Object));
    }
  } finally {
    await restored.remove();
    await copied.remove();
  }
});

test.each([
  [0, ['grant', 'list', '--help'], /^Usage: coatcheck grant list/, /^$/],
  [1, ['grant', 'revoke', 'grt_none'], /^$/, /^There is no grant grt_none\b.*\n$/],
  [2, ['users'], /^$/, /^error: unknown command 'users'/],
])('a process ends with %i after %j', async (code, args, stdout, stderr) => {
  expect(await spawnCommand(home, args)).toEqual({
    code,
    stdout: expect.stringMatching(stdout),
    stderr: expect.stringMatching(stderr),
  });
});
