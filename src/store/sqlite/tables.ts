import { getTableConfig, type SQLiteTable } from 'drizzle-orm/sqlite-core';
import { pagesBy, tablesOf } from '../schema_tables.ts';
import type { EmptyTables } from '../tables.ts';
import type { Connection } from './open.ts';
import * as schema from './schema.ts';

/** All tables of a database, within the transaction that is open. */
export function sqliteTables({ client, db }: Connection): EmptyTables {
  return new Map(
    tablesOf<SQLiteTable>(schema, getTableConfig).map(
      ({ name, table, primaryKey, after, columnNames, values }) => {
        const marks = columnNames.map(() => '?');
        const insertRow = client.prepare(`INSERT INTO "${name}" (${columnNames}) VALUES (${marks})`);
        return [
          name,
          {
            pages: () =>
              pagesBy(async (last, limit) =>
                db.select().from(table).where(after(last)).orderBy(primaryKey).limit(limit).all(),
              ),
            async insert(rows) {
              for (const row of rows) insertRow.run(values(row));
            },
          },
        ];
      },
    ),
  );
}
