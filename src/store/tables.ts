import { createHash } from 'node:crypto';
import { StoreError } from './store_error.ts';

/** A row by the names that the schemas of all stores have for its columns, in the values that they have for them. */
export type Row = Readonly<Record<string, unknown>>;

export interface ReadableTable {
  /** All rows by the primary key, texts in the order of their bytes, a page at a time. */
  pages(): AsyncIterable<readonly Row[]>;
}

export interface WritableTable extends ReadableTable {
  insert(rows: readonly Row[]): Promise<void>;
}

/** Every table of a store by its name, each after those that it refers to, as one transaction sees them. */
export type Tables<AnyTable extends ReadableTable = ReadableTable> = ReadonlyMap<string, AnyTable>;

/** Empty tables, in a transaction that commits when everything is in them. */
export type EmptyTables = Tables<WritableTable>;

/** How many rows each table has. */
export type RowCounts = Readonly<Record<string, number>>;

/** Number of a table's rows, and the SHA-256 of them all. */
interface Sum {
  readonly rows: number;
  readonly sha256: string;
}

/**
 * Copies every row. What has arrived is read back, and compared with what was sent.
 * @param read opens the source for as long as its reading takes, which ends before the comparison begins
 * @throws StoreError when something else arrived than was sent
 */
export async function copyTables(
  read: <Result>(work: (from: Tables) => Promise<Result>) => Promise<Result>,
  to: EmptyTables,
): Promise<RowCounts> {
  const sent = await read(async (from) => {
    const sums = new Map<string, Sum>();
    for (const [name, table] of to) {
      const source = from.get(name);
      if (!source) throw new Error(`there is no table ${name}`);
      sums.set(name, await sumUp(source, (page) => table.insert(page)));
    }
    return sums;
  });
  for (const [name, table] of to) {
    const arrived = await sumUp(table);
    if (arrived.sha256 !== sent.get(name)?.sha256) {
      throw new StoreError(
        `The rows of ${name} did not arrive as they were sent, ${arrived.rows} of ${sent.get(name)?.rows}; none was kept.`,
      );
    }
  }
  return Object.fromEntries([...sent].map(([name, { rows }]) => [name, rows]));
}

/** Reads a table to its end. @param visit is given each page on the way */
async function sumUp(
  table: ReadableTable,
  visit: (page: readonly Row[]) => Promise<void> = async () => {},
): Promise<Sum> {
  const hash = createHash('sha256');
  let rows = 0;
  for await (const page of table.pages()) {
    rows += page.length;
    for (const row of page) hash.update(canonical(row));
    await visit(page);
  }
  return { rows, sha256: hash.digest('hex') };
}

/** A row as a line of text that is the same for every store. */
function canonical(row: Row): string {
  const values = Object.keys(row)
    .sort()
    .map((name) => [name, comparable(row[name])]);
  return `${JSON.stringify(values)}\n`;
}

function comparable(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('base64');
  // PostgreSQL's text has no NUL; its store keeps this in the place of one.
  return typeof value === 'string' ? value.replaceAll('\0', '\ufffd') : value;
}
