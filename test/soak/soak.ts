import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { startSandbox } from '../../src/sandbox/server.ts';
import { runJson } from '../support/command_line.ts';
import type { Home } from '../support/home.ts';
import { type App, type Part, parts, redirectUri, type Scene } from './load.ts';
import type { Condition } from './server.ts';

const email = 'ada@example.com';
const password = 'correct horse battery';
const mebibyte = 1024 ** 2;

export interface Report {
  /** Per part, how often it went as it should. */
  readonly done: Readonly<Record<string, number>>;
  /** Whatever went otherwise, by part and kind. */
  readonly errors: Readonly<Record<string, number>>;
  /** Before the load, while it goes on, and when all is over. */
  readonly before: Condition;
  readonly conditions: readonly Condition[];
  readonly after: Condition;
  /** Calls on record, and those among them that nobody settled. */
  readonly calls: number;
  readonly pending: number;
  /** Size of the database in bytes. */
  readonly size: number;
  /** What the server left with. */
  readonly exitCode: number | null;
}

/**
 * Starts a server as its own process and keeps everything going at it for a while: calls and streams of every kind,
 * approvals, refreshes, pages.
 * @param home where it keeps everything; a fresh one
 */
export async function soak(home: Home, seconds: number): Promise<Report> {
  const sandbox = await startSandbox();
  const server = await startObserved(home, { COATCHECK_SANDBOX: sandbox.url });
  try {
    const scene = await prepare(home, server.url, sandbox.url);
    const before = await server.condition();
    const { done, errors, conditions } = await load(scene, server, seconds);
    // So that idle connections are not taken for forgotten ones.
    await Promise.all([scene.connections.destroy(), sandbox.close()]);
    const after = await atRest(server, before);
    const exitCode = await server.stop();
    const [count] = await home.query<{ calls: number; pending: number }>(
      `select count(*) as calls, count(case when state = 'pending' then 1 end) as pending from calls`,
    );
    const [{ size } = { size: 0 }] = await home.query<{ size: number }>(sizeOf[home.store]);
    const { calls = 0, pending = 0 } = count ?? {};
    return { done, errors, before, conditions, after, calls, pending, size, exitCode };
  } finally {
    await server.stop('SIGKILL');
    await sandbox.close();
  }
}

const sizeOf = {
  sqlite: 'select page_count * page_size as size from pragma_page_count, pragma_page_size',
  postgres: 'select pg_database_size(current_database()) as size',
};

