import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Home } from './home.ts';

export const program = join(import.meta.dirname, '..', '..', 'dist', 'bin.js');

/** Serves with a lease of one second. */
const shortLease = fileURLToPath(new URL('./short_lease.ts', import.meta.url));

/** A data folder, and what else in the environment leads to it. */
export type Place = string | Pick<Home, 'dataDir' | 'env'>;

/** What a test's command or server starts with: nothing of the environment that would set the broker up. */
export function environmentFor(place: Place, env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { dataDir, env: ofPlace } = typeof place === 'string' ? { dataDir: place, env: {} } : place;
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('COATCHECK_') && name !== 'PORT' && name !== 'HOST',
  );
  return { ...Object.fromEntries(inherited), COATCHECK_DATA_DIR: dataDir, ...ofPlace, ...env };
}

/** A port that was free a moment ago, for a server that has to come back at the same address. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** What a command is run with. */
export interface Run {
  /** All of its standard input. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command to its end, as a process of its own. */
export async function spawnCommand(
  place: Place,
  args: readonly string[],
  { input = '', env = {} }: Run = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [program, ...args], { env: environmentFor(place, env) });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => {
    // A command that needs no input may be gone before it is written.
  });
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

export interface ServerProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** Everything it has printed. */
  output(): string;
  /** Ends it with the signal and waits. @returns its exit code, null when the signal ended it */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts the broker as its own process and waits until it says where it is. */
export async function startServer(
  place: Place,
  env: Readonly<Record<string, string>> = {},
  options: { readonly shortLease?: boolean } = {},
): Promise<ServerProcess> {
  const command = options.shortLease ? [shortLease] : [program, 'serve'];
  const child = spawn(process.execPath, command, {
    env: environmentFor(place, { PORT: '0', ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // A test that fails before it stops its server must not leave it running.
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  child.once('exit', () => process.off('exit', killWithUs));
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    const read = (text: string) => {
      output += text;
      const match = /Coatcheck is at (http[^"\s]+)/.exec(output);
      if (match?.[1]) resolve(match[1]);
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${output}`)));
  });
  return {
    url,
    child,
    output: () => output,
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
