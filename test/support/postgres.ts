import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import pg from 'pg';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import { Secret } from '../../src/lib/secret.ts';
import { openPostgresStore } from '../../src/store/postgres/store.ts';
import type { StopMode } from './postgres_server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** URL of the test run's PostgreSQL, without a database. */
    readonly postgres: string;
  }
}

const template = 'coatcheck_template';

/** A PostgreSQL of its own, in a process of its own. */
export interface PostgresServer {
  /** Without a database. */
  readonly url: string;
  /** @returns once it is gone. What it had committed is there again when it starts. */
  stop(mode: StopMode): Promise<void>;
  /** @returns once it takes connections */
  start(): Promise<void>;
  /** Stops it for good and deletes its data. */
  close(): Promise<void>;
}

export async function startPostgresServer(): Promise<PostgresServer> {
  const server = fork(join(import.meta.dirname, 'postgres_server.ts'));
  const url = await new Promise<string>((resolve, reject) => {
    server.once('message', (message) => resolve(String(message)));
    server.once('exit', (code) => reject(new Error(`PostgreSQL did not start, exit code ${code}`)));
  });
  const tell = async (what: StopMode | 'start') => {
    const done = once(server, 'message');
    server.send(what);
    await done;
  };
  return {
    url,
    stop: tell,
    start: () => tell('start'),
    async close() {
      const ended = once(server, 'exit');
      server.disconnect();
      await ended;
    },
  };
}

/** Starts one PostgreSQL for the whole run, with a database that all others are copied from. */
export default async function startPostgres({
  provide,
}: Pick<TestProject, 'provide'>): Promise<() => Promise<void>> {
  const { url, close } = await startPostgresServer();
  await administer(url, `create database ${template}`);
  const store = await openPostgresStore({ url: new Secret(`${url}/${template}`) });
  await store.close();
  provide('postgres', url);
  return close;
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
