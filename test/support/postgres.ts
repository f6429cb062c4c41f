import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import pg from 'pg';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import { Secret } from '../../src/lib/secret.ts';
import { openPostgresStore } from '../../src/store/postgres/store.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** URL of the test run's PostgreSQL, without a database. */
    readonly postgres: string;
  }
}

const template = 'coatcheck_template';

/** Starts one PostgreSQL for the whole run, with a database that all others are copied from. */
export default async function startPostgres({
  provide,
}: Pick<TestProject, 'provide'>): Promise<() => Promise<void>> {
  const server = fork(join(import.meta.dirname, 'postgres_server.ts'));
  const url = await new Promise<string>((resolve, reject) => {
    server.once('message', (message) => resolve(String(message)));
    server.once('exit', (code) => reject(new Error(`PostgreSQL did not start, exit code ${code}`)));
  });
  await administer(url, `create database ${template}`);
  const store = await openPostgresStore({ url: new Secret(`${url}/${template}`) });
  await store.close();
  provide('postgres', url);
  return async () => {
    const ended = once(server, 'exit');
    server.disconnect();
    await ended;
  };
}

let databases = 0;

/** A fresh database of the run's PostgreSQL, migrated unless it is to be empty. */
export async function createDatabase(
  from: typeof template | 'template0' = template,
): Promise<{ readonly url: string; readonly drop: () => Promise<void> }> {
  const server = inject('postgres');
  databases += 1;
  const name = `test_${process.pid}_${databases}`;
  await administer(server, `create database ${name} template ${from} strategy file_copy`);
  return { url: `${server}/${name}`, drop: () => administer(server, `drop database ${name} with (force)`) };
}

async function administer(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: `${server}/postgres` });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
