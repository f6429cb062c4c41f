import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Config, readConfig } from '../src/config.ts';
import { systemClock } from '../src/lib/clock.ts';
import { openConnection } from '../src/store/sqlite/open.ts';
import { openSqliteStore } from '../src/store/sqlite/store.ts';
import { backUp, copyToPostgres, restore } from '../src/transfer.ts';
import { connect, startBroker } from './support/broker.ts';
import { runJson } from './support/command_line.ts';
import { createPostgresHome, createSqliteHome, type Home } from './support/home.ts';
import { furnish } from './support/world.ts';

// Tokens name their issuer, wherever the broker that takes them listens.
const env = { COATCHECK_ISSUER: 'http://127.0.0.1:8787' };
const configOf = (home: Pick<Home, 'dataDir' | 'env'>): Config =>
  readConfig({ COATCHECK_DATA_DIR: home.dataDir, ...env, ...home.env });
const databaseOf = (home: Home) => join(home.dataDir, 'coatcheck.db');

/** A store in SQLite that has been in use, and that nobody serves any more. */
let used: Home;
let tokens: { readonly access_token: string; readonly refresh_token: string };
let folder: string;
let path: string;
const made: Home[] = [];

/** Where something is to arrive, beside the same master key. */
async function createTarget(create: () => Home | Promise<Home>): Promise<Home> {
  const target = await create();
  made.push(target);
  cpSync(join(used.dataDir, 'master.key'), join(target.dataDir, 'master.key'));
  return target;
}

// Some tests run several processes, or wait for one to be in the middle of it.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

beforeAll(async () => {
  used = createSqliteHome();
  const broker = await startBroker({ home: used, env });
  await furnish(broker);
  ({ tokens } = await connect(broker));
  await broker.close();
  folder = mkdtempSync(join(tmpdir(), 'coatcheck-transfer-'));
  path = join(folder, 'backup.sqlite');
  await backUp(configOf(used), path);
});
afterEach(async () => {
  for (const home of made.splice(0)) await home.remove();
});
afterAll(async () => {
  await used.remove();
  rmSync(folder, { recursive: true });
});

function run(file: string, statements: string): void {
  const database = new Database(file).unsafeMode();
  database.exec(statements);
  database.close();
}

