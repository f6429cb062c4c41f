import pg from 'pg';

type Query = (config: unknown, values?: unknown, ...rest: unknown[]) => unknown;

/** A connection that takes any string: text in PostgreSQL has no NUL, and one in a value fails the whole statement. */
export class Client extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    const query: Query = this.query.bind(this);
    const replacing: Query = (statement, values, ...rest) => query(statement, withoutNul(values), ...rest);
    this.query = replacing as typeof this.query;
  }
}

function withoutNul(value: unknown): unknown {
  if (typeof value === 'string') return value.includes('\0') ? value.replaceAll('\0', '\ufffd') : value;
  return Array.isArray(value) ? value.map(withoutNul) : value;
}

// Numbers come back as numbers, here and nowhere else: times and nano-USD, all of which stay below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, (text) => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError('A stored number is too large to be exact');
  return value;
});
