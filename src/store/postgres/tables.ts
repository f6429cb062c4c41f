import { drizzle } from 'drizzle-orm/node-postgres';
import { getTableConfig, type PgTable } from 'drizzle-orm/pg-core';
import type pg from 'pg';
import type { Secret } from '../../lib/secret.ts';
import { pagesBy, tablesOf } from '../schema_tables.ts';
import { StoreError } from '../store_error.ts';
import type { EmptyTables, Tables } from '../tables.ts';
import { withoutValues } from './errors.ts';
import { connectAlone, nameOf } from './open.ts';
import * as schema from './schema.ts';

const tables = tablesOf<PgTable>(schema, getTableConfig);

/**
 * Reads all tables as they are at one moment, while others write.
 * @throws StoreError when the database cannot be reached or used
 */
export function readPostgres<Result>(
  url: Secret,
  read: (tables: Tables) => Promise<Result>,
): Promise<Result> {
  return transact(url, 'isolation level repeatable read, read only', (client) => read(tablesOn(client)));
}

/**
 * Fills a database that nobody has used, in one transaction that keeps everybody else out.
 * @throws StoreError when there are accounts or calls in it, or it cannot be reached or used
 */
export function fillPostgres<Result>(
  url: Secret,
  fill: (tables: EmptyTables) => Promise<Result>,
): Promise<Result> {
  return transact(url, 'isolation level read committed', async (client) => {
    const all = tables.map(({ name }) => `"${name}"`);
    await client.query(`set local lock_timeout = '10s'; lock table ${all} in access exclusive mode`);
    const used = await client.query('select from users union all select from calls limit 1');
    if (used.rowCount !== 0) {
      throw new StoreError(
        `The database ${nameOf(url)} holds accounts or calls already. Name an empty one in COATCHECK_DATABASE_URL, or move that one away first.`,
      );
    }
    // What a first start makes of itself: a signing key, a set-up link.
    await client.query(`truncate ${all}`);
    const result = await fill(tablesOn(client));
    await advanceSequences(client);
    return result;
  });
}

async function transact<Result>(
  url: Secret,
  mode: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = await connectAlone(url);
  try {
    await client.query(`begin ${mode}`);
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    throw withoutValues(error);
  } finally {
    // Without a commit this rolls back.
    await client.end();
  }
}

function tablesOn(client: pg.Client): EmptyTables {
  const db = drizzle(client);
  return new Map(
    tables.map(({ name, table, primaryKey, after, columnNames, values }) => [
      name,
      {
        pages: () =>
          pagesBy(async (last, limit) =>
            db.select().from(table).where(after(last)).orderBy(primaryKey).limit(limit),
          ),
        async insert(rows) {
          let count = 0;
          const marks = rows.map(() => `(${columnNames.map(() => `$${++count}`)})`);
          await client.query(
            `insert into "${name}" (${columnNames}) overriding system value values ${marks}`,
            rows.flatMap(values),
          );
        },
      },
    ]),
  );
}

/** Numbers that the database gives out go on after the highest that was copied. */
async function advanceSequences(client: pg.Client): Promise<void> {
  for (const { name, table } of tables) {
    for (const column of getTableConfig(table).columns) {
      if (!column.generatedIdentity) continue;
      const highest = `(select max("${column.name}") from "${name}")`;
      await client.query(`select setval(pg_get_serial_sequence($1, $2), ${highest})`, [name, column.name]);
    }
  }
}
