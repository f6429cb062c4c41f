import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { type Column, getTableColumns, getTableName, is, Table } from 'drizzle-orm';
import { getTableConfig, type SQLiteTable } from 'drizzle-orm/sqlite-core';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { Client } from '../../src/store/postgres/client.ts';
import * as postgresSchema from '../../src/store/postgres/schema.ts';
import { openPostgresStore } from '../../src/store/postgres/store.ts';
import { fillPostgres, readPostgres } from '../../src/store/postgres/tables.ts';
import { tablesOf } from '../../src/store/schema_tables.ts';
import { fillDatabaseFile, readDatabaseFile } from '../../src/store/sqlite/database_file.ts';
import * as sqliteSchema from '../../src/store/sqlite/schema.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import type { Store } from '../../src/store/store.ts';
import { copyTables, type EmptyTables, type Row, type Tables } from '../../src/store/tables.ts';
import { createUser, found } from '../store-contract/world.ts';
import { createDatabase } from '../support/postgres.ts';

/** A database that is copied from and to. */
interface Place {
  read<Result>(work: (from: Tables) => Promise<Result>): Promise<Result>;
  fill<Result>(work: (to: EmptyTables) => Promise<Result>): Promise<Result>;
  open(): Promise<Store>;
  /** Names of the tables that the database has, whatever the schema says. */
  tableNames(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

function sqlitePlace(): Place {
  const folder = mkdtempSync(join(tmpdir(), 'coatcheck-copy-'));
  const file = join(folder, 'coatcheck.db');
  return {
    read: (work) => readDatabaseFile(file, 'write', ({ tables }) => work(tables)),
    fill: (work) => fillDatabaseFile(file, ({ tables }) => work(tables)),
    open: async () => openSqliteStore({ file, clock: systemClock }),
    async tableNames() {
      const database = new Database(file);
      const names = database
        .prepare<[], string>(
          `select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'`,
        )
        .pluck()
        .all();
      database.close();
      return names;
    },
    async remove() {
      expect(readdirSync(folder).filter((name) => !name.startsWith('coatcheck.db-'))).toEqual(
        existsSync(file) ? ['coatcheck.db'] : [],
      );
      rmSync(folder, { recursive: true });
    },
  };
}

async function postgresPlace(): Promise<Place> {
  const { url, drop } = await createDatabase();
  const secret = new Secret(url);
  return {
    read: (work) => readPostgres(secret, work),
    fill: (work) => fillPostgres(secret, work),
    open: () => openPostgresStore({ url: secret }),
    async tableNames() {
      const client = new Client(url);
      await client.connect();
      const { rows } = await client.query<{ name: string }>(
        `select tablename as name from pg_tables where schemaname = 'public' and tablename <> 'schema_version'`,
      );
      await client.end();
      return rows.map(({ name }) => name);
    },
    remove: drop,
  };
}

const places = { sqlite: async () => sqlitePlace(), postgres: postgresPlace };
const dialects = ['sqlite', 'postgres'] as const;
const pairs = dialects.flatMap((from) => dialects.map((to) => [from, to] as const));

const opened: Place[] = [];
const place = async (dialect: (typeof dialects)[number]) => {
  const made = await places[dialect]();
  opened.push(made);
  return made;
};
afterEach(async () => {
  for (const each of opened.splice(0)) await each.remove();
});

type Columns = Readonly<Record<string, Column>>;

/** The columns of each table of a schema. */
function columnsOf(schema: Readonly<Record<string, unknown>>): ReadonlyMap<string, Columns> {
  const tables = Object.values(schema).filter((exported) => is(exported, Table));
  return new Map(tables.map((table) => [getTableName(table), getTableColumns(table)]));
}

/** The n-th row of any table. Texts of the same n are the same everywhere, so that what rows refer to is there. */
function rowOf(columns: Columns, n: number): Row {
  const valueFor = (column: Column): unknown => {
    if (!column.notNull && n % 3 === 0) return null;
    if (column.columnType === 'PgInteger') return n;
    if (column.dataType === 'number') return column.primary ? n : Number.MAX_SAFE_INTEGER - n;
    if (column.dataType === 'boolean') return n % 2 === 0;
    if (column.dataType === 'json') return oddJson(n);
    if (column.getSQLType() === 'bytea') return Buffer.from(n % 5 === 0 ? [] : [0, 255, n % 256]);
    return `Ünï"'\\{},😀 ${n}`;
  };
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, valueFor(column)]));
}

function oddJson(n: number): unknown {
  return JSON.parse(
    `{"__proto__": ${n}, "": null, "\\u0000": "\\u0000\\ud800", "10": [1e21, -0.5, {}], "2": true, "ä'\\"": "NULL"}`,
  );
}

/** Puts rows into every table that there is. */
const fillAll = (rowCount: number) => async (to: EmptyTables) => {
  const columns = columnsOf(postgresSchema);
  for (const [name, table] of to) {
    const rows = Array.from({ length: rowCount }, (_, n) => rowOf(found(columns.get(name)), n + 1));
    for (const half of [rows.slice(rowCount / 2), rows.slice(0, rowCount / 2)]) await table.insert(half);
  }
};

