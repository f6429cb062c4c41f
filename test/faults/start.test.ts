import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { runCommand } from '../support/command_line.ts';
import { createSqliteHome, type Home } from '../support/home.ts';

const program = join(import.meta.dirname, '..', '..', 'dist', 'bin.js');
const nobody = 65_534;
/** Root may do everything: the program runs as somebody who may not. */
const user = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};

function run(command: string, dataDir: string, env: Readonly<Record<string, string>> = {}) {
  return spawnSync(process.execPath, [program, command], {
    ...user,
    env: { PORT: '0', COATCHECK_DATA_DIR: dataDir, ...env },
    encoding: 'utf8',
    timeout: 15_000,
  });
}

let usedBefore: Home;
beforeAll(async () => {
  usedBefore = createSqliteHome();
  expect((await runCommand(usedBefore, ['doctor'])).code).toBe(0);
});
afterAll(() => usedBefore.remove());

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coatcheck-start-'));
  giveAway(folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

function giveAway(path: string): void {
  if (user.uid !== undefined) chownSync(path, user.uid, user.gid);
}

/** A data folder that was in use before. */
function used(): string {
  cpSync(usedBefore.dataDir, folder, { recursive: true });
  for (const name of readdirSync(folder)) giveAway(join(folder, name));
  return folder;
}

/** Makes something in a used data folder into what cannot be read, or only read. */
function usedWith(name: string, mode: number): string {
  const path = join(used(), name);
  chmodSync(path, mode);
  return folder;
}

const isOutOfReach = run('--help', tmpdir()).status !== 0;

describe.skipIf(isOutOfReach || inject('store') === 'postgres')(
  'a start without what it needs ends with 1 and says what to do',
  () => {
    const ownership = /Let it belong to the user that Coatcheck runs as, or set COATCHECK_DATA_DIR/;

    it.each<[string, () => string, RegExp]>([
      ['somebody else’s data folder', () => '/', ownership],
      [
        'no leave to make the data folder',
        () => {
          chmodSync(folder, 0o500);
          return join(folder, 'data');
        },
        ownership,
      ],
      [
        'a file in the place of the data folder',
        () => {
          writeFileSync(join(folder, 'file'), '');
          return join(folder, 'file');
        },
        ownership,
      ],
      ['a database that cannot be written', () => usedWith('coatcheck.db', 0o400), ownership],
      ['a database that cannot be read', () => usedWith('coatcheck.db', 0o000), ownership],
      ['a master key that cannot be read', () => usedWith('master.key', 0o000), ownership],
      [
        'a folder in the place of the database',
        () => {
          rmSync(join(used(), 'coatcheck.db'));
          mkdirSync(join(folder, 'coatcheck.db'));
          return folder;
        },
        ownership,
      ],
      [
        'something else in the place of the database',
        () => {
          writeFileSync(join(used(), 'coatcheck.db'), 'notes of somebody '.repeat(1000));
          return folder;
        },
        /^file is not a database\. Restore coatcheck\.db from a backup/,
      ],
    ])('%s', (_, prepare, advice) => {
      const { status, stderr } = run('serve', prepare());
      expect(stderr).toMatch(advice);
      expect(stderr).toMatch(/^[^\n]+\n$/);
      expect(status).toBe(1);
    });

    it('a database that nobody answers for, and its password stays out of it', () => {
      const { status, stderr } = run('serve', folder, {
        COATCHECK_DATABASE_URL: 'postgres://ada:marked-secret@127.0.0.1:1/coatcheck',
        COATCHECK_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
      });
      expect(stderr).toMatch(
        /^The database 127\.0\.0\.1:1\/coatcheck cannot be used: [^\n]+ Check COATCHECK_DATABASE_URL\.\n$/,
      );
      expect(stderr).not.toContain('marked-secret');
      expect(status).toBe(1);
    });
  },
);
