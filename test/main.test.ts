import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Readiness } from '../src/health.ts';
import { runCommand } from './support/command_line.ts';
import { freePort, spawnCommand, startServer } from './support/process.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'coatcheck-main-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const serve = () => spawnCommand(dataDir, ['serve'], { env: { PORT: '0' } });

describe('a start that fails', () => {
  it('ends the process also when it fails late', async () => {
    mkdirSync(join(dataDir, 'issuer'));
    const { code, stderr } = await serve();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^EISDIR\b.*\n$/);
  });

  it('says in one line that several workers need PostgreSQL', async () => {
    const { code, stderr } = await spawnCommand(dataDir, ['serve'], { env: { COATCHECK_WORKERS: '2' } });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^COATCHECK_WORKERS is 2, but .*: set COATCHECK_DATABASE_URL .*\n$/);
  });

  it('says in one line that the database is a newer one', async () => {
    expect((await runCommand(dataDir, ['doctor'])).code).toBe(0);
    const database = new Database(join(dataDir, 'coatcheck.db'));
    database.pragma('user_version = 999');
    database.close();
    const { code, stderr } = await serve();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The database was written by a newer version.*\n$/);
  });
});

it('a command says in one line that another process keeps the database to itself', async () => {
  expect((await runCommand(dataDir, ['doctor'])).code).toBe(0);
  const database = new Database(join(dataDir, 'coatcheck.db'));
  database.exec('BEGIN IMMEDIATE');
  const { code, stderr } = await spawnCommand(dataDir, ['user', 'create', '--email', 'ada@example.com']);
  database.close();
  expect(code).toBe(1);
  expect(stderr).toMatch(/^database is locked\..*try again.*\n$/);
});

it('a server that is still starting says so', async () => {
  // A database that takes connections and says nothing: the start waits for it, and gives up in the end.
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port: databasePort } = silent.address() as AddressInfo;
  const port = await freePort();
  const starting = spawnCommand(dataDir, ['serve'], {
    env: {
      PORT: String(port),
      COATCHECK_DATABASE_URL: `postgres://127.0.0.1:${databasePort}/coatcheck`,
      COATCHECK_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    },
  });
  await vi.waitFor(async () => {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
  }, 15_000);
  expect(await starting).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('COATCHECK_DATABASE_URL'),
  });
  silent.close();
});

describe('readiness', () => {
  const readyz = async (url: string) => {
    const response = await fetch(`${url}/readyz`);
    return { status: response.status, body: (await response.json()) as Readiness };
  };

  it('is told by a server that can work', async () => {
    const server = await startServer(dataDir);
    const { status, body } = await readyz(server.url);
    await server.stop();
    expect(status).toBe(200);
    const checks = { store: { ok: true }, migrations: { ok: true }, signing_key: { ok: true } };
    expect(body).toEqual({ status: 'ready', checks: { ...checks, running: { ok: true } } });
  });

  it('ends when another version changes the database, and the process goes on', async () => {
    const server = await startServer(dataDir);
    const database = new Database(join(dataDir, 'coatcheck.db'));
    database.pragma('user_version = 999');
    database.close();
    const { status, body } = await readyz(server.url);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    await server.stop();
    expect(status).toBe(503);
    expect(body).toMatchObject({
      status: 'not_ready',
      checks: {
        store: { ok: true },
        migrations: { ok: false, reason: 'the database was changed by another version' },
      },
    });
  });

  it('ends when no signing key can be opened', async () => {
    const server = await startServer(dataDir);
    expect(await readyz(server.url)).toMatchObject({ status: 200 });
    const database = new Database(join(dataDir, 'coatcheck.db'));
    database.exec("update signing_keys set public_jwk = '{}'");
    database.close();
    await vi.waitFor(
      async () => {
        expect(await readyz(server.url)).toMatchObject({
          status: 503,
          body: {
            checks: { signing_key: { ok: false, reason: 'the signing key cannot be read or opened' } },
          },
        });
      },
      { timeout: 10_000, interval: 250 },
    );
    await server.stop();
  });
});
