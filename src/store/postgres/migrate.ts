import { fileURLToPath } from 'node:url';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import type pg from 'pg';
import { StoreError } from '../store_error.ts';

const generatedMigrations = fileURLToPath(new URL('../../../drizzle/postgres', import.meta.url));

/** Any number that no other user of the same database takes: the bytes of "coat". */
const lock = 0x636f6174;

/**
 * Applies what is missing of the migrations. Of several processes one does, and the others wait for it.
 * @param client without limits on time, and closed afterwards, which ends the wait of the others
 * @throws StoreError when the schema was written by a newer version
 */
export async function migrate(
  client: pg.ClientBase,
  migrationsFolder: string = generatedMigrations,
): Promise<void> {
  const migrations = readMigrationFiles({ migrationsFolder });
  if ((await countApplied(client)) === migrations.length) return;
  // Before the transaction: one that had already begun would go on without the tables that it waited for.
  await client.query('select pg_advisory_lock($1)', [lock]);
  await client.query('begin');
  const applied = await countApplied(client);
  if (applied > migrations.length) {
    throw new StoreError('The database was written by a newer version of Coatcheck; start that version.');
  }
  for (const { sql } of migrations.slice(applied)) {
    for (const statement of sql) await client.query(statement);
  }
  await client.query('create table if not exists schema_version (applied integer not null)');
  await client.query('delete from schema_version');
  await client.query('insert into schema_version values ($1)', [migrations.length]);
  await client.query('commit');
}

/** How many migrations are in. */
async function countApplied(client: pg.ClientBase): Promise<number> {
  const exists = await client.query<{ found: boolean }>(
    `select to_regclass('schema_version') is not null as found`,
  );
  if (!exists.rows[0]?.found) return 0;
  const { rows } = await client.query<{ applied: number }>('select applied from schema_version');
  return rows[0]?.applied ?? 0;
}