describe('restore', () => {
  let target: Home;
  beforeEach(async () => {
    target = await createTarget(createSqliteHome);
  });

  const overwrite = (file: string) => writeFileSync(file, readFileSync(file).fill(0xa5, 8192, 16_384));
  const replace = (file: string) => {
    rmSync(file);
    run(file, 'create table users (name text); pragma user_version = 1');
  };
  /** An index goes on naming calls that are gone. */
  const outdateIndex = (file: string) => {
    const index = `from sqlite_schema where name = 'calls_grant'`;
    run(file, `pragma writable_schema = on; create table hidden as select * ${index}; delete ${index}`);
    run(
      file,
      'delete from calls; pragma writable_schema = on; insert into sqlite_schema select * from hidden',
    );
  };
  const damages: readonly (readonly [string, (file: string) => void, RegExp])[] = [
    ['is cut off', (file) => truncateSync(file, 20_000), /is damaged, or no backup/],
    ['has overwritten pages', overwrite, /is damaged, or no backup/],
    ['has an outdated index', outdateIndex, /its integrity check fails/],
    ['is no database', (file) => writeFileSync(file, 'some notes\n'.repeat(1000)), /not a database/],
    ['is empty', (file) => truncateSync(file, 0), /no backup of Coatcheck: it has no version/],
    ['is another program’s', replace, /is damaged, or no backup/],
    ['holds no JSON', (file) => run(file, `update clients set redirect_uris = '['`), /is damaged/],
    ['is of a newer version', (file) => run(file, 'pragma user_version = 999'), /newer version/],
    ['lacks rows', (file) => run(file, 'pragma foreign_keys = off; delete from users'), /rows that are miss/],
    ['is a database in use', (file) => writeFileSync(`${file}-wal`, 'newer pages'), /is in use/],
  ];
  it.each(damages)('refuses a file that %s in one sentence, and leaves nothing', async (_, damage, why) => {
    const damaged = join(mkdtempSync(join(folder, 'damaged-')), 'backup.sqlite');
    cpSync(path, damaged);
    damage(damaged);
    const before = readFileSync(damaged);
    const refusal = await restore(configOf(target), damaged).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ name: 'StoreError', message: expect.stringMatching(why) });
    expect(String(refusal)).not.toContain('\n');
    expect(readFileSync(damaged).equals(before)).toBe(true);
    expect(readdirSync(target.dataDir)).toEqual(['master.key']);
  });

  it('refuses a file that is not there', async () => {
    await expect(restore(configOf(target), join(folder, 'missing'))).rejects.toThrow(/There is no file/);
  });

  it('refuses to begin beside the log of another database, which would be taken for its own', async () => {
    writeFileSync(`${databaseOf(target)}-wal`, 'pages of another database');
    await expect(restore(configOf(target), path)).rejects.toThrow(/coatcheck.db-wal is there/);
  });

  it('brings a backup of the version before up to date', async () => {
    const before = join(folder, 'migrations');
    mkdirSync(before);
    cpSync(new URL('../drizzle/sqlite', import.meta.url), before, { recursive: true });
    const journal = join(before, 'meta', '_journal.json');
    const { entries, ...rest } = JSON.parse(readFileSync(journal, 'utf8')) as { entries: unknown[] };
    writeFileSync(journal, JSON.stringify({ ...rest, entries: entries.slice(0, -1) }));
    const old = join(folder, 'old.sqlite');
    const { client } = openConnection(old, systemClock, before);
    client.exec(`insert into settings values ('kept', 'since then')`);
    client.close();
    await restore(configOf(target), old);
    expect(await target.query('select * from settings')).toEqual([{ name: 'kept', value: 'since then' }]);
    await backUp(configOf(target), join(folder, 'new.sqlite'));
  });

  it('ends what an operator cannot see: codes, requests, and the keys that signed tokens', async () => {
    const full = join(folder, 'full.sqlite');
    cpSync(path, full);
    run(
      full,
      `insert into authorization_codes (hash, client_id, grant_id, redirect_uri, code_challenge, scope, created_at, expires_at, failed_attempts)
       values ('hash', 'c', 'g', 'u', 'x', 's', 1, ${2 ** 52}, 0);
       insert into pushed_requests values ('hash', 'c', 'p', 1, ${2 ** 52}, null);
       insert into device_authorizations (device_code_hash, user_code_hash, client_id, scope, created_at, expires_at, interval)
       values ('device', 'user', 'c', 's', 1, ${2 ** 52}, 5);
       insert into authorization_requests (id, client_id, redirect_uri, scope, code_challenge, browser_hash, created_at, expires_at)
       values ('arq', 'c', 'u', 's', 'x', 'b', 1, ${2 ** 52})`,
    );
    const { tables } = await restore(configOf(target), full);
    // With a new table: is there anything in it that somebody could present, and that `restore` has to end?
    expect(Object.keys(tables).toSorted().join(' ')).toBe(
      'attempts audit_events authorization_codes authorization_requests budgets calls clients counters credentials ' +
        'device_authorizations dpop_proofs families grants instances invitations notices provider_objects pushed_requests rates refresh_tokens sessions settings ' +
        'signing_keys subjects users wraps',
    );
    const presentable = [
      'authorization_codes',
      'authorization_requests',
      'device_authorizations',
      'pushed_requests',
    ];
    for (const table of presentable) {
      expect([table, await target.query(`select * from ${table}`)]).toEqual([table, []]);
    }
    expect(await target.query('select kid from signing_keys where withdrawn_at is null')).toEqual([]);
    expect(
      await target.query(`select * from audit_events where action = 'signing_key.withdrawn'`),
    ).toHaveLength(1);
  });
});

