import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { openConnection } from '../../src/store/sqlite/open.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { createUser, depositKey, found, operator } from '../store-contract/world.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coatcheck-sqlite-'));
  file = join(folder, 'coatcheck.db');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const open = () => openSqliteStore({ file, clock: systemClock });
const inFiles = (bytes: string | Buffer) =>
  readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(bytes));

test('only the owner may read the database and its side files, whatever the umask', async () => {
  const before = process.umask(0);
  try {
    const store = open();
    await createUser(store);
    const names = readdirSync(folder).sort();
    expect(names).toEqual(['coatcheck.db', 'coatcheck.db-shm', 'coatcheck.db-wal']);
    for (const name of names) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    await store.close();
  } finally {
    process.umask(before);
  }
});

test('several processes may open a fresh file at once', async () => {
  const racer = new URL('../store-contract/racer.ts', import.meta.url);
  const opener = new URL('../store-contract/sqlite_opener.ts', import.meta.url).href;
  const racers = Array.from({ length: 4 }, () => fork(racer, [opener, file], { execArgv: [] }));
  const readiness = await Promise.all(racers.map((child) => once(child, 'message')));
  expect(readiness).toEqual(racers.map(() => ['ready', undefined]));
  for (const child of racers) {
    const exited = once(child, 'exit');
    child.disconnect();
    await exited;
  }
  const store = open();
  expect(await store.accounts.countUsers()).toBe(0);
  await store.close();
});

test.skipIf(process.getuid?.() === 0)('a database that cannot be written is refused', () => {
  openConnection(file, systemClock).client.close();
  chmodSync(file, 0o400);
  expect(open).toThrow(/EACCES/);
});

test('a database of a newer version is refused', () => {
  const { client } = openConnection(file, systemClock);
  client.pragma('user_version = 999');
  client.close();
  expect(open).toThrow(/newer version/);
});

test('a file that is no database is refused and left as it was', () => {
  const contents = 'notes of somebody, which are certainly no database'.repeat(20);
  writeFileSync(file, contents);
  expect(open).toThrow(/not a database/);
  expect(readFileSync(file, 'utf8')).toBe(contents);
});

test('commits survive a power cut, foreign keys hold, deleted bytes are overwritten', () => {
  const { client } = openConnection(file, systemClock);
  const setting = (name: string) => client.pragma(name, { simple: true });
  expect(setting('journal_mode')).toBe('wal');
  expect(setting('synchronous')).toBe(2);
  expect(setting('foreign_keys')).toBe(1);
  expect(setting('secure_delete')).toBe(1);
  expect(setting('trusted_schema')).toBe(0);
  expect(setting('busy_timeout')).toBe(1000);
  client.close();
});

test('a transaction that throws leaves nothing behind', async () => {
  const connection = openConnection(file, systemClock);
  const work = () =>
    connection.write((at) => {
      connection.audit({ at, actor: operator, action: 'user.created', subject: 'usr_1', userId: null });
      throw new Error('on purpose');
    });
  expect(work).toThrow('on purpose');
  expect(connection.client.prepare('SELECT count(*) FROM audit_events').pluck().get()).toBe(0);
  connection.client.close();
});

test('a deleted key leaves no bytes in any file', async () => {
  const store = open();
  const user = await createUser(store);
  const credential = await depositKey(store, user);
  const { ciphertext, wrap } = found(await store.credentials.findSealed(credential.id, 'owner'));
  expect(inFiles(ciphertext)).not.toEqual([]);
  await store.credentials.deleteCredential(credential.id, operator);
  for (const secret of [ciphertext, wrap.wrapped, credential.fingerprint])
    expect(inFiles(secret)).toEqual([]);
  await store.close();
});

test('a replaced key leaves no bytes of the old one in any file', async () => {
  const store = open();
  const user = await createUser(store);
  const { id } = await depositKey(store, user);
  const { ciphertext } = found(await store.credentials.findSealed(id, 'owner'));
  const next = { fingerprint: 'f', last4: 'wxyz', status: 'verified', checkedAt: null } as const;
  await store.credentials.replaceKey(
    id,
    1,
    { ...next, ciphertext: Buffer.from('longer than before by far') },
    operator,
  );
  expect(inFiles(ciphertext)).toEqual([]);
  await store.close();
});

test('sweeping cuts the bytes of what it deletes out of the log', async () => {
  const store = open();
  const user = await createUser(store);
  await store.accounts.startSession({ hash: 'marked session', userId: user.id, expiresAt: 0 }, null);
  expect(inFiles('marked session')).not.toEqual([]);
  await store.sweep();
  expect(inFiles('marked session')).toEqual([]);
  await store.close();
});

test('sweeping waits for nobody who reads for long', async () => {
  const store = open();
  const reader = openConnection(file, systemClock).client;
  reader.exec('begin; select * from users');
  const began = performance.now();
  for (let sweeps = 0; sweeps < 10; sweeps++) await store.sweep();
  // Each would wait for a second.
  expect(performance.now() - began).toBeLessThan(5000);
  reader.close();
  await store.sweep();
  expect(statSync(`${file}-wal`).size).toBe(0);
  await store.close();
});

test('a store that is closed refuses', async () => {
  const store = open();
  await store.close();
  await store.close();
  await expect(store.accounts.countUsers()).rejects.toThrow();
});
