import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config.ts';
import { WorkersError } from '../lib/workers_error.ts';
import { StoreError } from '../store/store_error.ts';
import { KeyringError } from '../vault/keyring.ts';
import { addAppCommands } from './app.ts';
import { addBackupCommands } from './backup.ts';
import { addBudgetCommands } from './budget.ts';
import { addCallsCommands } from './calls.ts';
import { addDoctorCommand } from './doctor.ts';
import { addGrantCommands } from './grant.ts';
import { addKeyCommands } from './key.ts';
import { addKeysCommands } from './keys.ts';
import { addSandboxCommand } from './sandbox.ts';
import { CommandError, type Session, type Surroundings } from './session.ts';
import { addStoreCommands } from './store.ts';
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
 * @param surroundings usually `process`
 * @returns the exit code: 0 done, 1 refused or failed, 2 wrong usage
 */
export async function runCommandLine(
  args: readonly string[],
  surroundings: Surroundings,
  { serve }: Programs,
): Promise<number> {
  const { env, stdin, stdout, stderr } = surroundings;
  const program = new Command('coatcheck')
    .description('Leave your API key at the door, hand apps a ticket.')
    .option('--json', 'print exactly one JSON document on standard output')
    .showHelpAfterError()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
    })
    .exitOverride();
  const json = () => program.opts<{ json?: true }>().json === true;
  const session: Session = {
    ...{ env, stdin, stdout, stderr },
    show: (result, lines) => {
      stdout.write(`${json() ? JSON.stringify(result) : lines.join('\n')}\n`);
    },
    report: (entry) => {
      (json() ? stderr : stdout).write(`${JSON.stringify(entry)}\n`);
    },
  };
  program
    .command('serve')
    .description('run the broker')
    .action(() => serve(env));
  addUserCommands(program, session);
  addKeyCommands(program, session);
  addAppCommands(program, session);
  addGrantCommands(program, session);
  addBudgetCommands(program, session);
  addCallsCommands(program, session);
  addKeysCommands(program, session);
  addSandboxCommand(program, session);
  addBackupCommands(program, session);
  addStoreCommands(program, session);
  addDoctorCommand(program, session);
  try {
    await program.parseAsync(args, { from: 'user' });
    return done;
  } catch (error) {
    // What is misused has been said already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? done : misused;
    stderr.write(`${describe(error)}\n`);
    return failed;
  }
}

/** Our own errors say what to do. Of the others only those that the operator can mend come without a stack. */
const ours = [CommandError, ConfigError, KeyringError, StoreError, WorkersError];

const advice: Readonly<Record<string, string>> = {
  EADDRINUSE: 'Something is listening there already; set PORT to another.',
  SQLITE_BUSY: 'Another process keeps the database to itself; try again when it is done.',
  SQLITE_NOTADB: 'Restore coatcheck.db from a backup, or set COATCHECK_DATA_DIR to another folder.',
  ENOSPC: 'Make room on the disk.',
  SQLITE_FULL: 'Make room on the disk.',
};

const adviceOnRights =
  'Let it belong to the user that Coatcheck runs as, or set COATCHECK_DATA_DIR to a folder that does.';

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (ours.some((kind) => error instanceof kind)) return error.message;
  const code = 'code' in error ? String(error.code) : '';
  if (advice[code]) return `${error.message}. ${advice[code]}`;
  if (isAboutRights(error, code)) return `${error.message}. ${adviceOnRights}`;
  // What else the operating system or SQLite refuses.
  return 'syscall' in error || code.startsWith('SQLITE_') ? error.message : (error.stack ?? error.message);
}

/** Whether a file or folder is somebody else's, or no folder can be made: listening at a port may be refused as well. */
function isAboutRights(error: Error, code: string): boolean {
  if (!('path' in error)) return false;
  return ['EACCES', 'EPERM', 'EROFS'].includes(code) || ('syscall' in error && error.syscall === 'mkdir');
}
