import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from './support/process.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'coatcheck-main-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const serve = () => runCommand(dataDir, ['serve'], { env: { PORT: '0' } });

describe('a start that fails', () => {
  it('ends the process also when it fails late', async () => {
    mkdirSync(join(dataDir, 'issuer'));
    const { code, stderr } = await serve();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^EISDIR\b.*\n$/);
  });

  it('says in one line that the database is a newer one', async () => {
    expect((await runCommand(dataDir, ['doctor'])).code).toBe(0);
    const database = new Database(join(dataDir, 'coatcheck.db'));
    database.pragma('user_version = 999');
    database.close();
    const { code, stderr } = await serve();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The database was written by a newer version.*\n$/);
  });
});

it('a command says in one line that another process keeps the database to itself', async () => {
  expect((await runCommand(dataDir, ['doctor'])).code).toBe(0);
  const database = new Database(join(dataDir, 'coatcheck.db'));
  database.exec('BEGIN IMMEDIATE');
  const { code, stderr } = await runCommand(dataDir, ['user', 'create', '--email', 'ada@example.com']);
  database.close();
  expect(code).toBe(1);
  expect(stderr).toMatch(/^database is locked\..*try again.*\n$/);
});
