import { type Column, getTableColumns, is, type SQL, sql, Table } from 'drizzle-orm';
import type { Row } from './tables.ts';

/** What the dialects have in common in what they tell of a table. */
interface TableConfig {
  readonly name: string;
  readonly primaryKeys: readonly { readonly columns: readonly Column[] }[];
  readonly foreignKeys: readonly { readonly reference: () => { readonly foreignTable: Table } }[];
}

/** A table of a schema, with what a copy of its rows has to know. */
interface SchemaTable<AnyTable> {
  readonly name: string;
  readonly table: AnyTable;
  /** The columns of the primary key, to order by. */
  readonly primaryKey: SQL;
  /** The condition for what comes after a row in that order; without a row there is none. */
  readonly after: (row: Row | undefined) => SQL | undefined;
  /** Quoted, to insert into. */
  readonly columnNames: readonly string[];
  /** The values of a row for these columns, as the driver takes them. */
  readonly values: (row: Row) => readonly unknown[];
}

/**
 * Everything in a schema that is a table, each after those that it refers to.
 * @param schema what the module of the schema exports
 * @param configOf `getTableConfig` of the dialect
 */
export function tablesOf<AnyTable extends Table>(
  schema: Readonly<Record<string, unknown>>,
  configOf: (table: AnyTable) => TableConfig,
): readonly SchemaTable<AnyTable>[] {
  const ordered = new Set<AnyTable>();
  const add = (table: AnyTable) => {
    if (ordered.has(table)) return;
    for (const { reference } of configOf(table).foreignKeys) add(reference().foreignTable as AnyTable);
    ordered.add(table);
  };
  for (const exported of Object.values(schema)) {
    if (is(exported, Table)) add(exported as AnyTable);
  }
  return [...ordered].map((table) => describe(table, configOf(table)));
}

function describe<AnyTable extends Table>(table: AnyTable, config: TableConfig): SchemaTable<AnyTable> {
  const columns = Object.entries(getTableColumns(table));
  const composite = config.primaryKeys[0]?.columns;
  const key = composite
    ? composite.flatMap((part) => columns.filter(([, column]) => column.name === part.name))
    : columns.filter(([, column]) => column.primary);
  const primaryKey = list(key.map(([, column]) => column));
  return {
    name: config.name,
    table,
    primaryKey,
    after: (row) => row && sql`(${primaryKey}) > (${list(key.map(([property]) => row[property]))})`,
    columnNames: columns.map(([, column]) => `"${column.name}"`),
    values: (row) =>
      columns.map(([property, column]) => {
        const value = row[property];
        return value === null ? null : column.mapToDriverValue(value);
      }),
  };
}

function list(parts: readonly unknown[]): SQL {
  return sql.join(
    parts.map((part) => sql`${part}`),
    sql`, `,
  );
}

/** Rows that one statement of a copy reads or writes. Each value is a parameter, of which SQLite takes 32,766. */
const pageSize = 500;

/** Reads page after page. @param read the rows that come after one, or the first ones, up to a limit */
export async function* pagesBy(
  read: (last: Row | undefined, limit: number) => Promise<readonly Row[]>,
): AsyncGenerator<readonly Row[]> {
  let page: readonly Row[] = [];
  do {
    page = await read(page.at(-1), pageSize);
    if (page.length > 0) yield page;
  } while (page.length === pageSize);
}
