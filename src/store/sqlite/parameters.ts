import { type SQL, sql } from 'drizzle-orm';

/**
 * A named text parameter of a prepared join. This SQLite is built with STAT4 statistics and plans a join anew each time a
 * bare parameter in it is bound, which costs ten times the look-up; a cast keeps the value out of the planner's sight.
 */
export function textParameter(name: string): SQL<string> {
  return sql<string>`cast(${sql.placeholder(name)} as text)`;
}
