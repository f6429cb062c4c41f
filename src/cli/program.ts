import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config.ts';
import { StoreError } from '../store/store_error.ts';
import { KeyringError } from '../vault/keyring.ts';
import { VaultError } from '../vault/vault.ts';
import { addAppCommands } from './app.ts';
import { addCallsCommands } from './calls.ts';
import { addDoctorCommand } from './doctor.ts';
import { addGrantCommands } from './grant.ts';
import { addKeyCommands } from './key.ts';
import { addKeysCommands } from './keys.ts';
import { addSandboxCommand } from './sandbox.ts';
import { CommandError, type Output } from './session.ts';
import { addUserCommands } from './user.ts';

const done = 0;
const failed = 1;
const misused = 2;

/** What the command line starts but does not contain. */
export interface Programs {
  readonly serve: (env: NodeJS.ProcessEnv) => Promise<void>;
}

/**
 * Runs one command.
 * @param args without the program's own name
 * @returns the exit code: 0 done, 1 refused or failed, 2 wrong usage
 */
export async function runCommandLine(args: readonly string[], { serve }: Programs): Promise<number> {
  const program = new Command('coatcheck')
    .description('Leave your API key at the door, hand apps a ticket.')
    .option('--json', 'print exactly one JSON document on standard output')
    .showHelpAfterError()
    .exitOverride();
  const json = () => program.opts<{ json?: true }>().json === true;
  const output: Output = {
    show: (result, lines) => {
      process.stdout.write(`${json() ? JSON.stringify(result) : lines.join('\n')}\n`);
    },
    report: (entry) => {
      (json() ? process.stderr : process.stdout).write(`${JSON.stringify(entry)}\n`);
    },
  };
  program
    .command('serve')
    .description('run the broker')
    .action(() => serve(process.env));
  addUserCommands(program, output);
  addKeyCommands(program, output);
  addAppCommands(program, output);
  addGrantCommands(program, output);
  addCallsCommands(program, output);
  addKeysCommands(program, output);
  addSandboxCommand(program, output);
  addDoctorCommand(program, output);
  try {
    await program.parseAsync(args, { from: 'user' });
    return done;
  } catch (error) {
    return report(error);
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? done : misused;
  process.stderr.write(`${describe(error)}\n`);
  return failed;
}

/** Our own errors say what to do. Of the others only those that the operator can mend come without a stack. */
const ours = [CommandError, ConfigError, KeyringError, VaultError, StoreError];

const advice: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Something is listening there already; set PORT to another.',
  SQLITE_BUSY: 'Another process keeps the database to itself; try again when it is done.',
};

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (ours.some((kind) => error instanceof kind)) return error.message;
  const code = 'code' in error ? String(error.code) : '';
  if (advice[code]) return `${error.message}. ${advice[code]}`;
  // What the operating system or SQLite refuses: permissions, a full disk, a damaged file.
  return 'syscall' in error || code.startsWith('SQLITE_') ? error.message : (error.stack ?? error.message);
}