async function readAll(from: Tables): Promise<Readonly<Record<string, readonly Row[]>>> {
  const rows: Record<string, readonly Row[]> = {};
  for (const [name, table] of from) {
    const all: Row[] = [];
    for await (const page of table.pages()) all.push(...page);
    rows[name] = all;
  }
  return rows;
}

it('both schemas have the same tables, with the same names for the same columns', () => {
  const described = (schema: Readonly<Record<string, unknown>>) =>
    [...columnsOf(schema)].map(([table, columns]) => [
      table,
      Object.entries(columns).map(([property, { name, notNull }]) => [property, name, notNull]),
    ]);
  expect(described(sqliteSchema)).toEqual(described(postgresSchema));
});

it('puts each table after those that it refers to, wherever the schema has it', () => {
  const reversed = Object.fromEntries(Object.entries(sqliteSchema).reverse());
  const tables = tablesOf<SQLiteTable>(reversed, getTableConfig);
  const names = tables.map(({ name }) => name);
  const references = tables.flatMap(({ name, table }) =>
    getTableConfig(table).foreignKeys.map(
      (key) => [name, getTableName(key.reference().foreignTable)] as const,
    ),
  );
  expect(references.length).toBeGreaterThan(5);
  for (const [from, to] of references) expect(names.indexOf(from)).toBeGreaterThan(names.indexOf(to));
});

describe.each(dialects)('copying to %s', (dialect) => {
  it('leaves out no table that the database has', async () => {
    const target = await place(dialect);
    const names = await target.fill(async (to) => [...to.keys()]);
    expect(names.toSorted()).toEqual((await target.tableNames()).toSorted());
    expect(names.length).toBeGreaterThan(10);
  });

  it('keeps nothing when something else arrives than was sent', async () => {
    const source = await place('sqlite');
    await source.fill(fillAll(20));
    const tampered = await place(dialect);
    const changes: ((rows: readonly Row[]) => readonly Row[])[] = [
      ([first, ...rest]) => [{ ...first, costNanoUsd: 0 }, ...rest],
      ([_first, ...rest]) => rest,
    ];
    for (const change of changes) {
      const copying = tampered.fill((to) => {
        const calls = found(to.get('calls'));
        const insert = (rows: readonly Row[]) => calls.insert(change(rows));
        return copyTables((work) => source.read(work), new Map(to).set('calls', { ...calls, insert }));
      });
      await expect(copying).rejects.toThrow(/rows of calls did not arrive/);
    }
    const store = await tampered.open();
    expect(await store.accounts.countUsers()).toBe(0);
    await store.close();
  });

  it('goes on numbering after what was copied', async () => {
    const source = await place('sqlite');
    await source.fill(fillAll(20));
    const target = await place(dialect);
    await target.fill((to) => copyTables((work) => source.read(work), to));
    const store = await target.open();
    const user = await createUser(store);
    const [newest] = await store.records.listAuditEvents({}, 1);
    expect(newest).toMatchObject({ action: 'user.created', subject: user.id });
    await store.close();
  });

  it('never touches a store that is in use', async () => {
    const target = await place(dialect);
    await target.fill(fillAll(20));
    const before = await target.read(readAll);
    const copying = target.fill((to) => copyTables((work) => target.read(work), to));
    await expect(copying).rejects.toThrow(/EEXIST|holds accounts/);
    expect(await target.read(readAll)).toEqual(before);
  });
});

it.each(pairs)('every value of every table survives the way from %s to %s', async (from, to) => {
  const source = await place(from);
  const target = await place(to);
  const rowCount = 550; // more than a page
  await source.fill(fillAll(rowCount));
  const counts = await target.fill((tables) => copyTables((work) => source.read(work), tables));
  const sent = await source.read(readAll);
  expect(await target.read(readAll)).toStrictEqual(sent);
  expect(counts).toEqual(Object.fromEntries(Object.keys(sent).map((name) => [name, rowCount])));
});

it('takes a text with a NUL, which PostgreSQL has no room for, as its store would', async () => {
  const source = await place('sqlite');
  const target = await place('postgres');
  await source.fill((to) => found(to.get('settings')).insert([{ name: 'odd', value: 'a\0b' }]));
  await target.fill((to) => copyTables((work) => source.read(work), to));
  expect((await target.read(readAll)).settings).toEqual([{ name: 'odd', value: 'a\ufffdb' }]);
});

it.each(dialects)('sees %s as it is at one moment, while others write', async (dialect) => {
  const source = await place(dialect);
  const target = await place('sqlite');
  const rowCount = 20;
  await source.fill(fillAll(rowCount));
  const store = await source.open();
  const counts = await target.fill((to) =>
    copyTables(
      (work) =>
        source.read(async (from) => {
          for await (const _page of found(from.get('settings')).pages()) await createUser(store);
          return work(from);
        }),
      to,
    ),
  );
  expect(await store.accounts.countUsers()).toBe(rowCount + 1);
  await store.close();
  expect(counts).toMatchObject({ users: rowCount, audit_events: rowCount });
});
