import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import { copyToPostgres } from '../transfer.ts';
import { tableLines } from './backup.ts';
import type { Session } from './session.ts';

/** Adds `store copy`. */
export function addStoreCommands(program: Command, session: Session): void {
  program
    .command('store')
    .description('where everything is kept')
    .command('copy')
    .description('copy everything from SQLite in the data folder to the database of COATCHECK_DATABASE_URL')
    .action(() => copy(session));
}

async function copy(session: Session): Promise<void> {
  const tables = await copyToPostgres(readConfig(session.env));
  session.show({ tables }, [
    'Copied everything, and read it back:',
    ...tableLines(tables),
    'Start the servers with COATCHECK_DATABASE_URL and the same master key. The SQLite file is as it was.',
  ]);
}