describe('store copy', () => {
  let target: Home;
  let config: Config;
  beforeEach(async () => {
    target = await createTarget(createPostgresHome);
    config = configOf({ dataDir: used.dataDir, env: target.env });
  });
  const usersThere = () => target.query('select * from users');

  it('moves a store in use to PostgreSQL, where tokens go on being good', async () => {
    const before = readFileSync(databaseOf(used));
    // What looking whether the database can be reached makes there.
    await runJson(target, ['doctor']);
    const { tables } = await runJson<{ tables: Record<string, number> }>(used, ['store', 'copy'], {
      env: target.env,
    });
    expect(readFileSync(databaseOf(used)).equals(before)).toBe(true);
    for (const [name, rows] of Object.entries(tables)) {
      const counted = `select count(*) from ${name}`;
      expect([name, await target.query(counted)]).toEqual([name, [{ count: rows }]]);
    }
    expect(tables).toMatchObject({ users: 3, calls: 7 });

    const broker = await startBroker({ home: target, env });
    const { status } = await fetch(`${broker.url}/openai/v1/models`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    await broker.close();
    expect(status).toBe(200);
  });

  it('needs somewhere to copy to, and something to copy', async () => {
    await expect(copyToPostgres(configOf(used))).rejects.toThrow(/COATCHECK_DATABASE_URL is not set/);
    await expect(copyToPostgres(configOf(target))).rejects.toThrow(/There is no store at/);
    expect(existsSync(databaseOf(target))).toBe(false);
  });

  it('touches no database that has accounts', async () => {
    await runJson(target, ['user', 'create', '--email', 'grace@example.com']);
    await expect(copyToPostgres(config)).rejects.toThrow(
      /127.0.0.1:\d+\/\w+ holds accounts or calls already/,
    );
    expect(await usersThere()).toMatchObject([{ email: 'grace@example.com' }]);
  });

  it('waits for the server to be stopped', async () => {
    const server = openSqliteStore({ file: databaseOf(used), clock: systemClock });
    await server.instances.beat('ins_running', 30);
    await expect(copyToPostgres(config)).rejects.toThrow(
      /A server is running on .*coatcheck\.db\. Stop it first/,
    );
    expect(await usersThere()).toEqual([]);
    await server.instances.leave('ins_running');
    await copyToPostgres(config);
    await server.close();
    expect(await usersThere()).not.toEqual([]);
  });

  it('needs every master key', async () => {
    const other = { COATCHECK_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') };
    const withOther = configOf({ dataDir: used.dataDir, env: { ...target.env, ...other } });
    await expect(copyToPostgres(withOther)).rejects.toThrow(/lacks the master key [0-9a-f]{8}/);
    expect(await usersThere()).toEqual([]);
  });
});

describe('broken off in the middle', () => {
  /** A store that takes long enough to be caught at it. */
  let large: Home;
  beforeAll(() => {
    large = createSqliteHome();
    cpSync(join(used.dataDir, 'master.key'), join(large.dataDir, 'master.key'));
    cpSync(databaseOf(used), databaseOf(large));
    const database = new Database(databaseOf(large));
    const columns = database.prepare(`select name from pragma_table_info('calls')`).pluck().all();
    database.exec(
      `insert into calls select ${columns.map((name) => (name === 'id' ? 'id || value' : name))}
       from (select * from calls limit 1),
            (with recursive counted (value) as (select 1 union all select value + 1 from counted limit 20000)
             select value from counted)`,
    );
    database.close();
  });
  afterAll(() => large.remove());

  const start = (args: readonly string[], extra: Readonly<Record<string, string>> = {}) =>
    spawn(process.execPath, ['dist/bin.js', ...args], {
      env: { ...process.env, COATCHECK_DATA_DIR: large.dataDir, ...extra },
      stdio: 'ignore',
    });
  const soon = { timeout: 15_000, interval: 5 };

  it('a backup is not there at all, and can be made again', async () => {
    const scratch = mkdtempSync(join(folder, 'killed-'));
    const file = join(scratch, 'backup.sqlite');
    const child = start(['backup', file]);
    await vi.waitFor(() => {
      const [draft] = readdirSync(scratch).filter((name) => /sqlite\.\w+$/.test(name));
      expect(statSync(join(scratch, draft ?? '')).size).toBeGreaterThan(100_000);
    }, soon);
    child.kill('SIGKILL');
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    expect(existsSync(file)).toBe(false);
    await runJson(large, ['backup', file]);
  });

  it.each([
    ['the command is killed', 'SIGKILL'],
    ['the connection is lost', null],
  ] as const)('a copy leaves the target empty when %s, and can be made again', async (_, signal) => {
    const target = await createTarget(createPostgresHome);
    const child = start(['store', 'copy'], target.env);
    const exited = once(child, 'exit');
    const copying = `from pg_stat_activity where datname = current_database() and query like 'insert into "calls"%'`;
    await vi.waitFor(async () => expect(await target.query(`select pid ${copying}`)).not.toEqual([]), soon);
    if (signal) child.kill(signal);
    else await target.query(`select pg_terminate_backend(pid) ${copying}`);
    expect(await exited).toEqual(signal ? [null, signal] : [1, null]);
    await vi.waitFor(async () => expect(await target.query(`select pid ${copying}`)).toEqual([]), soon);
    expect(await target.query('select id from users union all select id from calls')).toEqual([]);
    await runJson(large, ['store', 'copy'], { env: target.env });
  });
});
