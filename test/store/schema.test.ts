import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { Secret } from '../../src/lib/secret.ts';
import { openPostgresStore } from '../../src/store/postgres/store.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import type { Store } from '../../src/store/store.ts';
import { createDatabase } from '../support/postgres.ts';

/** An empty database, as it is without the store. */
interface Bare {
  run(sql: string): Promise<void>;
  readonly markVersion: (version: number) => string;
  open(): Promise<Store>;
  close(): Promise<void>;
}

async function bareSqlite(): Promise<Bare> {
  const folder = mkdtempSync(join(tmpdir(), 'coatcheck-schema-'));
  const file = join(folder, 'coatcheck.db');
  const database = new Database(file);
  return {
    run: async (sql) => void database.exec(sql),
    markVersion: (version) => `pragma user_version = ${version}`,
    open: async () => openSqliteStore({ file, clock: systemClock }),
    async close() {
      database.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function barePostgres(): Promise<Bare> {
  const { url, drop } = await createDatabase();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('drop schema public cascade; create schema public');
  return {
    run: async (sql) => void (await client.query(sql)),
    markVersion: (version) =>
      `create table if not exists schema_version (applied integer not null);
       delete from schema_version; insert into schema_version values (${version})`,
    open: () => openPostgresStore({ url: new Secret(url) }),
    async close() {
      await client.end();
      await drop();
    },
  };
}

describe.each([
  ['sqlite', bareSqlite],
  ['postgres', barePostgres],
])('the schema in %s', (dialect, create) => {
  let bare: Bare;
  beforeEach(async () => {
    bare = await create();
  });
  afterEach(() => bare.close());

  it('is current until another version changes it', async () => {
    const store = await bare.open();
    expect(await store.hasCurrentSchema()).toBe(true);
    await bare.run(bare.markVersion(999));
    expect(await store.hasCurrentSchema()).toBe(false);
    await store.close();
    await expect(store.hasCurrentSchema()).rejects.toThrow();
  });

  it('takes calls that were pending before there were leases for calls of the dead', async () => {
    const initial = new URL(`../../drizzle/${dialect}/0000_initial.sql`, import.meta.url);
    await bare.run(readFileSync(initial, 'utf8').replaceAll('--> statement-breakpoint', ''));
    await bare.run(bare.markVersion(1));
    for (const id of ['call_1', 'call_2']) {
      await bare.run(
        `insert into calls (id, user_id, client_id, grant_id, family_id, credential_id, instance_id,
           provider, route, state, reserved_nano_usd, started_at)
         values ('${id}', 'u', 'c', 'g', 'f', 'k', 'ins_old', 'openai', 'r', 'pending', 0, 1)`,
      );
    }
    const { instances, close } = await bare.open();
    await instances.beat('ins_new', 30);
    expect(await instances.recover('ins_new', 10)).toEqual({ declaredDead: ['ins_old'], settled: 2 });
    await close();
  });

  it('keeps apps with their owners and grants when an app needs no owner any more', async () => {
    const migrations = new URL(`../../drizzle/${dialect}/`, import.meta.url);
    const files = readdirSync(migrations).filter((name) => /^000[0-4]_.*\.sql$/.test(name));
    for (const file of files.sort()) {
      const text = readFileSync(new URL(file, migrations), 'utf8');
      await bare.run(text.replaceAll('--> statement-breakpoint', ''));
    }
    await bare.run(bare.markVersion(files.length));
    const no = dialect === 'sqlite' ? '0' : 'false';
    await bare.run(
      `insert into users (id, email, password_hash, operator, status, created_at)
         values ('usr_1', 'ada@example.com', 'hash', ${no}, 'active', 1);
       insert into clients (id, owner_id, name, type, redirect_uris, scope, verified, status, created_at)
         values ('cli_1', 'usr_1', 'An app', 'spa', '["https://app.example.com/"]', 'chat', ${no}, 'active', 2);
       insert into grants (id, user_id, client_id, test, scope, created_at, updated_at)
         values ('grt_1', 'usr_1', 'cli_1', ${no}, 'chat', 3, 3)`,
    );
    const { clients, grants, close } = await bare.open();
    const client = await clients.findClient('cli_1');
    expect(client).toMatchObject({
      ownerId: 'usr_1',
      name: 'An app',
      redirectUris: ['https://app.example.com/'],
      requiresDpop: false,
      registrationTokenHash: null,
      createdAt: 2,
    });
    expect(await grants.listGrants({ clientId: 'cli_1' })).toMatchObject([{ grant: { id: 'grt_1' } }]);
    expect(await clients.deleteClient('cli_1', { kind: 'system' })).toEqual(['grt_1']);
    await close();
  });
});