export interface ObservedServer {
  readonly url: string;
  condition(): Promise<Condition>;
  /** The last of what it has printed. */
  output(): string;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts the broker as its own process, which tells how it is doing. */
export async function startObserved(
  home: Pick<Home, 'dataDir' | 'env'>,
  env: Readonly<Record<string, string>>,
): Promise<ObservedServer> {
  const child = fork(join(import.meta.dirname, 'server.ts'), {
    execArgv: ['--expose-gc'],
    env: {
      ...process.env,
      PORT: '0',
      COATCHECK_DATA_DIR: home.dataDir,
      ...home.env,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-10_000);
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', () => {
      const [, found] = /Coatcheck is at (http[^"\s]+)/.exec(output) ?? [];
      if (found) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${output}`)));
  });
  return {
    url,
    output: () => output,
    async condition() {
      const told = once(child, 'message', { signal: AbortSignal.timeout(30_000) });
      child.send('how are you doing?');
      const [condition] = (await told) as [Condition];
      return condition;
    },
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        child.kill(signal);
        await exited;
      }
      return child.exitCode;
    },
  };
}

async function prepare(home: Pick<Home, 'dataDir' | 'env'>, url: string, sandboxUrl: string): Promise<Scene> {
  const env = { COATCHECK_SANDBOX: sandboxUrl };
  const user = ['--user', email];
  const createApp = ['app', 'create', '--owner', email, '--redirect-uri', redirectUri, '--name'];
  await runJson(home, ['user', 'create', '--email', email], { input: `${password}\n` });
  await runJson(home, ['key', 'deposit', ...user, '--provider', 'openai'], {
    input: 'sk-sandbox-soak\n',
    env,
  });
  const app = await runJson<App>(home, [...createApp, 'Soak']);
  const guest = await runJson<App>(home, [...createApp, 'Guest']);
  const scope = 'openai:text openai:embeddings';
  const grant = ['grant', 'create', ...user, '--client', app.client_id, '--scope', scope];
  const tokens = await runJson<{ access_token: string; refresh_token: string }>(home, grant);
  return { url, connections: new Agent(), email, password, app: { ...app, ...tokens }, guest };
}

/** Keeps everything going, and looks at the server sixty times meanwhile. */
async function load(scene: Scene, server: ObservedServer, seconds: number) {
  const done: Record<string, number> = {};
  const errors: Record<string, number> = {};
  const conditions: Condition[] = [];
  const end = performance.now() + seconds * 1000;

  const play = async ({ name, rest, cast }: Part) => {
    const act = await cast(scene);
    while (performance.now() < end) {
      try {
        await act();
        done[name] = (done[name] ?? 0) + 1;
      } catch (error) {
        const kind = `${name}: ${reasonOf(error)}`;
        errors[kind] = (errors[kind] ?? 0) + 1;
      }
      await sleep(rest * (0.5 + Math.random()));
    }
  };
  const watch = async () => {
    while (performance.now() < end) {
      await sleep((seconds * 1000) / 60);
      conditions.push(await server.condition());
    }
  };
  await Promise.all([
    watch(),
    ...parts.flatMap((part) => Array.from({ length: part.actors }, () => play(part))),
  ]);
  return { done, errors, conditions };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}, ${reasonOf(error.cause)}`;
}

/** What a pool of connections to PostgreSQL keeps for a while, and a browser. */
const keptDescriptors = 15;

/** Waits until the server has noticed which connections are gone. */
async function atRest(server: ObservedServer, before: Condition): Promise<Condition> {
  for (let second = 0; ; second += 1) {
    const condition = await server.condition();
    if (second === 10 || condition.descriptors <= before.descriptors + keptDescriptors) return condition;
    await sleep(1000);
  }
}

/** What a report shows that should not be: in words, none when all is well. */
export function faultsIn(report: Report): readonly string[] {
  const { errors, conditions, before, after, pending, exitCode } = report;
  return [
    ...Object.entries(errors).map(([kind, count]) => `${count} times ${kind}`),
    ...(pending > 0 ? [`${pending} calls were never settled`] : []),
    ...(exitCode === 0 ? [] : [`the server ended with ${exitCode}`]),
    ...(after.descriptors > before.descriptors + keptDescriptors ? ['file descriptors stay open'] : []),
    ...(isFlat(conditions.map(({ rss }) => rss / mebibyte)) ? [] : ['memory keeps growing']),
    ...(isFlat(conditions.map(({ heap }) => heap / mebibyte)) ? [] : ['the heap keeps growing']),
    ...(isFlat(conditions.map(({ descriptors }) => descriptors)) ? [] : ['file descriptors keep growing']),
  ];
}

/** Whether the last third lies no higher than the middle one, but for what comes and goes. The first is for warming up. */
function isFlat(values: readonly number[]): boolean {
  const third = Math.floor(values.length / 3);
  const middle = median(values.slice(third, -third));
  return median(values.slice(-third)) <= middle + Math.max(0.15 * middle, 20);
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN;
}

/** A report for people to read. */
export function describeReport(report: Report): string {
  const { done, errors, before, conditions, after, calls, pending, size } = report;
  const middle = conditions[conditions.length >> 1] ?? after;
  const last = conditions.at(-1) ?? after;
  const row = (name: string, { rss, heap, descriptors }: Condition) =>
    `${name.padEnd(8)} RSS ${inMebibytes(rss)} MB, heap ${inMebibytes(heap)} MB, ${descriptors} file descriptors`;
  return [
    ...Object.entries(done).map(([name, count]) => `${count} × ${name}`),
    ...Object.entries(errors).map(([kind, count]) => `${count} × ERROR ${kind}`),
    `${calls} calls on record, ${pending} of them pending; database ${inMebibytes(size)} MB`,
    `event loop late by (p99 each time): median ${median(conditions.map(({ delay }) => delay)).toFixed(0)} ms, worst ${Math.max(...conditions.map(({ delay }) => delay)).toFixed(0)} ms`,
    row('before', before),
    row('a third', conditions[Math.floor(conditions.length / 3)] ?? after),
    row('middle', middle),
    row('end', last),
    row('at rest', after),
    `RSS all along, in MB: ${conditions.map(({ rss }) => inMebibytes(rss)).join(' ')}`,
  ].join('\n');
}

function inMebibytes(bytes: number): string {
  return (bytes / mebibyte).toFixed(0);
}
