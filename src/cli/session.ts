import { existsSync, readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { type Config, issuerFile, readConfig } from '../config.ts';
import { closeDeps, type Deps, openDeps } from '../deps.ts';
import { createLogger } from '../log.ts';
import { closedSandbox, openSandbox } from '../sandbox/open.ts';

/** A command cannot do what was asked: exit code 1. The message says what to do. */
export class CommandError extends Error {
  override name = 'CommandError';
}

/** What a command is run in: the process itself, or what stands for it. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** What a command has: its surroundings, and how it shows what it did. */
export interface Session extends Surroundings {
  /** The one JSON document with `--json`, lines for people without. */
  show(result: object, lines: readonly string[]): void;
  /** One line of a running report, as JSON; on standard error where `show` has standard output to itself. */
  report(entry: object): void;
}

/**
 * Runs a command on the store, beside a running server or alone.
 * @param reaches whether it calls providers, so that the sandbox has to be there
 */
export async function withDeps<Result>(
  { env, stderr }: Surroundings,
  run: (deps: Deps) => Promise<Result>,
  reaches: 'store' | 'providers' = 'store',
): Promise<Result> {
  const config = readConfigBeside(env);
  const log = createLogger(config.logLevel === 'info' ? 'warn' : config.logLevel, stderr);
  const sandbox = reaches === 'providers' ? await openSandbox(config) : closedSandbox;
  try {
    const deps = await openDeps(config, { log, sandboxUrl: sandbox.url });
    try {
      return await run(deps);
    } finally {
      await closeDeps(deps);
    }
  } finally {
    await sandbox.close();
  }
}

/** The configuration of a command: where the environment does not say, the issuer is that of the server on this data folder. */
function readConfigBeside(env: NodeJS.ProcessEnv): Config {
  const config = readConfig(env);
  const noted = issuerFile(config.dataDir);
  if (env.COATCHECK_ISSUER || env.PORT || env.HOST || !existsSync(noted)) return config;
  return readConfig({ ...env, COATCHECK_ISSUER: readFileSync(noted, 'utf8') });
}

/** The first line of standard input, without its line break; empty when a person's terminal is there. */
export async function firstInputLine({ stdin }: Surroundings): Promise<string> {
  if (stdin.isTTY) return '';
  let text = '';
  for await (const chunk of stdin.setEncoding('utf8')) {
    text += chunk;
    if (text.includes('\n')) break;
    if (text.length > 65_536) throw new CommandError('The first line of standard input is too long.');
  }
  return text.split(/\r?\n/, 1)[0] ?? '';
}
