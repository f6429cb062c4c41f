import { defineConfig } from 'drizzle-kit';

/** `DIALECT=postgres` generates the migrations of PostgreSQL, without it those of SQLite. */
const postgres = process.env.DIALECT === 'postgres';

export default defineConfig({
  dialect: postgres ? 'postgresql' : 'sqlite',
  schema: `./src/store/${postgres ? 'postgres' : 'sqlite'}/schema.ts`,
  out: `./drizzle/${postgres ? 'postgres' : 'sqlite'}`,
});
